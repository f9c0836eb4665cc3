"""The page's style for the inside of its pictures.

WeasyPrint applies a document's style to the box of an SVG, not to what is in it. The rules of the page's
own style are therefore matched here and written into the pictures as attributes: one style for both.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import cssselect2
import tinycss2

_ATTRIBUTES = frozenset(
    "color fill fill-opacity font-size image-rendering opacity paint-order stroke stroke-dasharray "
    "stroke-linecap stroke-linejoin stroke-opacity stroke-width text-anchor vector-effect".split()
)
_VARIABLE = re.compile(r"var\((--[\w-]+)(?:,\s*([^()]*))?\)")
_SIZE = re.compile(r"(?<![\w.])([\d.]+)px")

Declarations = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PictureStyle:
    """The rules that bear on pictures, and the light palette as the variables of `:root`."""

    matcher: cssselect2.Matcher
    palette: Mapping[str, str]

    def of(
        self, element: cssselect2.ElementWrapper, variables: Mapping[str, str]
    ) -> tuple[dict[str, str], Mapping[str, str]]:
        """The declared properties of `element`, and the variables in force in it, given its parent's."""
        declared: dict[str, str] = {}
        for match in self.matcher.match(element):
            declared.update(match[-1])
        own = {name: item for name, item in declared.items() if name.startswith("--")}
        known = {**variables, **own} if own else variables
        return {
            name: resolved(item, known) for name, item in declared.items() if not name.startswith("--")
        }, known


def picture_style(css: str) -> PictureStyle:
    """The rules of `css` outside its media queries: light, as on paper."""
    matcher = cssselect2.Matcher()
    palette: dict[str, str] = {}
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if rule.type != "qualified-rule":
            continue
        declarations = _declarations(rule.content)
        if not declarations:
            continue
        if tinycss2.serialize(rule.prelude).strip() == ":root":
            palette.update((name, item) for name, item in declarations if name.startswith("--"))
            continue
        try:
            selectors = cssselect2.compile_selector_list(rule.prelude)
        except cssselect2.SelectorError:
            # What only a browser knows (`::details-content`) names no part of a picture.
            continue
        for selector in selectors:
            if selector.pseudo_element is None:
                matcher.add_selector(selector, declarations)
    return PictureStyle(matcher, palette)


def palette_rule(style: PictureStyle) -> str:
    """The palette as a rule of its own, for the document's style."""
    return ":root { " + " ".join(f"{name}: {item};" for name, item in style.palette.items()) + " }"


def resolved(item: str, variables: Mapping[str, str]) -> str:
    """`item` with its variables exchanged for what they stand for."""
    for _ in range(8):
        if "var(" not in item:
            break
        item = _VARIABLE.sub(lambda found: variables.get(found[1], found[2] or ""), item)
    return item


def _declarations(content: object) -> Declarations:
    kept = []
    for declaration in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if declaration.type != "declaration":
            continue
        name, item = declaration.lower_name, tinycss2.serialize(declaration.value).strip()
        if name == "font" and (size := _SIZE.search(item)):
            kept.append(("font-size", f"{size[1]}px"))
        elif name in _ATTRIBUTES or name.startswith("--"):
            kept.append((name, item))
    return tuple(kept)
