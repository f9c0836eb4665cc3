"""The faces that a PDF is set in, and what they can draw: the DejaVu fonts that matplotlib ships.

No font of the machine is ever asked, so that a report looks the same everywhere. What these faces lack
is written as its code point, visibly.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pthreport.document.text import escape

SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"
MONO_ADVANCE = 0.602
"""The width of a letter of the monospaced face, in ems."""

_FILES = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")


def faces() -> tuple[Path, ...]:
    """The files of the four faces. Raises `FileNotFoundError` where matplotlib does not hold them."""
    spec = find_spec("matplotlib")
    places = (spec.submodule_search_locations if spec else None) or []
    for place in places:
        files = tuple(Path(place, "mpl-data", "fonts", "ttf", name) for name in _FILES)
        if all(file.is_file() for file in files):
            return files
    raise FileNotFoundError("matplotlib's DejaVu fonts are missing: its installation is not complete")


@cache
def drawable() -> frozenset[int]:
    """The code points that both weights of the proportional face draw, on which the other falls back."""
    from fontTools.ttLib import TTFont

    found: list[set[int]] = []
    for file in faces()[:2]:
        with TTFont(file, lazy=True) as font:
            found.append(set(font.getBestCmap()))
    return frozenset(found[0] & found[1])


def drawn(text: str) -> str:
    """`text` with every character that the faces lack as its code point (`\\u4e2d`)."""
    if text.isascii():
        return text
    known = drawable()
    return "".join(_pieces(text, known))


def _pieces(text: str, known: frozenset[int]) -> Iterator[str]:
    for character in text:
        # Line feeds and tabs are laid out, not drawn.
        yield character if ord(character) in known or character in "\n\t" else escape(character)
