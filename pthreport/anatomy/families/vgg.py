"""VGG (Simonyan and Zisserman 2014, arXiv 1409.1556): 11, 13, 16, 19 layers, with or without norms.

What decides: all kernels are 3 x 3, stand equally deep, each takes what the one before
gives, and the whole run of channels is the published one.
"""

from itertools import pairwise
from math import prod

from pthreport.anatomy.families.stem_and_head import MOST_INPUTS, chain, is_cube, put_head, weighted
from pthreport.anatomy.structure import Piece, Structure, is_convolution
from pthreport.document import Family

_RUNS = {
    11: (64, 128, 256, 256, 512, 512, 512, 512),
    13: (64, 64, 128, 128, 256, 256, 512, 512, 512, 512),
    16: (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512),
    19: (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 512),
}

_DENSE = 3
"""Linear layers of the published classifier."""

_LARGEST_MAP = 7


def recognise(structure: Structure) -> Family | None:
    """A VGG, whole or its convolutions alone, or None."""
    mixing = weighted(structure.pieces)
    kernels = [p for p in mixing if is_convolution(p) and is_cube(p.weight, 3) and len(p.weight) == 4]
    shapes = [p.weight for p in kernels]
    run = tuple(shape[0] for shape in shapes)
    depth = next((d for d, known in _RUNS.items() if known == run), None)
    if depth is None or any(b[1] != a[0] for a, b in pairwise(shapes)) or shapes[0][1] > MOST_INPUTS:
        return None
    if len({p.name.count(".") for p in kernels}) > 1:
        return None  # branches
    dense = _dense([p for p in mixing if p not in kernels], run[-1])
    if dense is None:
        return None
    facts = {"depth": str(depth), "width": str(run[-1]), "input channels": str(shapes[0][1])}
    put_head(facts, dense, 1 if len(dense) == 1 else _DENSE)
    normed = " with batch normalisation" if any(p.kind == "batchnorm" for p in structure.pieces) else ""
    return Family(
        name="VGG",
        variant=f"VGG-{depth}{normed}" + ("" if dense else " without its classifier"),
        evidence=f"{len(run)} convolutions of 3 x 3 in one row with the channels of VGG-{depth}",
        facts=facts,
    )


def _dense(pieces: list[Piece], width: int) -> list[int] | None:
    """Outputs of the classifier, whose first layer reads a whole map of features, as a linear layer or a kernel."""
    if not pieces or len(pieces) > _DENSE + 1:
        return None if pieces else []
    first = max(pieces, key=lambda p: prod(p.weight[1:]))
    maps = [width * side * side for side in range(1, _LARGEST_MAP + 1)]
    if first.kind not in ("linear", "conv2d") or prod(first.weight[1:]) not in maps:
        return None
    rest = chain([p for p in pieces if p is not first], first.weight[0])
    return None if rest is None else [first.weight[0], *rest]
