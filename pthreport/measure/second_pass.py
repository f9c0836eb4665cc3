"""Exact order statistics and counts of a tensor too long to be sorted: its values read again.

The ranks that are wanted are found digit by digit, 16 bits of the values' order-preserving bit
patterns at a time (a radix selection: Knuth, The Art of Computer Programming 3, 5.2.5): two passes over
float32 and four over float64 are enough whatever the values are, and no more of them than a block is
held.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pthreport.measure.distribution import QUANTILES, Distribution
from pthreport.measure.source import Array, Float64, Int64

DIGIT = 16
"""Bits of a pattern that one pass tells."""

Blocks = Callable[[], Iterator[Array]]


@dataclass(slots=True)
class _Wanted:
    # A rank that is looked for: number `rank` of the values whose patterns begin with `prefix`, of which
    # `alike` are known to be left.
    prefix: int
    rank: int
    alike: int = 0


def refined(
    blocks: Blocks,
    edges: Callable[[float], Float64],
    count: int,
    low: float,
    high: float,
    *,
    wide: bool,
    levels: Sequence[float] = QUANTILES,
) -> Distribution:
    """The distribution of `count` finite values between `low` and `high`, both attained: exact at `edges`
    (which are asked for with the least magnitude above zero), and at the order statistics that quantiles
    at `levels` ask for.

    `blocks` gives the values as arrays (n,), each time it is called; `wide` says that they are wider than
    float32, and are taken as float64. Raises what `blocks` raises.
    """
    kind, bits = (np.float64, 64) if wide else (np.float32, 32)
    # The last value below zero and the first one above, as far as they are known.
    near = [low if low < 0 else -np.inf, high if high > 0 else np.inf]
    points = below = up_to = np.empty(0)
    places = np.floor(np.asarray(levels) * (count - 1)).astype(np.int64)
    ranks = np.unique(np.concatenate([places, np.minimum(places + 1, count - 1)]))
    wanted = [_Wanted(0, int(rank)) for rank in ranks]
    for left in range(bits - DIGIT, -1, -DIGIT):
        counts = {one.prefix: np.zeros(1 << DIGIT, np.int64) for one in wanted}
        if left == 0:
            points = _points(edges(min(-near[0], near[1])), low, high, near)
            below, up_to = np.zeros(points.size, np.int64), np.zeros(points.size, np.int64)
        for block in blocks():
            values = np.sort(block.astype(kind, copy=False))
            if left == 0:
                below += values.searchsorted(points, "left")
                up_to += values.searchsorted(points, "right")
            else:
                ends = values.searchsorted(0.0, "left"), values.searchsorted(0.0, "right")
                near[0] = max([near[0], *values[: ends[0]][-1:].tolist()])
                near[1] = min([near[1], *values[ends[1] :][:1].tolist()])
            _count(values, counts, left)
        for one in wanted:
            own = counts[one.prefix]
            cumulative = np.cumsum(own)
            digit = int(cumulative.searchsorted(one.rank, "right"))
            one.rank -= int(cumulative[digit] - own[digit])
            one.prefix, one.alike = one.prefix << DIGIT | digit, int(own[digit])
    patterns = np.asarray([one.prefix for one in wanted], np.uint32 if bits == 32 else np.uint64)
    found = _values(patterns).astype(np.float64)
    # A value at a rank is a point too; zero, whose two signs are two patterns, is one already.
    first = ranks - np.asarray([one.rank for one in wanted])
    points, at = np.unique(np.concatenate([points, found]), return_index=True)
    alike = np.asarray([one.alike for one in wanted])
    return _of_points(
        points, np.concatenate([below, first])[at], np.concatenate([up_to, first + alike])[at]
    )


def _points(edges: Float64, low: float, high: float, near: list[float]) -> Float64:
    # Where the distribution is made exact: also at zero and what is next to it.
    more = [low, high, *(value for value in (*near, 0.0) if low <= value <= high)]
    return np.unique(np.concatenate([edges[(edges > low) & (edges < high)], more]))


def _count(values: Array, counts: Mapping[int, Int64], left: int) -> None:
    # Adds to each prefix's counts the next digits of the sorted values that begin with it; `left` bits
    # follow that digit.
    bits = 8 * values.itemsize
    prefix_left = left + DIGIT
    for prefix, into in counts.items():
        part = values
        if prefix_left < bits:
            ends = np.asarray(
                [prefix << prefix_left, (prefix + 1 << prefix_left) - 1], f"u{values.itemsize}"
            )
            low, high = _values(ends)
            # Zeros of both signs stand among each other: what does not belong is told by its pattern.
            part = values[values.searchsorted(low, "left") : values.searchsorted(high, "right")]
        patterns = _patterns(part)
        if prefix_left < bits:
            patterns = patterns[patterns >> patterns.dtype.type(prefix_left) == prefix]
        digits = (patterns >> patterns.dtype.type(left)).astype(np.int64) & ((1 << DIGIT) - 1)
        np.add(into, np.bincount(digits, minlength=1 << DIGIT), out=into)


def _patterns(values: Array) -> Array:
    # Unsigned integers in the order of the floats: the sign bit set for positive ones, all bits turned
    # over for negative ones.
    bits = values.view(f"u{values.itemsize}")
    sign = bits.dtype.type(1 << 8 * values.itemsize - 1)
    return np.where(bits & sign, ~bits, bits | sign)


def _values(patterns: Array) -> Array:
    sign = patterns.dtype.type(1 << 8 * patterns.itemsize - 1)
    return np.where(patterns & sign, patterns ^ sign, ~patterns).view(f"f{patterns.itemsize}")


def _of_points(points: Float64, below: Int64, up_to: Int64) -> Distribution:
    # Bins of one value each at the points, and bins of what lies strictly between them.
    low = np.empty(2 * points.size - 1)
    high = np.empty_like(low)
    counts = np.empty(low.size, np.int64)
    low[::2] = high[::2] = points
    low[1::2], high[1::2] = np.nextafter(points[:-1], np.inf), np.nextafter(points[1:], -np.inf)
    counts[::2], counts[1::2] = up_to - below, below[1:] - up_to[:-1]
    kept = counts > 0
    return Distribution(low[kept], high[kept], np.concatenate([[0], np.cumsum(counts[kept])]))
