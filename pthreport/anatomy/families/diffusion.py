"""U-Nets of diffusion models (DDPM, arXiv 2006.11239; latent diffusion, 2112.10752).

What decides: a pair of linear layers that widens the time's embedding fourfold, many modules of two
convolutions that each read it, and modules whose input is wider than their output on the way up.
"""

from collections.abc import Sequence
from functools import partial

from pthreport.anatomy.families.stem_and_head import MOST_INPUTS, is_cube, is_point, joined, weighted
from pthreport.anatomy.structure import Piece, Structure, is_convolution
from pthreport.document import Family

_STABLE: dict[tuple[int, tuple[int, ...]], str] = {
    (768, (320, 640, 1280)): "Stable Diffusion 1 U-Net",
    (1024, (320, 640, 1280)): "Stable Diffusion 2 U-Net",
    (2048, (320, 640, 1280)): "Stable Diffusion XL U-Net",
}
"""Width of the text's features, widths of the levels."""

_STABLE_LATENT = (4, 8, 9)
"""Channels in: the latent image, or with one to start from or to fill in."""

_FEWEST_MODULES = 8
_MOST_LAYERS = 12


def recognise(structure: Structure) -> Family | None:
    """A diffusion U-Net on images, or None."""
    matrices = {p.matrix for p in structure.pieces if p.matrix and p.kind in ("linear", "attention")}
    for base in sorted(m[1] for m in matrices if m[0] == 4 * m[1] and (m[0], m[0]) in matrices):
        found = structure.topmost(partial(_module, time=4 * base), _MOST_LAYERS)
        if len(found) >= _FEWEST_MODULES and (known := _family(structure, base, found)) is not None:
            return known
    return None


def _family(structure: Structure, base: int, found: list[tuple[str, tuple[int, int]]]) -> Family | None:
    narrowing = sum(inputs > outputs for _, (outputs, inputs) in found)
    widths = tuple(sorted({outputs for _, (outputs, _) in found}))
    kernels = [p for p in weighted(structure.outside(n for n, _ in found)) if p.kind.startswith("conv")]
    shapes = [p.weight for p in kernels]
    entries = [k[1] for k in shapes if k[0] == base and k[1] <= MOST_INPUTS]
    exits = [k[0] for k in shapes if k[1] == base and k[0] <= MOST_INPUTS]
    # The other kernels lead from level to level, or around an attention.
    others = sum(k[0] in widths and k[1] == k[0] for k in shapes)
    if len(entries) != 1 or len(exits) != 1 or others + 2 != len(shapes):
        return None
    if narrowing * 3 < len(found) or widths[0] != base or any(len(k) == 5 for k in shapes):
        return None
    text = _text_width(structure, widths)
    facts = {"width": joined(widths), "input channels": str(entries[0]), "output channels": str(exits[0])}
    if text:
        facts["text width"] = str(text)
    latent = entries[0] in _STABLE_LATENT and exits[0] == 4
    known = _STABLE.get((text, widths)) if latent else None
    return Family(
        name="diffusion U-Net",
        variant=known or "diffusion U-Net",
        evidence=f"{len(found)} modules of two convolutions that read an embedding of the time, {narrowing} of them joining "
        "the way down on the way up",
        facts=facts,
    )


def _module(pieces: Sequence[Piece], time: int) -> tuple[int, int] | None:
    """Channels out and in of a residual module that reads a time's embedding of width `time`."""
    mixing = weighted(pieces)
    wide = [p.weight for p in mixing if is_convolution(p) and is_cube(p.weight, 3) and len(p.weight) == 4]
    told = [p.matrix for p in mixing if p.matrix]
    points = [p for p in mixing if is_point(p)]
    if len(wide) != 2 or len(told) != 1 or len(points) > 1 or len(mixing) != 3 + len(points):
        return None
    for first, second in (wide, wide[::-1]):
        out = second[0]
        # The time's embedding is added, or scales and shifts.
        if second[1] == out == first[0] and told[0] and told[0] in ((out, time), (2 * out, time)):
            return out, first[1]
    return None


def _text_width(structure: Structure, widths: tuple[int, ...]) -> int:
    """The width of the features that cross attention reads, 0 where not exactly one fits."""
    read = {
        p.matrix[1]
        for p in structure.pieces
        if p.kind == "attention" and p.matrix and p.matrix[0] in widths and p.matrix[1] != p.matrix[0]
    }
    # A width of the network's own is read by layers that give another of its widths only across.
    read -= {side * 4 for side in widths}
    return read.pop() if len(read) == 1 else 0
