"""The colours of the page against each other (WCAG 2.2)."""

import re

from pthreport.render.html import render_html
from tests.render.reports import small_report


def _luminance(colour: str) -> float:
    """The relative luminance of #rgb or #rrggbb (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_has_contrast_aa_in_both_themes() -> None:
    style = re.findall(r"<style>(.*?)</style>", render_html(small_report()), re.DOTALL)[0]
    themes = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", block))
        for block in re.findall(r":root \{([^}]*)\}", style)
    ]
    light, dark = themes[0], {**themes[0], **themes[1]}
    for theme in (light, dark):
        for ink in ("ink", "soft", "accent", "error", "warning", "note", "pass"):
            for ground in ("page", "raised", "accent-soft"):
                assert _contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
        for name, colour in theme.items():
            if name.startswith("k-") and name != "k-ink":
                assert _contrast(theme["k-ink"], colour) >= 4.5, name
        for shape in ("fill", "cap", "norm-cap"):
            assert _contrast(theme[shape], theme["page"]) >= 3, shape
