"""The object tree for the report: everything that was saved, long lists cut with their count."""

import sys

from pthreport.anatomy.outline import Outline
from pthreport.anatomy.value_text import brief, shape_text, type_name
from pthreport.checkpoint import Collection, Global, LongBytes, Record, Tensor
from pthreport.document import Node
from pthreport.document.contents import NodeKind
from pthreport.document.text import cut

NODES = 6000
"""Nodes that a report spells out in all; given out level by level, so that a long list deep in the
file does not cost the top of the tree its place."""

CHILDREN = 1200
"""Children of one container that are spelled out."""

LIST = 40
"""The same for lists, tuples and sets, whose later elements say little new."""

DEPTH = 60
"""Levels that are spelled out (a page nests them)."""


def contents(outline: Outline, everything: bool = False) -> Node:
    """The root node; with `everything`, all places of the outline that are not too deep. Iterative: a
    tree may be as deep as its file is long."""
    shown = _chosen(outline, everything)
    built: dict[int, Node] = {}
    for position in sorted(shown, reverse=True):
        place = outline.places[position]
        children = tuple(built.pop(c) for c in place.children if c in shown)
        built[position] = _node(outline, position, children)
    return built[0]


def _chosen(outline: Outline, everything: bool) -> set[int]:
    """The positions to spell out, breadth first."""
    nodes, children, elements = (sys.maxsize,) * 3 if everything else (NODES, CHILDREN, LIST)
    chosen = {0}
    level = [0]
    for _ in range(DEPTH):
        following: list[int] = []
        for position in level:
            place = outline.places[position]
            most = elements if isinstance(place.value, list | tuple | Collection) else children
            following.extend(place.children[:most])
        following = following[: max(0, nodes - len(chosen))]
        chosen.update(following)
        level = following
        if not level:
            break
    return chosen


def _node(outline: Outline, position: int, children: tuple[Node, ...]) -> Node:
    place = outline.places[position]
    value = place.value
    key = cut(place.key, 300)
    if place.repeats is not None:
        return Node(key=key, kind="reference", type=type_name(value), path=place.repeats)
    kind = _kind(value)
    if isinstance(value, Tensor):
        text = shape_text(value.logical_shape)
        if value.problem:
            text += f" ({value.problem})"
        return Node(key=key, kind=kind, type=value.dtype.name, text=text, path=value.path)
    text = "" if place.children else brief(value, longest=400)
    return Node(key=key, kind=kind, type=type_name(value), text=text, count=place.count, children=children)


def _kind(value: object) -> NodeKind:
    for kind, types in _KINDS:
        if isinstance(value, types):
            return kind
    return "none"


_KINDS: tuple[tuple[NodeKind, type | tuple[type, ...]], ...] = (
    ("tensor", Tensor),
    ("mapping", dict),
    ("list", list),
    ("tuple", tuple),
    ("set", Collection),
    ("object", Record),
    ("global", Global),
    ("string", str),
    ("bytes", (bytes, LongBytes)),
    ("boolean", bool),
    ("integer", int),
    ("float", float),
    ("complex", complex),
)
