"""MobileNetV1 (arXiv 1704.04861), V2 (1801.04381) and V3 (1905.02244), at any usual width.

What decides: the whole list of blocks, each with its kernel size and channels, is the published one.
"""

from collections import Counter

from pthreport.anatomy.families.inverted import InvertedFound, find, rounded
from pthreport.anatomy.structure import Structure
from pthreport.document import Family

_WIDTHS = (1.0, 0.25, 0.35, 0.5, 0.75, 1.1, 1.2, 1.25, 1.3, 1.4, 1.5, 2.0)

_V1 = ((64, 1), (128, 2), (256, 2), (512, 6), (1024, 2))
"""Channels, repeats (table 1 of the paper)."""

_V2 = ((1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1))
"""Expansion, channels, repeats (table 2 of the paper)."""

_V3 = {
    "Large": (
        (3, 16, 16, 0), (3, 64, 24, 0), (3, 72, 24, 0), (5, 72, 40, 1), (5, 120, 40, 1), (5, 120, 40, 1),
        (3, 240, 80, 0), (3, 200, 80, 0), (3, 184, 80, 0), (3, 184, 80, 0), (3, 480, 112, 1), (3, 672, 112, 1),
        (5, 672, 160, 1), (5, 960, 160, 1), (5, 960, 160, 1),
    ),
    "Small": (
        (3, 16, 16, 1), (3, 72, 24, 0), (3, 88, 24, 0), (5, 96, 40, 1), (5, 240, 40, 1), (5, 240, 40, 1),
        (5, 120, 48, 1), (5, 144, 48, 1), (5, 288, 96, 1), (5, 576, 96, 1), (5, 576, 96, 1),
    ),
}  # fmt: skip
"""Kernel, expanded channels, channels out, squeeze and excitation (tables 1 and 2 of the paper)."""

_HEADS = {"V1": 1, "V2": 2, "V3": 3}
"""Layers behind the last block."""

Counted = Counter[tuple[int, int, int, bool]]


def recognise(structure: Structure) -> Family | None:
    """A MobileNet with its width, or None."""
    found = find(structure)
    if found is None or len(found.stem) != 1:
        return None
    blocks: Counted = Counter(
        (b.kernel, b.middle, b.outputs, bool(b.squeeze)) for b in found.blocks.elements() if not b.fused
    )
    if blocks.total() != found.blocks.total():
        return None
    for width in _WIDTHS:
        if blocks == _first(width):
            return _family(found, "V1", "", width)
        if blocks == _second(width):
            return _family(found, "V2", "", width)
        for size in _V3:
            if blocks in _third(size, width):
                return _family(found, "V3", f"-{size}", width)
    return None


def _first(width: float) -> Counted:
    blocks: Counted = Counter()
    inputs = rounded(32 * width)
    for channels, repeats in _V1:
        for _ in range(repeats):
            blocks[3, inputs, rounded(channels * width), False] += 1
            inputs = rounded(channels * width)
    return blocks


def _second(width: float) -> Counted:
    blocks: Counted = Counter()
    inputs = rounded(32 * width)
    for expansion, channels, repeats in _V2:
        for _ in range(repeats):
            blocks[3, inputs * expansion, rounded(channels * width), False] += 1
            inputs = rounded(channels * width)
    return blocks


def _third(size: str, width: float) -> tuple[Counted, Counted]:
    """The blocks widened in either usual way: the expanded channels scaled themselves (torchvision), or by
    their ratio to the scaled input (timm)."""
    scaled: Counted = Counter()
    by_ratio: Counted = Counter()
    inputs = 16
    for kernel, middle, out, squeeze in _V3[size]:
        outputs = rounded(out * width)
        scaled[kernel, rounded(middle * width), outputs, bool(squeeze)] += 1
        by_ratio[kernel, rounded(rounded(inputs * width) * middle / inputs), outputs, bool(squeeze)] += 1
        inputs = out
    return scaled, by_ratio


def _family(found: InvertedFound, version: str, size: str, width: float) -> Family:
    variant = f"MobileNet{version}{size}"
    facts = found.facts(_HEADS[version])
    times = "" if width == 1.0 else f" at {width:g} times its width"
    if times:
        facts["width multiplier"] = f"{width:g}"
    return Family(
        name="MobileNet",
        variant=variant + times,
        evidence=f"{found.blocks.total()} blocks of depthwise convolutions with just the kernels and channels of {variant}",
        facts=facts,
    )
