"""The object tree for the page: bounded in all, whole near the root, cut with the count below."""

from collections import deque
from dataclasses import dataclass, field

from pthreport.document import Node, numbers
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.index import Index

MOST_DEPTH = 24
OPEN_UP_TO = 32
CONTAINERS = ("mapping", "list", "tuple", "set")


@dataclass
class NodeView:
    """One value of the tree; `left_out` children are not on the page, `anchor` leads to its layer."""

    node: Node
    anchor: str | None
    children: list["NodeView"] = field(default_factory=list)
    left_out: int = 0
    open: bool = False
    long: bool = False
    depth: int = 0

    @property
    def size(self) -> str:
        """How many values a container or an object holds, "empty" for a container of none."""
        kind, count = self.node.kind, self.node.count
        if kind in CONTAINERS and not count:
            return "empty"
        return numbers.count(count) if count and (kind in CONTAINERS or kind == "object") else ""

    @property
    def same_as(self) -> str:
        """The place that a reference leads to."""
        path = self.node.path
        return "" if self.node.kind != "reference" or path is None else path or "(root)"


def contents(root: Node, index: Index, has: frozenset[str], bounds: Bounds = PAGE) -> NodeView:
    """The tree under `root` in at most `bounds.nodes` nodes, filled level by level."""
    top = _node(root, index, has)
    waiting = deque([top])
    budget = bounds.nodes
    while waiting:
        view = waiting.popleft()
        room = 0 if view.depth >= MOST_DEPTH else min(bounds.children, max(budget, 0))
        # To say that one value is left out would take its room.
        shown = view.node.children[: room if view.node.count != 1 else 1]
        budget -= len(shown)
        view.children = [_node(child, index, has, view.depth + 1) for child in shown]
        view.left_out = max(view.node.count, len(view.node.children)) - len(shown)
        # In columns where it is mostly a list of leaves.
        view.long = len(shown) > OPEN_UP_TO and sum(child.count > 0 for child in shown) < len(shown) / 10
        waiting.extend(view.children)
    top.open = len(top.children) <= OPEN_UP_TO
    for view in top.children:
        view.open = 0 < len(view.children) <= OPEN_UP_TO // 2 and top.open
    return top


def _node(node: Node, index: Index, has: frozenset[str], depth: int = 0) -> NodeView:
    anchor = None
    if node.path is not None:
        key = index.layer_of.get(node.path)
        anchor = index.layer_anchors[key] if key else index.tensor_anchors.get(node.path)
    return NodeView(node, anchor if anchor in has else None, depth=depth)
