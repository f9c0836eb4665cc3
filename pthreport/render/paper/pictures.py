"""The page's pictures as WeasyPrint draws them.

A browser stretches a picture to its column, draws lines of one thickness in stretched frames, shows what
stands elsewhere in the page (`use`) and cuts HTML text inside a picture. WeasyPrint does none of it, so
each picture is written again: in coordinates of its own, with its style as attributes.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from cssselect2 import ElementWrapper

from pthreport.draw import svg
from pthreport.render.paper.letters import MONO, MONO_ADVANCE, SANS, drawn
from pthreport.render.paper.style import PictureStyle

NAMESPACE = "{http://www.w3.org/2000/svg}"

WIDE, HALF, THIRD = (680, 1000), (328, 400), (216, 340)
"""The width that a picture gets on the sheet, in CSS pixels, and the width that it is drawn in: the smaller
ones are scaled down, so that they take less of its height too."""

_ACROSS = frozenset(("strip", "budget"))
_ROOM = {"strip": (46, 0), "axes": (36, 7)}
"""Room left of a picture and above it, where its labels stand."""

_LETTERS = 0.82
"""Of the page's size of letters: the faces of a PDF are wider, and paper is read from nearer."""

_X = frozenset(("x", "x1", "x2", "cx", "dx", "r", "width"))
_Y = frozenset(("y", "y1", "y2", "cy", "dy", "height"))
_STRAIGHT = re.compile(r"[MmLlHhVvZz\d.,\s-]*")
_STEP = re.compile(r"([MmLlHhVvZz])|(-?(?:\d+\.?\d*|\.\d+))")


@dataclass(frozen=True)
class Place:
    """Where an element stands: what 100 % are, by how much its coordinates are stretched, how many
    pixels a unit of the whole picture is, and the variables of the style in force."""

    width: float
    height: float
    across: float
    down: float
    unit: float
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Pictures:
    """What all pictures of a document share: the style, and the elements that they show again by id."""

    style: PictureStyle
    shared: Mapping[str, ElementWrapper]

    def fitted(self, node: ElementWrapper) -> Element:
        """The picture `node` as it can be drawn: an image with its words, or, where it says nothing
        that does not stand beside it, the background of an empty element, which no reader stops at."""
        element = node.etree_element
        classes = set(element.get("class", "").split())
        variables = self.style.of(node, self.style.palette)[1]
        if element.get("viewBox"):
            root = self._enlarged(node, variables)
        else:
            root = self._laid_out(node, classes, variables)
        packed = base64.b64encode(ElementTree.tostring(root)).decode("ascii")
        source, name = f"data:image/svg+xml;base64,{packed}", element.get("class", "")
        if element.get("aria-hidden") == "true":
            return Element("span", {"class": f"{name} drawn", "style": f"background-image: url({source})"})
        made = Element("img", {"class": name, "alt": element.get("aria-label", ""), "src": source})
        if root.get("preserveAspectRatio") == "none" and "i" not in classes:
            made.set("style", f"width: {root.get('width')}; height: {root.get('height')}")
        return made

    def _enlarged(self, node: ElementWrapper, variables: Mapping[str, str]) -> Element:
        """A picture with its own coordinates: they stay, only lines and letters are measured in them."""
        element = node.etree_element
        box = _view_box(element)
        wide = element.get("width", "")
        unit = float(wide) / box[0] if wide and not wide.endswith("%") and box[0] else 1.0
        root = Element(f"{NAMESPACE}svg")
        for key in ("viewBox", "preserveAspectRatio", "width", "height"):
            if key in element.attrib:
                # A length without its unit would not become the box's size.
                root.set(key, element.attrib[key] + ("px" if element.attrib[key].isdigit() else ""))
        self._fill(root, node, Place(*box, 1.0, 1.0, unit, variables))
        return root

    def _laid_out(self, node: ElementWrapper, classes: set[str], variables: Mapping[str, str]) -> Element:
        """A picture laid out in percent and pixels, given a width."""
        left, above = next((_ROOM[name] for name in sorted(classes & _ROOM.keys())), (0, 0))
        wide = node.etree_element.get("width", "100%")
        square = node.etree_element.get("aria-hidden") == "true" or "i" in classes
        given, whole = (100, 100) if square else WIDE if classes & _ACROSS else _beside(node)
        unit = given / whole
        left, above = round(left / unit), round(above / unit)
        width = float(wide) if not wide.endswith("%") else whole - left
        height = float(node.etree_element.get("height", "100"))
        box = f"0 0 {svg.number(width + left)} {svg.number(height + above)}"
        root = Element(f"{NAMESPACE}svg", {"viewBox": box})
        if square:
            root.set("preserveAspectRatio", "none")
        inside = Element(f"{NAMESPACE}g", {"transform": f"translate({left} {above})"})
        root.append(inside)
        self._fill(inside, node, Place(width, height, 1.0, 1.0, unit, variables))
        return root

    def _fill(self, target: Element, node: ElementWrapper, place: Place) -> None:
        declared, variables = self.style.of(node, place.variables)
        _paint(target, declared, place)
        for child in node.iter_children():
            target.extend(self._again(child, replace(place, variables=variables)))

    def _again(self, node: ElementWrapper, place: Place) -> list[Element]:
        """The element `node`, written again in the coordinates of the whole picture."""
        element = node.etree_element
        kind = element.tag.removeprefix(NAMESPACE) if isinstance(element.tag, str) else ""
        if kind in ("title", "desc", ""):
            return []
        if kind in ("svg", "symbol"):
            return [self._framed(node, element.attrib, place)]
        if kind == "use":
            return self._shown_again(node, place)
        if kind == "foreignObject":
            return self._words(node, place)
        made = Element(f"{NAMESPACE}{'g' if kind == 'a' else kind}", _geometry(element, place))
        if kind == "text":
            made.text = "".join(element.itertext())
            made.set("font-family", SANS)
            declared, _ = self.style.of(node, place.variables)
            _paint(made, declared, place)
            if declared.get("paint-order") == "stroke":
                # WeasyPrint draws a letter's line over it: the lines are letters of their own, below.
                below = Element(made.tag, made.attrib)
                below.text = made.text
                thick = _pixels(declared["stroke-width"]) / place.unit
                below.set("stroke-width", svg.number(thick))
                below.set("stroke", declared["stroke"])
                return [below, made]
        else:
            self._fill(made, node, place)
        if kind == "image":
            # A pixel is a value: smoothed, it would be none, and PDF/A forbids it.
            made.set("image-rendering", "crisp-edges")
        return [made]

    def _framed(self, node: ElementWrapper, attributes: Mapping[str, str], place: Place) -> Element:
        """An inner picture: its corner, its size and its own coordinates become those of the whole."""
        x, y = (_length(attributes.get(key, "0"), place, key) for key in ("x", "y"))
        if "width" not in attributes and "viewBox" not in attributes:
            made = Element(f"{NAMESPACE}g", {"transform": f"translate({svg.number(x)} {svg.number(y)})"})
            self._fill(made, node, place)
            return made
        width, height = (_length(attributes.get(key, "100%"), place, key) for key in ("width", "height"))
        box = _view_box(node.etree_element)
        if box == (0.0, 0.0):
            inner = replace(place, width=width / place.across, height=height / place.down)
        else:
            inner = Place(*box, width / box[0], height / box[1], place.unit, place.variables)
        made = Element(
            f"{NAMESPACE}svg",
            {
                "x": svg.number(x),
                "y": svg.number(y),
                "width": svg.number(width),
                "height": svg.number(height),
            },
        )
        if attributes.get("overflow") == "visible":
            made.set("overflow", "visible")
        self._fill(made, node, inner)
        return made

    def _shown_again(self, node: ElementWrapper, place: Place) -> list[Element]:
        element = node.etree_element
        target = self.shared.get(element.get("href", "").removeprefix("#"))
        if target is None:
            return []
        declared, variables = self.style.of(node, place.variables)
        if target.etree_element.tag == f"{NAMESPACE}symbol":
            made = self._framed(
                target, {"width": "100%", **element.attrib}, replace(place, variables=variables)
            )
        else:
            made = Element(f"{NAMESPACE}g")
            made.extend(self._again(target, replace(place, variables=variables)))
        _paint(made, declared, place)
        return [made]

    def _words(self, node: ElementWrapper, place: Place) -> list[Element]:
        """HTML text in a picture: one line in the middle of its box, cut to what fits."""
        geometry = _geometry(node.etree_element, place)
        x, y, width, height = (float(geometry.get(key, "0")) for key in ("x", "y", "width", "height"))
        block = next(iter(node.iter_children()), None)
        if block is None:
            return []
        declared, _ = self.style.of(block, place.variables)
        size = _pixels(declared.get("font-size", "11px")) * _LETTERS / place.unit
        # Cut as it will be written: a letter may become the six of its code point.
        text = drawn("".join(block.etree_element.itertext()))
        room = int((width - 4) / (size * MONO_ADVANCE))
        if len(text) > room:
            if room < 3:
                return []
            text = text[: room - 1] + "…"
        made = Element(
            f"{NAMESPACE}text",
            {
                "x": svg.number(x + width / 2),
                "y": svg.number(y + height / 2 + 0.36 * size),
                "text-anchor": "middle",
                "font-family": f"{MONO}, {SANS}",
                "font-size": svg.number(size),
                "fill": declared.get("color", "black"),
            },
        )
        made.text = text
        return [made]


def scaled_path(path: str, across: float, down: float) -> str | None:
    """The path's data with its coordinates stretched, so that a line keeps its thickness; None where it
    holds more than straight lines."""
    if not _STRAIGHT.fullmatch(path):
        return None
    steps: list[str] = []
    command, second = "", False
    for letter, number in _STEP.findall(path):
        if letter:
            command, second = letter, False
            steps.append(letter)
            continue
        by = down if command in "Vv" or (second and command not in "Hh") else across
        second = not second
        steps.append(svg.number(float(number) * by))
    return " ".join(steps)


def _geometry(element: Element, place: Place) -> dict[str, str]:
    """The attributes that say where `element` is and what, in the coordinates of the whole picture."""
    made: dict[str, str] = {}
    stretched = (place.across, place.down) != (1.0, 1.0)
    for key, item in element.attrib.items():
        if key in _X or key in _Y:
            made[key] = svg.number(_length(item, place, key))
        elif key == "d" and stretched:
            path = scaled_path(item, place.across, place.down)
            made[key] = path or item
            if path is None:
                made["transform"] = f"scale({place.across:.4f} {place.down:.4f})"
        elif key not in ("id", "class", "role", "tabindex") and not key.startswith("aria-"):
            made[key] = item
    return made


def _paint(target: Element, declared: Mapping[str, str], place: Place) -> None:
    text = target.tag == f"{NAMESPACE}text"
    for name, item in declared.items():
        if name in ("color", "paint-order", "vector-effect"):
            continue
        if text and name.startswith("stroke"):
            continue
        if name == "font-size":
            target.set(name, svg.number(_pixels(item) * _LETTERS / place.unit))
        elif name == "stroke-width" and place.unit != 1.0:
            target.set(name, f"{_pixels(item) / place.unit:.4f}")
        else:
            target.set(name, item)


def _beside(node: ElementWrapper) -> tuple[int, int]:
    """The widths of a picture that stands in a row with others."""
    classes = (parent.etree_element.get("class") for parent in node.ancestors)
    return THIRD if "thirds" in classes else HALF


def _length(item: str, place: Place, key: str) -> float:
    across = key in _X
    by = place.across if across else place.down
    if item.endswith("%"):
        return float(item[:-1]) / 100 * (place.width if across else place.height) * by
    return _pixels(item) * by


def _pixels(item: str) -> float:
    return float(item.removesuffix("px"))


def _view_box(element: Element) -> tuple[float, float]:
    numbers = element.get("viewBox", "0 0 0 0").split()
    return float(numbers[2]), float(numbers[3])
