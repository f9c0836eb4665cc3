"""Stacks of transformer blocks (Vaswani et al. 2017, arXiv 1706.03762), found by their matrices alone.

A block of width D holds four projections of attention (apart, fused, or with fewer keys and values than
queries), two or three matrices of a feed-forward part of another width, and norms of D. A tower is a
whole numbered list of such modules, all of the same shapes.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pthreport.anatomy.families.stem_and_head import weighted
from pthreport.anatomy.kinds import NORMS
from pthreport.anatomy.structure import Piece, Structure, natural

_MOST_LAYERS = 48
"""Layers of one block at most: two attentions, norms, feed-forward, their scales."""

_MATRICES = range(3, 14)
_MOST_HEADS = 128
_BIASES = re.compile(r"bias|rpe", re.I)
"""What a table of biases for relative positions, one column a head, is called; one of vectors for them looks alike."""

_QUERY = re.compile(r"(^|[._])q(uery)?([._]|$)|norm_?q", re.I)
_KEY = re.compile(r"(^|[._])k(ey)?([._]|$)|norm_?k", re.I)


@dataclass(frozen=True)
class Block:
    """One block: its width, inner width of the attention, width of its keys, width of the feed-forward part (None where
    a mixture of experts stands in), and how each is made.

    `norms` counts those of its width, `shifted` says that they have biases, `plain` that there is nothing unusual:
    besides matrices only norms and scales of its width or of a head's. `heads` are known where a shape
    proves them, `heads_by` says which. `table` has the shape of a table of biases for positions.
    """

    width: int
    attention: int
    keys: int
    feedforward: int | None
    cross: bool
    fused: bool
    gated: bool
    biased: bool
    shifted: bool
    norms: int
    plain: bool
    heads: int | None
    heads_by: str
    table: tuple[int, int] | None
    shapes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Tower:
    """A numbered list of blocks of the same shapes: the modules' names in order, and what the first is."""

    nodes: tuple[str, ...]
    block: Block

    @property
    def depth(self) -> int:
        """How many blocks."""
        return len(self.nodes)


class Transformer:
    """A structure as towers, in the order of their names, and what stands beside them. `experts` are the names of
    the layers of its mixtures of experts."""

    def __init__(self, structure: Structure, experts: Collection[str] = ()) -> None:
        self.structure = structure
        self.experts = frozenset(experts)

    @cached_property
    def towers(self) -> tuple[Tower, ...]:
        """The lists of blocks, none inside another. Blocks of which some are made otherwise are no tower."""
        found: list[Tower] = []
        taken: set[str] = set()
        # Outer lists first: a block's own numbered parts are no towers.
        for members in sorted(self.structure.stacks(), key=lambda m: m[0].count(".")):
            parts = members[0].split(".")
            if any(".".join(parts[:depth]) in taken for depth in range(1, len(parts))):
                continue
            blocks = [b for node in members if (b := self._block(node)) is not None]
            if blocks:
                taken.update(members)
            if len(blocks) == len(members) and len({b.shapes for b in blocks}) == 1:
                # T5 keeps its table of biases in the first block alone.
                found.append(Tower(tuple(members), next((b for b in blocks if b.heads), blocks[0])))
        return tuple(sorted(found, key=lambda t: natural(t.nodes[0])))

    def _block(self, node: str) -> Block | None:
        pieces = self.structure.nodes[node]
        kept = [p for p in pieces if p.name not in self.experts]
        return block_of(kept, experts=len(kept) < len(pieces))

    @cached_property
    def outside(self) -> list[Piece]:
        """The layers outside of all towers."""
        return self.structure.outside(node for tower in self.towers for node in tower.nodes)

    @cached_property
    def beside(self) -> list[Piece]:
        """Those of them that mix channels, and tables."""
        return weighted(self.outside)

    def norms(self, width: int) -> list[Piece]:
        """The norms of `width` outside of all towers."""
        return [p for p in self.outside if p.weight == (width,) and _is_norm(p)]


def rows(piece: Piece, width: int) -> int | None:
    """Rows of a table with `width` columns: a matrix without a bias, or a parameter (1, rows, columns)."""
    shape = piece.weight
    if len(shape) == 3 and shape[0] == 1:
        shape = shape[1:]
    return shape[0] if len(shape) == 2 and shape[1] == width and not piece.biased else None


def reading(pieces: Iterable[Piece], width: int) -> set[int] | None:
    """What linear layers give that all read `width` features, square ones left out; None where one of them is
    something else."""
    sides = [p.matrix if p.kind in ("linear", "attention") else None for p in pieces]
    if any(s is None or s[1] != width for s in sides):
        return None
    return {s[0] for s in sides if s is not None and s[0] != width}


def put_classes(facts: dict[str, str], head: Sequence[Piece], outputs: set[int]) -> None:
    """The classes, where the head gives one number of outputs and has biases (projections have none)."""
    if len(outputs) == 1 and all(p.biased for p in head):
        facts["classes"] = str(next(iter(outputs)))


def described(tower: Tower) -> dict[str, str]:
    """Depth, widths and heads of a tower."""
    block = tower.block
    facts = {"depth": str(tower.depth), "width": str(block.width)}
    if block.feedforward is not None:
        facts["feed-forward width"] = str(block.feedforward)
    if block.heads is not None:
        facts |= {"heads": str(block.heads), "heads known by": block.heads_by}
    if block.keys != block.attention:
        facts["queries per key"] = str(block.attention // block.keys)
    return facts


def block_of(pieces: Sequence[Piece], *, experts: bool = False) -> Block | None:
    """The transformer block that these layers are, or None. `experts` says that those it had are left out."""
    norms = [p for p in pieces if _is_norm(p)]
    if not norms or len(pieces) > _MOST_LAYERS:
        return None
    mixing = weighted(pieces)
    tables = [p for p in mixing if not p.biased and _BIASES.search(p.name.rpartition(".")[2])]
    matrices = [p for p in mixing if p.kind in ("linear", "attention") and p not in tables]
    if len(matrices) not in _MATRICES or len(tables) > 1 or len(matrices) + len(tables) < len(mixing):
        return None
    if tables and len(tables[0].weight) != 2:
        return None
    sides = _without_positions([p.matrix for p in matrices if p.matrix])
    for width, _ in Counter(p.weight[0] for p in norms).most_common(2):
        shaped = _shaped(width, sides, experts)
        if shaped is None:
            continue
        attention, keys, feedforward, cross, fused, gated = shaped
        own = [p for p in norms if p.weight[0] == width]
        small = [p for p in pieces if p not in matrices and p not in tables]
        heads, heads_by = _heads(attention, small, tables)
        return Block(
            width=width,
            attention=attention,
            keys=keys,
            feedforward=feedforward,
            cross=cross,
            fused=fused,
            gated=gated,
            biased=sum(p.biased for p in matrices) * 2 > len(matrices),
            shifted=any(p.biased for p in own),
            norms=len(own),
            plain=all(p.weight in ((width,), (attention // (heads or 1),)) for p in small),
            heads=heads,
            heads_by=heads_by,
            table=(tables[0].weight[0], tables[0].weight[1]) if tables else None,
            shapes=tuple(sorted(s for p in pieces if p not in tables for s in p.shapes.values())),
        )
    return None


def _is_norm(piece: Piece) -> bool:
    return len(piece.weight) == 1 and piece.weight[0] > 1 and piece.kind in NORMS | {"scale"}


def _without_positions(sides: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The matrices without the two that make a bias for each head from two coordinates (Swin V2)."""
    inner = next((s[0] for s in sides if s[1] == 2), None)
    if inner is None:
        return sides
    return [s for s in sides if s[1] != 2 and not (s[1] == inner and s[0] <= _MOST_HEADS)]


def _heads(attention: int, small: Sequence[Piece], tables: Sequence[Piece]) -> tuple[int | None, str]:
    """Heads and what proves them: a scale a head, a table of biases with a column a head, or norms of queries and
    keys that are as wide as one head."""
    for piece in small:
        shape = piece.weight
        if len(shape) == 3 and shape[1:] == (1, 1) and attention % shape[0] == 0:
            return shape[0], "a scale for each"
    for table in tables:
        heads = table.weight[1]
        if 1 < heads <= _MOST_HEADS and attention % heads == 0:
            return heads, "a column for each in the table of biases"
    queries = {p.weight for p in small if _is_norm(p) and _QUERY.search(p.name)}
    keys = {p.weight for p in small if _is_norm(p) and _KEY.search(p.name)}
    if len(queries) == 1 and queries == keys:
        (size,) = next(iter(queries))
        if size < attention and attention % size == 0:
            return attention // size, f"norms of queries and keys of width {size}"
    return None, ""


def _shaped(
    width: int, matrices: list[tuple[int, int]], experts: bool
) -> tuple[int, int, int | None, bool, bool, bool] | None:
    """Attention width, key width, feed-forward width, cross attention, fused, gated."""
    squares = sum(m == (width, width) for m in matrices)
    into = Counter(m[0] for m in matrices if m[1] == width and m[0] != width)
    back = Counter(m[1] for m in matrices if m[0] == width and m[1] != width)
    if any(width not in m for m in matrices):
        return None
    feeds: list[tuple[int | None, bool, Counter[int], Counter[int]]] = []
    if experts:
        feeds.append((None, True, Counter(), Counter()))
    for inner in back:
        if into[inner] in (1, 2) and back[inner] == 1:
            gated = into[inner] == 2
            feeds.append((inner, gated, Counter({inner: into[inner]}), Counter({inner: 1})))
        if into[inner] == 0 and back[inner] == 1 and into[2 * inner] == 1:
            feeds.append((inner, True, Counter({2 * inner: 1}), Counter({inner: 1})))
    found = []
    for inner_width, gated, ups, downs in feeds:
        attention = _attention(width, squares, into - ups, back - downs)
        if attention is not None:
            found.append((attention[0], attention[1], inner_width, attention[2], attention[3], gated))
    # Two readings of the same matrices are none.
    return found[0] if len(found) == 1 else None


def _attention(
    width: int, squares: int, into: Counter[int], back: Counter[int]
) -> tuple[int, int, bool, bool] | None:
    """Inner width, key width, with cross attention, fused: what all of the remaining matrices are."""
    ups, downs = dict(into), dict(back)
    if not downs:
        if squares in (4, 8) and not ups:
            return width, width, squares == 8, False
        if squares in (1, 2) and ups == {3 * width: squares}:
            return width, width, squares == 2, True
        if squares == 2 and len(ups) == 1:
            keys, times = next(iter(ups.items()))
            return (width, keys, False, False) if times == 2 and keys < width else None
        if squares == 1 and len(ups) == 1:
            both, times = next(iter(ups.items()))
            keys = (both - width) // 2
            shared = times == 1 and width < both < 3 * width and (both - width) % 2 == 0
            return (width, keys, False, True) if shared else None
        return None
    if len(downs) != 1:
        return None
    inner, times = next(iter(downs.items()))
    if squares == 2 and times == 1 and ups == {inner: 1}:
        # Keys and values happen to be as wide as the block, queries wider.
        return (inner, width, False, False) if inner > width else None
    if squares:
        return None
    if ups == {inner: 3 * times} and times in (1, 2):
        return inner, inner, times == 2, False
    if times == 1 and ups == {3 * inner: 1}:
        return inner, inner, False, True
    if times == 1 and len(ups) == 2 and ups.get(inner) == 1:
        keys = next(k for k in ups if k != inner)
        return (inner, keys, False, False) if ups[keys] == 2 and keys < inner else None
    return None
