"""Transformers on images: ViT (Dosovitskiy et al. 2020, arXiv 2010.11929), Swin (2103.14030, 2111.09883)."""

from itertools import pairwise
from math import isqrt

from pthreport.anatomy.families.block_stacks import (
    Tower,
    Transformer,
    described,
    put_classes,
    reading,
    rows,
)
from pthreport.anatomy.families.stem_and_head import MOST_INPUTS, joined, listed
from pthreport.anatomy.structure import Piece, is_convolution
from pthreport.document import Family
from pthreport.document.numbers import plural

_SIZES = {(12, 192): "Ti", (12, 384): "S", (12, 768): "B", (24, 1024): "L", (32, 1280): "H"}
"""Blocks and width of the published models."""

_SWIN: dict[tuple[int, tuple[int, ...]], str] = {
    (96, (2, 2, 6, 2)): "T",
    (96, (2, 2, 18, 2)): "S",
    (128, (2, 2, 18, 2)): "B",
    (192, (2, 2, 18, 2)): "L",
}

_MOST_TOKENS = 8
"""Class, distillation and register tokens at most, each kind."""

_SMALLEST_PATCH = 4


def vit(model: Transformer) -> Family | None:
    """A ViT: one tower, one convolution of whole patches to its width, a table of positions or of biases for them."""
    if len(model.towers) != 1 or (patch := _patch(model)) is None:
        return None
    tower = model.towers[0]
    block, (_, channels, size, _) = tower.block, patch.weight
    if block.cross or patch.weight[0] != block.width or tower.depth < 2 or block.norms < 2:
        return None
    rest = [p for p in model.beside if p is not patch]
    positions = [
        p for p in rest if (rows(p, block.width) or 0) > 1 and p.kind in ("parameter", "embedding")
    ]
    head = [p for p in rest if p not in positions]
    outputs = reading(head, block.width)
    if outputs is None or len(positions) > 1 or not (positions or block.table):
        return None
    side = _grid(rows(positions[0], block.width) or 0) if positions else None
    usual = not block.gated and block.feedforward == 4 * block.width and block.width == block.attention
    letter = _SIZES.get((tower.depth, block.width)) if usual else None
    facts = described(tower) | {"patch": f"{size} x {size}", "input channels": str(channels)}
    if side is not None:
        facts["image size"] = f"{side * size} x {side * size}"
    put_classes(facts, [p for p in head if p.weight[0] != block.width], outputs)
    return Family(
        name="ViT",
        variant=f"ViT-{letter}/{size}" if letter else f"ViT of {tower.depth} blocks",
        evidence=f"{plural(tower.depth, 'transformer block')} of width {block.width:,} behind a convolution of whole patches of "
        f"{size} x {size}",
        facts=facts,
    )


def swin(model: Transformer) -> Family | None:
    """A Swin: towers of doubling width with biases for relative positions, merging layers between."""
    towers = model.towers
    if not 3 <= len(towers) <= 5 or (patch := _patch(model)) is None:
        return None
    widths = [t.block.width for t in towers]
    if patch.weight[0] != widths[0] or any(b != 2 * a for a, b in pairwise(widths)):
        return None
    if any(t.block.heads is None or t.block.cross for t in towers):
        return None
    rest = [p for p in model.beside if p is not patch]
    for width in widths[:-1]:
        merging = next((p for p in rest if p.matrix == (2 * width, 4 * width)), None)
        if merging is None:
            return None
        rest.remove(merging)
    outputs = reading(rest, widths[-1])
    if outputs is None:
        return None
    depths = tuple(t.depth for t in towers)
    letter = _SWIN.get((widths[0], depths))
    second = towers[0].block.heads_by == "a scale for each"
    size = patch.weight[2]
    facts = {
        "depth": str(sum(depths)),
        "blocks per stage": joined(depths),
        "width": str(widths[-1]),
        "heads": joined(t.block.heads or 0 for t in towers),
        "heads known by": towers[0].block.heads_by,
        "patch": f"{size} x {size}",
        "input channels": str(patch.weight[1]),
    }
    if (window := _window(towers[0])) is not None:
        facts["window"] = f"{window} x {window}"
    put_classes(facts, rest, outputs)
    family = "Swin V2" if second else "Swin"
    return Family(
        name="Swin",
        variant=f"{family}-{letter}" if letter else f"{family} transformer of {listed(depths)} blocks",
        evidence=f"stages of {listed(depths)} transformer blocks with biases for relative positions, widths that double, "
        "and layers between them that merge four patches into one",
        facts=facts,
    )


def _patch(model: Transformer) -> Piece | None:
    """The one convolution outside of the towers: its kernel is a patch, square, of few channels."""
    kernels = [p for p in model.beside if is_convolution(p) or p.kind == "conv-transpose"]
    if len(kernels) != 1 or len(kernels[0].weight) != 4:
        return None
    _, channels, height, width = kernels[0].weight
    return kernels[0] if height == width >= _SMALLEST_PATCH and channels <= MOST_INPUTS else None


def _grid(count: int) -> int | None:
    """Patches along one side of a square image, from the rows of the table of positions."""
    for prefix in range(_MOST_TOKENS):
        side = isqrt(max(0, count - prefix))
        if side >= 2 and side * side == count - prefix:
            return side
    return None


def _window(tower: Tower) -> int | None:
    """The window's side from the table of biases, ((2 side - 1)^2, heads)."""
    count = tower.block.table[0] if tower.block.table else 0
    side = isqrt(count)
    return (side + 1) // 2 if side * side == count and side % 2 == 1 else None
