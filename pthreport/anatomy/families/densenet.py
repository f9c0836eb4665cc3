"""DenseNet (Huang et al. 2016, arXiv 1608.06993), in two or three dimensions.

What decides: modules of a 1 x 1 and a 3 x 3 convolution, each reading the growth rate more channels than
the one before, with transitions that gather what has grown.
"""

from collections.abc import Sequence
from itertools import pairwise

from pthreport.anatomy.families.stem_and_head import (
    MOST_INPUTS,
    chain,
    is_cube,
    is_point,
    joined,
    listed,
    put_head,
    sides,
    weighted,
)
from pthreport.anatomy.structure import Piece, Structure, is_convolution
from pthreport.document import Family

_KNOWN: dict[tuple[int, tuple[int, ...]], str] = {
    (32, (6, 12, 24, 16)): "DenseNet-121",
    (32, (6, 12, 32, 32)): "DenseNet-169",
    (32, (6, 12, 48, 32)): "DenseNet-201",
    (48, (6, 12, 36, 24)): "DenseNet-161",
}
"""Growth rate and layers per block."""

_MOST_LAYERS = 8


def recognise(structure: Structure) -> Family | None:
    """A DenseNet with bottlenecks (DenseNet-BC), or None."""
    found = structure.topmost(_layer, _MOST_LAYERS)
    if len(found) < 6 or len({growth for _, (_, growth) in found}) != 1:
        return None
    growth = found[0][1][1]
    runs: list[list[int]] = []
    for _, (inputs, _) in found:
        if runs and inputs == runs[-1][-1] + growth:
            runs[-1].append(inputs)
        else:
            runs.append([inputs])
    ends = [run[-1] + growth for run in runs]
    if len(runs) < 2 or min(map(len, runs)) < 2:
        return None
    rest = weighted(structure.outside(node for node, _ in found))
    for end, following in zip(ends, runs[1:], strict=False):
        gathering = next((p for p in rest if is_point(p) and sides(p) == (following[0], end)), None)
        if gathering is None:
            return None
        rest.remove(gathering)
    stem = sorted((p for p in rest if is_convolution(p) and not is_point(p)), key=lambda p: p.weight[1])
    head = chain([p for p in rest if p not in stem], ends[-1])
    if not stem or head is None or stem[0].weight[1] > MOST_INPUTS:
        return None
    if stem[-1].weight[0] != runs[0][0] or any(b.weight[1] != a.weight[0] for a, b in pairwise(stem)):
        return None
    counts = tuple(map(len, runs))
    depth = 2 * sum(counts) + len(counts) + 1
    facts = {
        "depth": str(depth),
        "layers per block": joined(counts),
        "growth rate": str(growth),
        "width": str(ends[-1]),
        "input channels": str(stem[0].weight[1]),
    }
    put_head(facts, head)
    variant = _KNOWN.get((growth, counts)) or f"DenseNet of depth {depth}"
    return Family(
        name="DenseNet",
        variant=f"3-D {variant}" if len(stem[0].weight) == 5 else variant,
        evidence=f"blocks of {listed(counts)} layers, each reading {growth} channels more than the one before",
        facts=facts,
    )


def _layer(pieces: Sequence[Piece]) -> tuple[int, int] | None:
    """Channels in and growth rate of a dense layer."""
    mixing = weighted(pieces)
    if len(mixing) != 2 or not all(map(is_convolution, mixing)):
        return None
    point, wide = sorted((p.weight for p in mixing), key=lambda k: k[2])
    fits = is_cube(point, 1) and is_cube(wide, 3) and wide[1] == point[0] == 4 * wide[0]
    return (point[1], wide[0]) if fits else None
