"""U-Net (Ronneberger et al. 2015, arXiv 1505.04597), in one, two or three dimensions.

What decides: on every level, going up, a convolution reads what comes from below together with what the
level of the same width gave on the way down.
"""

from collections import Counter
from itertools import pairwise

from pthreport.anatomy.families.stem_and_head import (
    MOST_INPUTS,
    is_cube,
    is_point,
    joined,
    listed,
    weighted,
)
from pthreport.anatomy.structure import Piece, Structure, is_convolution
from pthreport.document import Family

_FEWEST_LEVELS = 3
_MOST_LEVELS = 8

Pairs = Counter[tuple[int, ...]]
"""How many kernels lead from how many channels to how many, (out, in)."""


def recognise(structure: Structure) -> Family | None:
    """A U-Net of plain convolutions, or None."""
    mixing = weighted(structure.pieces)
    kernels = [p for p in mixing if is_convolution(p)]
    raising = [p for p in mixing if p.kind == "conv-transpose"]
    dims = {len(p.weight) - 2 for p in mixing}
    if len(kernels) < 2 * _FEWEST_LEVELS or len(kernels) + len(raising) != len(mixing) or len(dims) != 1:
        return None
    wide = [p for p in kernels if is_cube(p.weight, 3)]
    points = [p for p in kernels if is_point(p)]
    pairs: Pairs = Counter(p.weight[:2] for p in wide)
    # Every kernel is one of 3 in each direction, but the last one, which may be a point.
    if len(wide) + len(points) != len(kernels) or len(points) > 1:
        return None
    levels = _by_steps(raising, pairs) if raising else _by_doubling(pairs)
    entry = min(p.weight[1] for p in wide)
    if levels is None or entry > MOST_INPUTS or (points and points[0].weight[1] != levels[0]):
        return None
    facts = {"levels": str(len(levels)), "width": joined(levels), "input channels": str(entry)}
    if points:
        facts["classes"] = str(points[0].weight[0])
    by = "transposed convolutions" if raising else "upsampling without weights"
    return Family(
        name="U-Net",
        variant=f"{'' if dims == {2} else f'{dims.pop()}-D '}U-Net of {len(levels)} levels",
        evidence=f"levels of {listed(levels)} channels down, and up again by {by}, each joined with its own features from "
        "the way down",
        facts=facts,
    )


def _by_steps(raising: list[Piece], pairs: Pairs) -> list[int] | None:
    """Widths from the top, where transposed convolutions lead up, each from one level to the next, and each level
    reads twice its own width."""
    steps = {p.weight[0]: p.weight[1] for p in raising}
    levels = sorted({*steps, *steps.values()})
    if len(levels) < _FEWEST_LEVELS or len(steps) != len(raising) or len(levels) != len(steps) + 1:
        return None
    for width, deeper in pairwise(levels):
        if steps.get(deeper) != width or not pairs[width, 2 * width] or not pairs[deeper, width]:
            return None
    known: Pairs = Counter()
    for width in levels:
        known.update([(width, 2 * width), (width, width), (2 * width, width)])
    entries = [pair for pair in pairs if pair not in known]
    # Besides those of the levels there is one kernel, which reads the input (and one that gives the output).
    fits = all(pair[0] == levels[0] and pair[1] <= MOST_INPUTS for pair in entries)
    return levels if len(entries) == 1 and fits else None


def _by_doubling(pairs: Pairs) -> list[int] | None:
    """Widths from the top of a U-Net of double convolutions that double on every level and go up by
    upsampling without weights: all of its kernels are those of one of the usual ways to join."""
    given = {pair[0] for pair in pairs}
    starts = [pair for pair in pairs if pair[1] <= MOST_INPUTS and pair[1] not in given]
    if len(starts) != 1:
        return None
    levels = [starts[0][0]]
    while pairs[2 * levels[-1], levels[-1]] and len(levels) < _MOST_LEVELS:
        levels.append(2 * levels[-1])
    if len(levels) < _FEWEST_LEVELS:
        return None
    down: Pairs = Counter({starts[0]: 1, (levels[0], levels[0]): 1})
    for above, below in pairwise(levels):
        down.update([(below, above), (below, below)])
    # Joined as they are; narrowed first by a convolution of their own.
    at_once: Pairs = Counter(p for w in levels[:-1] for p in ((w, 3 * w), (w, w)))
    narrowed: Pairs = Counter(p for w in levels[:-1] for p in ((w, 2 * w), (w, 2 * w), (w, w)))
    return levels if pairs in (down + at_once, down + narrowed, _halved(levels[:-1], starts[0])) else None


def _halved(levels: list[int], start: tuple[int, ...]) -> Pairs:
    """The kernels where the bottom stays as wide as the level above it, and every level on the way up ends at half
    its width (the top one as it is)."""
    widths = [*levels, levels[-1]]
    pairs: Pairs = Counter({start: 1, (levels[0], levels[0]): 1})
    for above, below in pairwise(widths):
        pairs.update([(below, above), (below, below)])
    for position, width in enumerate(levels):
        pairs.update([(width, 2 * width), (levels[max(0, position - 1)], width)])
    return pairs
