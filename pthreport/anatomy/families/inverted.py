"""Inverted residual blocks (MobileNetV2, arXiv 1801.04381), with or without squeeze and excitation, and
the fused ones of EfficientNetV2 (2104.00298): expand, one kernel a channel, project."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pthreport.anatomy.families.stem_and_head import MOST_INPUTS, chain, is_point, put_head, sides, weighted
from pthreport.anatomy.structure import Piece, Structure, is_convolution

_MOST_LAYERS = 16
_FEWEST_BLOCKS = 4


@dataclass(frozen=True)
class Inverted:
    """One block: kernel size, channels in the middle and out, channels of its squeeze (0 without).

    `fused` blocks expand with a whole kernel and have no depthwise one.
    """

    kernel: int
    middle: int
    outputs: int
    squeeze: int
    fused: bool = False


@dataclass(frozen=True)
class InvertedFound:
    """The blocks of a network as counts; the kernels beside them as (out, in), the one that reads the input first;
    the outputs of the layers that follow on from the last block."""

    blocks: Counter[Inverted]
    stem: tuple[tuple[int, int], ...]
    head: tuple[int, ...]

    def facts(self, usual: int) -> dict[str, str]:
        """Blocks, input channels, and the classes of a head of `usual` layers."""
        facts = {"blocks": str(self.blocks.total()), "input channels": str(self.stem[0][1])}
        put_head(facts, self.head, usual)
        return facts


def find(structure: Structure) -> InvertedFound | None:
    """The inverted residual blocks of `structure`; None where there are fewer than four, or something else
    beside them than a stem and a head."""
    found = structure.topmost(_block, _MOST_LAYERS)
    if len(found) < _FEWEST_BLOCKS:
        return None
    rest = weighted(structure.outside(node for node, _ in found))
    kernels = [p for p in rest if is_convolution(p) and not is_point(p)]
    stem = sorted(((p.weight[0], p.weight[1]) for p in kernels), key=lambda k: k[1])
    head = chain([p for p in rest if p not in kernels], found[-1][1].outputs)
    if not stem or head is None or stem[0][1] > MOST_INPUTS or any(p.weight[1] == 1 for p in kernels[1:]):
        return None
    return InvertedFound(Counter(block for _, block in found), tuple(stem), tuple(head))


def rounded(channels: float) -> int:
    """The nearest multiple of 8, not below 90 % of `channels`."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * channels else nearest


def _block(pieces: Sequence[Piece]) -> Inverted | None:
    mixing = weighted(pieces)
    wide = [p for p in mixing if is_convolution(p) and not is_point(p)]
    layers = [(s, p.biased) for p in mixing if (s := sides(p)) is not None]
    if len(wide) != 1 or len(wide) + len(layers) != len(mixing):
        return None
    shape = wide[0].weight
    if len(shape) != 4 or shape[2] != shape[3]:
        return None
    middle, inner, size, _ = shape
    squeeze, plain = _squeeze(layers, middle)
    projecting = [s for s in plain if s[1] == middle]
    if inner != 1:
        # Fused: a whole kernel from the block's input to the middle.
        fused = len(plain) == len(projecting) == 1 and inner < middle and middle % inner == 0
        return Inverted(size, middle, plain[0][0], squeeze, fused=True) if fused else None
    if len(plain) == 1 and projecting:
        return Inverted(size, middle, plain[0][0], squeeze)
    if len(plain) == 2:
        for project, expand in (plain, plain[::-1]):
            if project[1] == middle == expand[0] and max(expand[1], project[0]) < middle:
                return Inverted(size, middle, project[0], squeeze)
    return None


def _squeeze(layers: list[tuple[tuple[int, int], bool]], middle: int) -> tuple[int, list[tuple[int, int]]]:
    """Channels of the squeeze, 0 without one, and what is left without its two layers, which have biases."""
    plain = [s for s, _ in layers]
    for down, biased in layers:
        if biased and len(layers) > 2 and down[0] < down[1] == middle and (down[::-1], True) in layers:
            plain.remove(down)
            plain.remove(down[::-1])
            return down[0], plain
    return 0, plain
