"""ResNet (He et al. 2015, arXiv 1512.03385; 2016, 1603.05027), ResNeXt (1611.05431), Wide ResNet (1605.07146), with
or without squeeze and excitation (1709.01507), in two or three dimensions.

What decides: modules that hold the convolutions of one residual block and nothing else that mixes
channels, each taking what the one before it gives, with shortcuts of 1 x 1 where the width changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

_KNOWN = {
    "basic": {(1, 1, 1, 1), (2, 2, 2, 2), (3, 4, 6, 3)},
    "bottleneck": {(2, 2, 2, 2), (3, 4, 6, 3), (3, 4, 23, 3), (3, 8, 36, 3), (3, 24, 36, 3)},
}
"""Blocks per stage of the published networks for images of 224 x 224: 10, 18, 34; 26, 50, 101, 152, 200 layers."""

_SMALL = [16, 32, 64]
"""Widths of the published networks for CIFAR, whose shortcuts may have no kernels (option A)."""

_STAGES = (3, 4)
_MOST_LAYERS = 16


@dataclass(frozen=True)
class _Block:
    kind: str
    inputs: int
    middle: int
    outputs: int
    groups: int
    shortcut: bool
    squeezed: bool


def recognise(structure: Structure) -> Family | None:
    """A ResNet of any depth, or None."""
    found = structure.topmost(_block, _MOST_LAYERS)
    blocks = [block for _, block in found]
    if len({b.kind for b in blocks}) != 1 or any(b.inputs != a.outputs for a, b in pairwise(blocks)):
        return None
    stages: list[list[_Block]] = []
    for block in blocks:
        if not stages or stages[-1][0].outputs != block.outputs:
            stages.append([])
        stages[-1].append(block)
    counts = tuple(map(len, stages))
    widths = [stage[0].outputs for stage in stages]
    if len(stages) not in _STAGES or any(wide != 2 * narrow for narrow, wide in pairwise(widths)):
        return None
    outside = structure.outside(node for node, _ in found)
    stem, head = _beside(outside, blocks[0].inputs, widths[-1])
    if stem is None or head is None:
        return None
    # A shortcut has a kernel just where the width changes; the first may have one anyway.
    plain = all(b.shortcut == (b.inputs != b.outputs) for b in blocks[1:])
    small = len(stem) == 1 and is_cube(stem[0].weight, 3) and len(stem[0].weight) == 4
    bare = not any(b.shortcut for b in blocks) and small and len(head) == 1
    if not plain and not (bare and len(set(counts)) == 1 and widths == _SMALL):
        return None
    variant, depth = _variant(blocks, counts, widths, small)
    facts = {
        "depth": str(depth),
        "blocks per stage": joined(counts),
        "width": str(widths[-1]),
        "input channels": str(stem[0].weight[1]),
    }
    put_head(facts, head)
    # What ends in a norm of its own leaves its last sums as they are.
    early = any(len(p.weight) == 1 and p.weight[0] == widths[-1] for p in outside)
    solid = "3-D " if len(stem[0].weight) == 5 else ""
    return Family(
        name="ResNet",
        variant=f"{'pre-activation ' if early else ''}{solid}{variant}",
        evidence=f"{len(blocks)} {blocks[0].kind} residual blocks in stages of {listed(counts)}",
        facts=facts,
    )


def _block(pieces: Sequence[Piece]) -> _Block | None:
    """The residual block that these layers are, with or without a gate for its channels."""
    mixing = [
        p for p in weighted(pieces) if p.weight[:2] != (1, 1)
    ]  # a kernel along the channels gates too
    wide = [p.weight for p in mixing if is_convolution(p) and is_cube(p.weight, 3)]
    others = [s for p in mixing if (s := sides(p)) is not None]
    if not 1 <= len(wide) <= 2 or len(wide) + len(others) != len(mixing):
        return None
    return _basic(wide, others) if len(wide) == 2 else _bottleneck(wide[0], others)


def _basic(wide: list[tuple[int, ...]], others: list[tuple[int, int]]) -> _Block | None:
    for first, second in (wide, wide[::-1]):
        out, inputs = first[:2]
        if second[:2] == (out, out):
            rest = _without_gate(others, out)
            if rest is not None and rest in ([], [(out, inputs)]):
                return _Block("basic", inputs, out, out, 1, bool(rest), len(rest) < len(others))
    return None


def _bottleneck(wide: tuple[int, ...], others: list[tuple[int, int]]) -> _Block | None:
    middle, inner = wide[:2]
    if middle % inner or inner < 2:
        return None
    for expand in {p for p in others if p[1] == middle}:
        for reduce in {p for p in others if p[0] == middle}:
            left = [*others]
            left.remove(expand)
            if reduce not in left:
                continue
            left.remove(reduce)
            out, inputs = expand[0], reduce[1]
            rest = _without_gate(left, out)
            alike = out == middle == inner  # three kernels in a row are no bottleneck
            if rest is not None and rest in ([], [(out, inputs)]) and not alike:
                squeezed = len(rest) < len(left)
                return _Block("bottleneck", inputs, middle, out, middle // inner, bool(rest), squeezed)
    return None


def _without_gate(others: list[tuple[int, int]], width: int) -> list[tuple[int, int]] | None:
    """`others` without the two layers that squeeze `width` channels and excite them, None where more is left
    than a shortcut."""
    if len(others) >= 2:
        for down in others:
            if down[1] == width and down[0] < width and down[::-1] in others:
                others = [*others]
                others.remove(down)
                others.remove(down[::-1])
                break
    return others if len(others) <= 1 else None


def _beside(outside: Sequence[Piece], first: int, last: int) -> tuple[list[Piece] | None, list[int] | None]:
    """The kernels before the blocks, one or three of 3 x 3 that lead to `first` channels, and the outputs of what
    reads the `last` ones."""
    mixing = weighted(outside)
    stem = [p for p in mixing if is_convolution(p) and not is_point(p)]
    stem.sort(key=lambda p: p.weight[1])
    head = chain([p for p in mixing if p not in stem], last)
    shapes = [p.weight for p in stem]
    if len(shapes) not in (1, 3) or shapes[0][1] > MOST_INPUTS:
        return None, head
    run = all(b[1] == a[0] for a, b in pairwise(shapes)) and shapes[-1][0] == first
    return (stem if run and (len(stem) == 1 or all(is_cube(s, 3) for s in shapes)) else None), head


def _variant(
    blocks: list[_Block], counts: tuple[int, ...], widths: list[int], small: bool
) -> tuple[str, int]:
    """What the network is called, and its depth as its authors count it."""
    kind, first = blocks[0].kind, blocks[0]
    squeezed = "SE-" if all(b.squeezed for b in blocks) else ""
    depth = (3 if kind == "bottleneck" else 2) * len(blocks) + 2
    if counts in _KNOWN[kind] and kind == "basic" and widths[0] == 64:
        return f"{squeezed}ResNet-{depth}", depth
    if counts in _KNOWN[kind] and kind == "bottleneck" and widths[0] == 256:
        if first.groups > 1:
            return f"{squeezed}ResNeXt-{depth} {first.groups}x{first.middle // first.groups}d", depth
        wider = "" if first.middle == 64 else f"-{first.middle // 64}"
        return f"{squeezed}{'Wide ' if wider else ''}ResNet-{depth}{wider}", depth
    equal = len(set(counts)) == 1 and len(counts) == 3 and small and not squeezed and first.inputs == 16
    if kind == "basic" and equal and widths == _SMALL:
        return f"ResNet-{depth}", depth
    if kind == "basic" and equal and widths[0] % 16 == 0:
        # Its authors count the three shortcuts instead of the last layer.
        return f"Wide ResNet-{depth + 2}-{widths[0] // 16}", depth + 2
    return f"{squeezed}ResNet of depth {depth}", depth
