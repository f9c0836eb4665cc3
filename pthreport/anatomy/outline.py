"""The object tree as a list: every value once, with its path, its parent and its children.

All later steps of the anatomy run over this list instead of the tree, so that none of them recurses
into what a file makes deep, follows a cycle, or names a place in two ways.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pthreport.checkpoint import Limits, Tensor, Value, Visit, walk
from pthreport.checkpoint.walk import CONTAINERS

PLAIN = 1200
"""Plain values of one container that get a place; a million numbers in a list need no million."""


@dataclass(slots=True)
class Place:
    """One value of the tree. `key` is how its parent calls it, `repeats` the path of the same container
    where it stood first (its children are listed there), `parent` and `children` are positions, `count`
    is how many children there are: plain values beyond the first `PLAIN` are only counted."""

    path: str
    key: str
    value: Value
    parent: int
    repeats: str | None
    children: list[int] = field(default_factory=list)
    count: int = 0


class Outline:
    """The places of a tree in preorder."""

    def __init__(self, visits: Iterator[Visit]) -> None:
        self.places: list[Place] = []
        containers: dict[str, int] = {}  # positions by path
        for visit in visits:
            parent = -1 if visit.parent is None else containers[visit.parent]
            plain = not isinstance(visit.value, CONTAINERS)
            if parent >= 0:
                above = self.places[parent]
                above.count += 1
                if plain and len(above.children) >= PLAIN:
                    continue
                above.children.append(len(self.places))
            if not plain and visit.repeat_of is None:
                containers[visit.path] = len(self.places)
            place = Place(visit.path, visit.key_text, visit.value, parent, visit.repeat_of)
            place.count = visit.cut
            self.places.append(place)

    def below(self, position: int) -> Iterator[int]:
        """The positions of everything under `position`, in preorder, itself first."""
        stack = [position]
        while stack:
            current = stack.pop()
            yield current
            stack.extend(reversed(self.places[current].children))

    def child(self, position: int, key: str) -> int | None:
        """The child that its parent calls `key`."""
        return next((c for c in self.places[position].children if self.places[c].key == key), None)

    def tensors_in(self, positions: Sequence[int]) -> list[int]:
        """Those of `positions` that are tensors."""
        return [p for p in positions if isinstance(self.places[p].value, Tensor)]


def outline(tree: Value, limits: Limits | None = None) -> Outline:
    """The outline of a checkpoint's tree, walked within the limits that it was opened with."""
    return Outline(walk(tree, limits))
