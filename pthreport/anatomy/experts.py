"""Mixtures of experts: like modules side by side, and a router with a row for each of them.

Known forms: modules in a list (Mixtral, DeepSeek, Qwen, Switch Transformers: arXiv 2101.03961), and all
experts in tensors of three dimensions with the experts along the first (transformers 5, GPT-OSS,
Granite).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pthreport.anatomy.layers import Entry, LayerFound
from pthreport.anatomy.structure import Piece, Structure
from pthreport.document import Experts

_NAMED = re.compile(r"expert|(\b|_)moe\b|\bgat(e|ing)\b|router|switch", re.I)
"""What people call a mixture or its router. The shapes must fit as well: a list of like modules beside a
layer with as many outputs is otherwise just as well a network with so many classes."""

_BIASES = ("bias", "e_score_correction_bias")
_MOST_MATRICES = 3

Form = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Mixture:
    """One mixture: the module around it; its experts' modules by their numbers, those that have another form than
    most left out, or the layers that hold all of them (`fused`); how many its router tells apart; modules
    beside the experts that every token passes; the names of all its layers."""

    around: str
    experts: dict[int, str]
    fused: tuple[Piece, ...]
    count: int
    router: Piece
    shared: tuple[str, ...]
    layers: frozenset[str]


def find(structure: Structure) -> list[Mixture]:
    """The mixtures of a model, in the order of their names."""
    found = []
    rows = _Rows(structure)
    for pieces in _solids(structure):
        if (mixture := _fused(structure, pieces, rows)) is not None:
            found.append(mixture)
    for members in structure.stacks():
        if len(members) >= 2 and (mixture := _listed(structure, members, rows)) is not None:
            found.append(mixture)
    order = {p.name: position for position, p in enumerate(structure.pieces)}
    return sorted(found, key=lambda m: order[m.router.name])


def describe(layers: Sequence[LayerFound], structure: Structure) -> tuple[Experts, ...]:
    """The mixtures in the report's words, not measured. `structure` is that of `layers`."""
    by_name = {layer.name: layer for layer in layers}
    described = []
    for mixture in find(structure):
        held: list[list[Entry]]
        if mixture.fused:
            entries = [e for p in mixture.fused for e in by_name[p.name].entries.values()]
            held = [[e for e in entries if e.shape[:1] == (mixture.count,)]]
            each = sum(e.numel for e in held[0]) // mixture.count
            form = f"tensors with {mixture.count} experts along dim 0"
        else:
            held = [
                [e for p in structure.nodes[node] for e in by_name[p.name].entries.values()]
                for node in mixture.experts.values()
            ]
            each = sum(e.numel for e in held[0])
            form = f"{len(held)} modules of the same shapes"
        router = by_name[mixture.router.name]
        rows, columns = mixture.router.matrix or (0, 0)
        numbers = range(mixture.count) if mixture.fused else mixture.experts
        described.append(
            Experts(
                at=mixture.around,
                count=mixture.count,
                numbers=tuple(numbers),
                router=mixture.router.name,
                router_weight=router.weight.path if router.weight else "",
                router_bias=next(
                    (
                        e.path
                        for leaf, e in router.entries.items()
                        if leaf in _BIASES and e.shape == (rows,)
                    ),
                    None,
                ),
                parameters=each,
                fused=bool(mixture.fused),
                tensors=tuple(tuple(e.path for e in group) for group in held),
                shared=mixture.shared,
                evidence=f"{form} and a router of {rows} rows by {columns} columns",
            )
        )
    return tuple(described)


def _solids(structure: Structure) -> list[tuple[Piece, ...]]:
    """Layers with tensors of three dimensions: one with several of them, or several siblings."""
    found: list[tuple[Piece, ...]] = []
    single: dict[str, list[Piece]] = {}
    for piece in structure.pieces:
        solid = sum(len(shape) == 3 for shape in piece.shapes.values())
        if solid >= 2:
            found.append((piece,))
        elif solid:
            single.setdefault(_parent(piece.name), []).append(piece)
    return found + [tuple(pieces) for pieces in single.values() if len(pieces) >= 2]


class _Rows:
    """The matrices in each module by how many rows they have, looked up once a module."""

    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self._found: dict[str, dict[int, list[Piece]]] = {}

    def router(self, container: str, inside: set[str], counts: range, widths: set[int]) -> Piece | None:
        """The one layer around `container`, not among those `inside`, whose rows are one of `counts`
        and whose columns one of `widths`: a row for each expert, that reads what they read."""
        for around in (container, _parent(container)):
            if around:
                fitting = self._fitting(around, inside, counts, widths)
                first, second = next(fitting, None), next(fitting, None)
                if first is not None and second is None:
                    return first
        return None

    def _fitting(self, around: str, inside: set[str], counts: range, widths: set[int]) -> Iterator[Piece]:
        if around not in self._found:
            by_rows: dict[int, list[Piece]] = {}
            for piece in self._structure.nodes.get(around, []):
                if piece.matrix is not None:
                    by_rows.setdefault(piece.matrix[0], []).append(piece)
            self._found[around] = by_rows
        by_rows = self._found[around]
        for count in counts if len(counts) < len(by_rows) else sorted(by_rows.keys() & set(counts)):
            for piece in by_rows.get(count, ()):
                if piece.name not in inside and piece.matrix is not None and piece.matrix[1] in widths:
                    yield piece


def _fused(structure: Structure, pieces: tuple[Piece, ...], rows: _Rows) -> Mixture | None:
    solid = [shape for piece in pieces for shape in piece.shapes.values() if len(shape) == 3]
    counts = {shape[0] for shape in solid}
    if len(counts) != 1 or (count := counts.pop()) < 2:
        return None
    near = _parent(pieces[0].name)
    widths = {side for shape in solid for side in shape[1:]}
    inside = {piece.name for piece in pieces}
    router = rows.router(near, inside, range(count, count + 1), widths)
    if router is None or not _named(pieces[0].name, router):
        return None
    return _whole(structure, near, {}, pieces, count, router, inside | {router.name})


def _listed(structure: Structure, members: list[str], rows: _Rows) -> Mixture | None:
    """The mixture whose experts are the modules `members`."""
    forms = {node: _form(structure, node) for node in members}
    common, times = Counter(forms.values()).most_common(1)[0]
    if common is None or 2 * times <= len(members):
        return None
    experts = {_number(node): node for node in members if forms[node] == common}
    first = next(iter(experts.values()))
    widths = {side for piece in structure.nodes[first] if piece.matrix is not None for side in piece.matrix}
    container = _parent(first)
    inside = {p.name for node in members for p in structure.nodes[node]}
    # At least a row for each expert that is there: a damaged file may lack some.
    counts = range(_number(members[-1]) + 1, 2 * len(members) + 1)
    router = rows.router(container, inside, counts, widths)
    if router is None or router.matrix is None or not _named(first, router):
        return None
    around = container if router.name.startswith(container + ".") else _parent(container)
    return _whole(structure, around, experts, (), router.matrix[0], router, inside | {router.name})


def _form(structure: Structure, node: str) -> Form | None:
    """The shapes of a module of one to three matrices and nothing else, by name inside it."""
    pieces = structure.nodes[node]
    if not 1 <= len(pieces) <= _MOST_MATRICES or any(p.matrix is None for p in pieces):
        return None
    return tuple(
        (f"{p.name[len(node) :]}.{leaf}", shape) for p in pieces for leaf, shape in sorted(p.shapes.items())
    )


def _named(expert: str, router: Piece) -> bool:
    near = ".".join(expert.split(".")[-3:])
    return bool(_NAMED.search(near) or _NAMED.search(".".join(router.name.split(".")[-2:])))


def _whole(
    structure: Structure,
    around: str,
    experts: dict[int, str],
    fused: tuple[Piece, ...],
    count: int,
    router: Piece,
    layers: set[str],
) -> Mixture:
    """The mixture with what stands beside the experts: feed-forward modules of their own and their gates."""
    beside: dict[str, list[Piece]] = {}
    depth = around.count(".") + 2 if around else 1
    for piece in structure.nodes.get(around, []):
        if piece.name not in layers and piece.matrix is not None:
            beside.setdefault(".".join(piece.name.split(".")[:depth]), []).append(piece)
    shared = []
    for child, pieces in beside.items():
        shapes = [p.matrix for p in pieces if p.matrix]
        feeds = len(shapes) in (2, 3) and any(m[0] != m[1] and m[::-1] in shapes for m in shapes)
        if feeds:
            shared.append(child)
        if feeds or (len(shapes) == 1 and shapes[0][0] == 1):
            layers |= {p.name for p in pieces}
    return Mixture(around, experts, fused, count, router, tuple(shared), frozenset(layers))


def _number(name: str) -> int:
    return int(re.split(r"\D", name)[-1])


def _parent(name: str) -> str:
    return name.rpartition(".")[0]
