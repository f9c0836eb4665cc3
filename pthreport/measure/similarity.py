"""Several sets of tensors of the same shapes compared with each other.

Each set (an expert) is taken as one long vector. The cosines of all pairs come from one Gram matrix,
summed over stretches; where that would cost too much, over stretches spread evenly through the vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from pthreport.measure.source import Array, Float64, Source

COST = 2.0e10
"""Multiplications for the cosines of one comparison at most, unless everything is asked for."""
BLOCK = 1 << 20
"""Values of all sets together that are held at a time."""
LEAST = 4096
"""Values of a stretch, so that reading does not jump about."""


@dataclass(frozen=True, slots=True)
class Alike:
    """`cosines` (sets, sets), NaN beside a set of zeros or with a value that is not finite; `sampled` of
    the `values` of each set are behind them."""

    cosines: Float64
    values: int
    sampled: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    # Values `start` to `stop` of every set's `part`-th tensor, in C order.
    part: int
    start: int
    stop: int


def compared(sets: Sequence[Sequence[Source]], count: int, *, everything: bool = False) -> Alike:
    """`sets` are `count` lists of tensors of the same shapes, or one list of tensors with `count` sets
    along dim 0. Raises `ReadError`."""
    fused = len(sets) == 1 and count > 1
    sizes = [prod(tensor.shape[1:] if fused else tensor.shape) for tensor in sets[0]]
    values = sum(sizes)
    room = values if everything else min(values, max(LEAST, int(COST / (count * count))))
    step = min(max(LEAST, BLOCK // count), max(values, 1))
    stretches = [
        _Stretch(part, start, min(start + step, size))
        for part, size in enumerate(sizes)
        for start in range(0, size, step)
    ]
    wanted = max(1, room // step) if room < values else len(stretches)
    chosen = {at * len(stretches) // wanted for at in range(wanted)}
    gram, sampled = np.zeros((count, count)), 0
    with np.errstate(all="ignore"):
        for at, stretch in enumerate(stretches):
            if at in chosen:
                block = np.stack(
                    [_read(sets[0 if fused else n], stretch, n if fused else None) for n in range(count)]
                )
                gram += block @ block.T
                sampled += block.shape[1]
        length = np.sqrt(np.diagonal(gram))
        cosines = gram / length[:, None] / length[None, :]
    cosines[~np.isfinite(cosines)] = np.nan
    return Alike(np.clip(cosines, -1.0, 1.0), values, sampled)


def norms_along(tensors: Sequence[Source], count: int) -> Float64:
    """The L2 norms of `count` sets that stand along dim 0 of all `tensors`, over their finite values;
    shape (count,). Raises `ReadError`."""
    squares = np.zeros(count)
    for part, tensor in enumerate(tensors):
        size = prod(tensor.shape[1:])
        for number in range(count):
            for start in range(0, size, BLOCK):
                values = _read(tensors, _Stretch(part, start, min(start + BLOCK, size)), number)
                finite = np.isfinite(values)
                values = values if finite.all() else values[finite]
                squares[number] += np.einsum("i,i->", values, values)
    return np.sqrt(squares)


def _read(tensors: Sequence[Source], stretch: _Stretch, along: int | None) -> Float64:
    """A stretch of one set in float64: of the set `along` dim 0, or of the tensors' own."""
    source = tensors[stretch.part]
    own = source.shape if along is None else source.shape[1:]
    if source.order == tuple(range(len(source.shape))):
        base = (along or 0) * prod(own)
        raw = source.read(base + stretch.start, base + stretch.stop)
    else:
        # Stored in another order: the whole rows around the stretch.
        inner = max(1, prod(own[1:]))
        rows = slice(stretch.start // inner, -(-stretch.stop // inner))
        whole: Array = source.slice((*(() if along is None else (along,)), rows)).reshape(-1)
        raw = whole[stretch.start - rows.start * inner : stretch.stop - rows.start * inner]
    return np.asarray(source.dtype.decode(raw), np.float64)
