"""Networks that are one simple run: recurrent layers, linear layers."""

import re
from itertools import pairwise

from pthreport.anatomy.families.stem_and_head import joined, weighted
from pthreport.anatomy.kinds import NORMS, RECURRENT
from pthreport.anatomy.structure import Structure
from pthreport.document import Family
from pthreport.document.numbers import plural

_NAMES = {"lstm": ("LSTM", 4), "gru": ("GRU", 3), "rnn": ("RNN", 1)}
"""What a recurrent layer is called, and its gates: the rows of its weights for one unit."""
_BESIDE_LINEAR = NORMS | {"linear", "prelu", "buffers", "scale"}
_LONGEST = 8
"""Sizes of a perceptron's layers that are written out."""

_MOST_LINEAR = 24
"""Layers of a perceptron; longer rows of like layers are parts of something that has other names."""


def recurrent(structure: Structure) -> Family | None:
    """Recurrent layers of one kind, with at most a table before and linear layers after them."""
    mixing = weighted(structure.pieces)
    layers = [p for p in mixing if p.kind in RECURRENT]
    tables = [p for p in mixing if p.kind == "embedding"]
    ends = [p for p in mixing if p.kind == "linear"]
    # Those of an encoder and a decoder are no stack.
    if len({_unnumbered(p.name) for p in layers}) != 1 or len({p.kind for p in layers}) != 1:
        return None
    if len(layers) + len(tables) + len(ends) != len(mixing):
        return None
    # Attention, or a mixture of inputs, would show as further linear layers.
    if (
        len(tables) > 1
        or len(ends) > 2
        or 2 * sum(p.numel for p in layers) < sum(p.numel for p in mixing if p not in tables)
    ):
        return None
    name, gates = _NAMES[layers[0].kind]
    hidden = [
        (n, shape[0] // gates) for p in layers for n, shape in p.shapes.items() if n.startswith("weight_hh")
    ]
    both = any(n.endswith("_reverse") for n, _ in hidden)
    depth = sum(not n.endswith("_reverse") for n, _ in hidden)
    inputs = next(shape[1] for n, shape in layers[0].shapes.items() if n.startswith("weight_ih"))
    facts = {
        "depth": str(depth),
        "width": joined(sorted({size for _, size in hidden})),
        "directions": "2" if both else "1",
        "inputs": str(inputs),
    }
    if tables:
        facts["vocabulary"] = str(tables[0].weight[0])
    if len(ends) == 1:
        facts["outputs"] = str(ends[0].weight[0])
    return Family(
        name=name,
        variant=f"{'bidirectional ' if both else ''}{name} of {plural(depth, 'layer')}",
        evidence=f"recurrent weights with the gates of {'an' if name[0] in 'LR' else 'a'} {name}",
        facts=facts,
    )


def mlp(structure: Structure) -> Family | None:
    """Linear layers alone, numbered ones in one row, with at most one before and one after them."""
    if any(p.kind not in _BESIDE_LINEAR for p in structure.pieces):
        return None
    groups: dict[str, list[tuple[int, int]]] = {}
    for piece in structure.pieces:
        if piece.kind == "linear" and piece.matrix:
            groups.setdefault(_unnumbered(piece.name), []).append(piece.matrix)
    row, *ends = sorted(groups.values(), key=len, reverse=True) or [[]]
    if any(len(end) > 1 for end in ends) or len(ends) > 2:
        return None
    for ((outputs, inputs),) in ends:
        after, before = inputs == row[-1][0], outputs == row[0][1]
        if after == before:  # it belongs nowhere, or who knows where
            return None
        row = [*row, (outputs, inputs)] if after else [(outputs, inputs), *row]
    if not 2 <= len(row) <= _MOST_LINEAR or any(b[1] != a[0] for a, b in pairwise(row)):
        return None
    sizes = [row[0][1], *(m[0] for m in row)]
    run = " to ".join(map(str, sizes)) if len(sizes) <= _LONGEST else f"{sizes[0]} to ... to {sizes[-1]}"
    return Family(
        name="MLP",
        variant=f"multilayer perceptron of {len(row)} layers",
        evidence=f"{len(row)} linear layers in one row and no others: {run}",
        facts={
            "depth": str(len(row)),
            "width": str(max(sizes[1:-1])),
            "inputs": str(sizes[0]),
            "outputs": str(sizes[-1]),
        },
    )


def _unnumbered(name: str) -> str:
    return re.sub(r"\d+", "", name)
