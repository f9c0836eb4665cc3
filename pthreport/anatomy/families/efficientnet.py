"""EfficientNet B0 to B8 (arXiv 1905.11946), Lite0 to Lite4, V2-S, M, L (2104.00298).

What decides: the whole list of blocks, each with its kernel size, channels and squeeze, is the
published one, scaled as the paper scales it.
"""

import math
from collections import Counter

from pthreport.anatomy.families.inverted import Inverted, InvertedFound, find, rounded
from pthreport.anatomy.structure import Structure
from pthreport.document import Family

_B0 = (
    (3, 1, 16, 1), (3, 6, 24, 2), (5, 6, 40, 2), (3, 6, 80, 3), (5, 6, 112, 3), (5, 6, 192, 4), (3, 6, 320, 1),
)  # fmt: skip
"""Kernel, expansion, channels, repeats (table 1 of the paper)."""

_SCALES = {
    "B0": (1.0, 1.0), "B1": (1.0, 1.1), "B2": (1.1, 1.2), "B3": (1.2, 1.4), "B4": (1.4, 1.8),
    "B5": (1.6, 2.2), "B6": (1.8, 2.6), "B7": (2.0, 3.1), "B8": (2.2, 3.6),
}  # fmt: skip
"""Width and depth. The Lite ones, without a squeeze, are scaled like those of the same number."""

_LITE = 5

_V2 = {
    "V2-S": ((1, 1, 24, 2), (1, 4, 48, 4), (1, 4, 64, 4), (0, 4, 128, 6), (0, 6, 160, 9), (0, 6, 256, 15)),
    "V2-M": (
        (1, 1, 24, 3), (1, 4, 48, 5), (1, 4, 80, 5), (0, 4, 160, 7), (0, 6, 176, 14), (0, 6, 304, 18), (0, 6, 512, 5),
    ),
    "V2-L": (
        (1, 1, 32, 4), (1, 4, 64, 7), (1, 4, 96, 7), (0, 4, 192, 10), (0, 6, 224, 19), (0, 6, 384, 25), (0, 6, 640, 7),
    ),
}  # fmt: skip
"""Fused or not, expansion, channels, repeats; all kernels are 3 x 3."""

_HEAD = 2
"""Layers behind the last block: one that widens, the classifier."""


def recognise(structure: Structure) -> Family | None:
    """An EfficientNet with its size, or None."""
    found = find(structure)
    if found is None:
        return None
    if len(found.stem) == 1:
        for number, (name, (width, depth)) in enumerate(_SCALES.items()):
            if found.blocks == _scaled(width, depth, squeezed=True):
                return _family(found, f"-{name}", found.blocks.total())
            if number < _LITE and found.blocks == _scaled(width, depth, squeezed=False):
                return _family(found, f"-Lite{number}", found.blocks.total())
    for name in _V2:
        channels, repeats = _V2[name][0][2:]
        # A fused block that does not expand is one convolution, which no module tells from the stem.
        if found.blocks == _second(name) and found.stem[1:] == ((channels, channels),) * repeats:
            return _family(found, name, found.blocks.total() + repeats)
    return None


def _scaled(width: float, depth: float, *, squeezed: bool) -> Counter[Inverted]:
    blocks: Counter[Inverted] = Counter()
    inputs = 32 if not squeezed else rounded(32 * width)
    for stage, (kernel, expansion, channels, repeats) in enumerate(_B0):
        # The Lite ones keep the first and last stage at their length.
        ends = stage in (0, len(_B0) - 1)
        for _ in range(repeats if ends and not squeezed else math.ceil(repeats * depth)):
            squeeze = max(1, inputs // 4) if squeezed else 0
            blocks[Inverted(kernel, inputs * expansion, rounded(channels * width), squeeze)] += 1
            inputs = rounded(channels * width)
    return blocks


def _second(name: str) -> Counter[Inverted]:
    blocks: Counter[Inverted] = Counter()
    inputs = _V2[name][0][2]
    for fused, expansion, channels, repeats in _V2[name]:
        for _ in range(repeats if expansion > 1 else 0):
            squeeze = 0 if fused else max(1, inputs // 4)
            blocks[Inverted(3, inputs * expansion, channels, squeeze, bool(fused))] += 1
            inputs = channels
    return blocks


def _family(found: InvertedFound, size: str, count: int) -> Family:
    variant = f"EfficientNet{size}"
    return Family(
        name="EfficientNet",
        variant=variant,
        evidence=f"{count} inverted residual blocks with just the kernels, channels and squeezes of {variant}",
        facts=found.facts(_HEAD) | {"blocks": str(count)},
    )
