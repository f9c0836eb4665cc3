"""A model as the recognisers see it: layers with their shapes, and the tree of their names.

Names only nest things here: which layers stand together in one module, and which of several like
modules comes first. What a layer is comes from its shapes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TypeVar

from pthreport.anatomy.kinds import Shape
from pthreport.anatomy.layers import LayerFound, segments

T = TypeVar("T")

_NUMBERED = re.compile(r"^(.*?)(\d{1,6})$")


@dataclass(frozen=True)
class Piece:
    """One layer: its name, its tensors' shapes by leaf name, which of them stands for it, its kind.

    `turned` is true for a matrix that is kept (in, out), as GPT-2's are.
    """

    name: str
    shapes: Mapping[str, Shape]
    main: str | None
    kind: str
    turned: bool = False

    @property
    def weight(self) -> Shape:
        """The shape of the tensor that stands for the layer, () where none does."""
        return self.shapes[self.main] if self.main else ()

    @property
    def matrix(self) -> tuple[int, int] | None:
        """(out, in) of a 2-D weight."""
        if len(self.weight) != 2:
            return None
        first, second = self.weight
        return (second, first) if self.turned else (first, second)

    @property
    def biased(self) -> bool:
        """Whether the layer has a bias of its own."""
        return any(leaf in self.shapes for leaf in ("bias", "in_proj_bias", "b"))

    @property
    def numel(self) -> int:
        """Elements of all its tensors."""
        return sum(prod(shape) for shape in self.shapes.values())


class Structure:
    """The layers of a model or of one of its modules, in the order of their names."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces: tuple[Piece, ...] = tuple(sorted(pieces, key=lambda p: natural(p.name)))

    @cached_property
    def nodes(self) -> dict[str, list[Piece]]:
        """Every module by name with the layers in it, "" first; parents before children."""
        found: dict[str, list[Piece]] = {"": list(self.pieces)}
        for piece in self.pieces:
            parts = segments(piece.name) if piece.name else []
            for depth in range(1, len(parts) + 1):
                found.setdefault(".".join(parts[:depth]), []).append(piece)
        return found

    @cached_property
    def convolutions(self) -> tuple[Piece, ...]:
        """The layers with kernels, transposed ones left out."""
        return tuple(p for p in self.pieces if is_convolution(p))

    @cached_property
    def transposed(self) -> tuple[Piece, ...]:
        """The transposed convolutions."""
        return tuple(p for p in self.pieces if p.kind == "conv-transpose")

    @cached_property
    def matrices(self) -> tuple[Piece, ...]:
        """The layers whose weight is a matrix: linear ones, embeddings, fused attention projections."""
        return tuple(
            p
            for p in self.pieces
            if len(p.weight) == 2 and p.kind not in ("lstm", "gru", "rnn", "buffers", "parameter", "other")
        )

    @cached_property
    def numel(self) -> int:
        """Elements of all tensors."""
        return sum(p.numel for p in self.pieces)

    def at(self, node: str) -> "Structure":
        """The module `node` as a structure of its own, its name taken off."""
        cut = len(node) + 1
        return Structure(
            Piece(p.name[cut:], p.shapes, p.main, p.kind, p.turned) for p in self.nodes.get(node, [])
        )

    def topmost(self, judge: Callable[[Sequence[Piece]], T | None], most: int) -> list[tuple[str, T]]:
        """The modules of at most `most` layers that `judge` knows, none inside another, in order."""
        found: dict[str, T] = {}
        for node, pieces in self.nodes.items():
            if len(pieces) > most or _inside(node, found):
                continue
            known = judge(pieces)
            if known is not None:
                found[node] = known
        return sorted(found.items(), key=lambda pair: natural(pair[0]))

    def outside(self, nodes: Iterable[str]) -> list[Piece]:
        """The layers that are in none of the modules `nodes`."""
        inside = {p.name for node in nodes for p in self.nodes[node]}
        return [p for p in self.pieces if p.name not in inside]

    def stacks(self) -> Iterator[list[str]]:
        """Sibling modules that are numbered: `layer.0`, `layer.1` ...; `block_0`, `block_1` ..."""
        families: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for node in self.nodes:
            parent, _, last = node.rpartition(".")
            numbered = _NUMBERED.match(last)
            if numbered:
                families.setdefault((parent, numbered[1]), []).append((int(numbered[2]), node))
        for members in families.values():
            yield [node for _, node in sorted(members)]


def structure_of(layers: Sequence[LayerFound]) -> Structure:
    """The structure of a model's layers."""
    return Structure(
        Piece(
            name=layer.name,
            shapes={leaf: entry.shape for leaf, entry in layer.entries.items()},
            main=layer.kind.weight if layer.kind.weight in layer.entries else None,
            kind=layer.kind.kind,
            turned=layer.kind.unit_axis == 1 and layer.kind.kind in ("linear", "attention"),
        )
        for layer in layers
    )


def is_convolution(piece: Piece) -> bool:
    """A kernel of one, two or three dimensions, not transposed."""
    return piece.kind in ("conv1d", "conv2d", "conv3d", "depthwise-conv") and 3 <= len(piece.weight) <= 5


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """A key under which `layer.10` comes after `layer.9`, and `conv10` after `conv9`."""
    key = []
    for part in segments(name):
        numbered = _NUMBERED.match(part)
        key.append((numbered[1], int(numbered[2])) if numbered else (part, -1))
    return tuple(key)


def _inside(node: str, known: Mapping[str, object]) -> bool:
    if not known or "" in known:
        return bool(known)
    parts = segments(node)
    return any(".".join(parts[:depth]) in known for depth in range(1, len(parts)))
