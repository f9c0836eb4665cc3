"""What a sketch says about the distribution: order statistics, counts below a threshold, histograms."""

from dataclasses import dataclass
from math import ceil, floor, inf, isfinite, log2

import numpy as np

from pthreport.document import Histogram
from pthreport.measure.sketch import COARSE_ERROR, COARSE_FLOOR, FLOAT32_MAX, Sketch
from pthreport.measure.source import Array, Float64, Int64

QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
HISTOGRAM_BINS = 64
LOG_BINS = 96

_VIA_FLOAT32 = 2.0**-23


@dataclass(frozen=True, slots=True)
class Distribution:
    """Finite values in ascending bins: `cumulative[i]` values lie below bin i, those of bin i between
    `low[i]` and `high[i]`, both included; equal where the bin is one value. Shapes (k + 1,), (k,).

    A value told from a bin is off by at most `error` of its magnitude, by at most `floor` where it is
    smaller than `floor`.
    """

    low: Float64
    high: Float64
    cumulative: Int64
    error: float = 0.0
    floor: float = 0.0

    @property
    def count(self) -> int:
        """The number of values."""
        return int(self.cumulative[-1])

    @property
    def exact(self) -> bool:
        """Nothing that is told of the values is rounded."""
        return self.error == 0

    def order_statistics(self, ranks: Array) -> Float64:
        """The values of the given ranks (0 = the least), shape (r,); spread evenly inside a bin."""
        bins = self.cumulative.searchsorted(ranks, side="right") - 1
        if self.high is self.low:
            return self.low[bins]
        first = self.cumulative[bins]
        share = (ranks - first + 0.5) / (self.cumulative[bins + 1] - first)
        low = self.low[bins]
        return np.asarray(low + (self.high[bins] - low) * share)

    def quantiles(self, levels: tuple[float, ...] = QUANTILES) -> Float64:
        """Quantiles at `levels`, between order statistics as `numpy.quantile` ("linear") does.

        With a and b the true order statistics around it, a quantile is within
        `error` * max(|a|, |b|) + `floor` of numpy's.
        """
        place = np.asarray(levels) * (self.count - 1)
        below = np.floor(place)
        ranks = below.astype(np.int64)
        first = self.order_statistics(ranks)
        second = self.order_statistics(np.minimum(ranks + 1, self.count - 1))
        return np.asarray(first + (second - first) * (place - below))

    def below(self, edges: Array) -> Float64:
        """How many values are less than each edge; a share of a bin that an edge cuts."""
        return self._counted(self.high.searchsorted(edges, side="left"), edges)

    def up_to(self, edges: Array) -> Float64:
        """How many values are at most each edge; a share of a bin that an edge cuts."""
        return self._counted(self.high.searchsorted(edges, side="right"), edges)

    @property
    def zeros(self) -> int:
        """How many values are zero."""
        zero = np.zeros(1)
        return int(self.up_to(zero)[0] - self.below(zero)[0])

    def within(self, threshold: float) -> int:
        """How many values have a magnitude below `threshold` > 0. Exact where the bins are values or
        the threshold is an edge; otherwise a share of the two bins it cuts."""
        inside = self.below(np.asarray([threshold]))[0] - self.up_to(np.asarray([-threshold]))[0]
        return max(0, round(float(inside)))

    def _counted(self, whole: Array, edges: Array) -> Float64:
        result = self.cumulative[whole].astype(np.float64)
        if self.high is self.low:
            return result
        cut = np.flatnonzero(whole < self.low.size)
        at = whole[cut]
        low, high, edge = self.low[at], self.high[at], np.asarray(edges)[cut]
        inside = edge > low
        size = (self.cumulative[at + 1] - self.cumulative[at])[inside]
        result[cut[inside]] += size * ((edge - low)[inside] / (high - low)[inside])
        return result


def exact_distribution(ordered: Array) -> Distribution:
    """The distribution of finite values at hand, shape (n,), ascending."""
    values = ordered.astype(np.float64)
    return Distribution(values, values, np.arange(values.size + 1))


def sketch_distribution(sketch: Sketch, low: float, high: float, rounded: bool = False) -> Distribution:
    """The distribution that `sketch` tells of; `low` and `high` are the exact least and largest
    value, which narrow the outermost bins. `rounded`: the values were rounded to float32."""
    if sketch.dtype is not None:
        values = sketch.values()
        order = np.argsort(values, kind="stable")
        cumulative = _cumulative(sketch.counts[order])
        ordered = values[order]
        return Distribution(ordered, ordered, cumulative)
    lower, upper = sketch.edges()
    counts = sketch.counts.astype(np.int64)
    if sketch.zeros:
        _take_zeros(sketch, counts, low, high)
        lower, upper = np.append(lower, 0.0), np.append(upper, 0.0)
        counts = np.append(counts, sketch.zeros)
    if sketch.under:
        lower, upper = np.append(lower, low), np.append(upper, -FLOAT32_MAX)
        counts = np.append(counts, sketch.under)
    if sketch.over:
        lower, upper = np.append(lower, FLOAT32_MAX), np.append(upper, high)
        counts = np.append(counts, sketch.over)
    order = np.lexsort((upper, lower))
    order = order[counts[order] > 0]
    beyond = sketch.under + sketch.over > 0
    return Distribution(
        np.clip(lower[order], low, high),
        np.clip(upper[order], low, high),
        _cumulative(counts[order]),
        error=float("inf") if beyond else COARSE_ERROR + (_VIA_FLOAT32 if rounded else 0.0),
        floor=COARSE_FLOOR,
    )


def _take_zeros(sketch: Sketch, counts: Int64, low: float, high: float) -> None:
    # Exact zeros, of either sign, leave the two bins that they share with subnormals below 2^-133;
    # what is known of the extremes says what has to stay.
    at = [np.flatnonzero(sketch.keys == key) for key in (0, 0x8000)]
    shared = [int(counts[i].sum()) for i in at]
    left = sum(shared) - sketch.zeros
    most = [shared[0] if high > 0 else 0, shared[1] if low < 0 else 0]
    least = [int(0 < high < COARSE_FLOOR / 128), int(0 < -low < COARSE_FLOOR / 128)]
    above = left * shared[0] // sum(shared)
    above = max(least[0], left - most[1], min(most[0], left - least[1], above))
    for i, stays in zip(at, (above, left - above), strict=True):
        counts[i] = stays


def histogram(
    distribution: Distribution,
    *,
    spacing: float = 0.0,
    integers: bool = False,
    refined: Distribution | None = None,
    bins: int = HISTOGRAM_BINS,
) -> Histogram | None:
    """At most `bins` equal bins over all values, and bins over powers of two; None of no values.

    There are fewer bins where a finer one would be narrower than what is known: than a bin of the
    sketch, or than `spacing`, the distance of neighbouring values of the type at the largest value.
    Bins of `integers` hold equally many integers each and start half a step below the least.
    `refined` is the same distribution, exact at the `histogram_edges`: everything is then told from it.
    """
    known = refined or distribution
    if known.count == 0:
        return None
    widest = 0.0 if refined else float((known.high - known.low).max())
    edges = _linear_edges(float(known.low[0]), float(known.high[-1]), max(widest, spacing), integers, bins)
    log_low, log_step, log_edges = _log_edges(*_magnitudes(known.low, known.high))
    return Histogram(
        low=float(edges[0]),
        high=float(edges[-1]),
        counts=_counts(known, edges),
        log_low=log_low,
        log_step=log_step,
        log_counts=_log_counts(known, log_edges),
    )


def histogram_edges(low: float, high: float, least: float, integers: bool = False) -> Float64:
    """Where `histogram` cuts values between `low` and `high` that it knows exactly; `least` is the least
    magnitude above zero (infinite where there is none)."""
    _, _, log_edges = _log_edges(least, max(abs(low), abs(high)))
    edges = _linear_edges(low, high, 0.0, integers, HISTOGRAM_BINS)
    return np.concatenate([edges, log_edges, -log_edges])


def _linear_edges(low: float, high: float, widest: float, integers: bool, bins: int) -> Float64:
    # `widest`: no bin may be narrower.
    reach = high - low
    if low == high:
        return np.asarray([low, high])
    if integers:
        step = ceil((reach + 1) / bins)
        number = ceil((reach + 1) / step)
        low, high = low - 0.5, low - 0.5 + number * step
    else:
        number = (
            bins
            if widest == 0 or not isfinite(reach)
            else max(1, min(bins, floor(reach / widest * (1 + 1e-9))))
        )
    share = np.arange(1, number) / number
    return np.concatenate([[low], low * (1 - share) + high * share, [high]])


def _counts(distribution: Distribution, edges: Float64) -> tuple[int, ...]:
    upto = np.empty(edges.size)
    upto[0], upto[-1] = 0, distribution.count
    np.rint(distribution.below(edges[1:-1]), out=upto[1:-1])
    return tuple((upto[1:] - upto[:-1]).astype(np.int64).tolist())


def _log_edges(least: float, largest: float) -> tuple[float | None, float, Float64]:
    # Powers of two from below the least magnitude above zero to above the largest: the first's
    # logarithm, their step, and themselves.
    if largest == 0:
        return None, 0.5, np.empty(0)
    step = 0.5
    while floor(log2(largest) / step) + 1 - floor(log2(least) / step) > LOG_BINS:
        step *= 2
    first, last = floor(log2(least) / step), floor(log2(largest) / step) + 1
    with np.errstate(over="ignore", under="ignore"):
        return first * step, step, np.exp2(np.arange(first, last + 1) * step)


def _log_counts(distribution: Distribution, edges: Float64) -> tuple[int, ...]:
    if edges.size == 0:
        return ()
    inside = distribution.below(edges) - distribution.up_to(-edges)
    # Nothing but zeros is below the first edge, and nothing beyond the last.
    inside[0] = distribution.zeros
    inside[-1] = distribution.count
    counts = np.rint(inside)
    return tuple((counts[1:] - counts[:-1]).astype(np.int64).tolist())


def _magnitudes(low: Float64, high: Float64) -> tuple[float, float]:
    # The least magnitude above zero and the largest one; of a bin that begins at zero, its far end.
    one, other = np.abs(low), np.abs(high)
    largest = float(max(one[0], one[-1], other[0], other[-1]))
    if high is low:
        least = float(one.min(where=one > 0, initial=inf))
    else:
        near, far = np.minimum(one, other), np.maximum(one, other)
        least = float(np.where(near > 0, near, np.where(far > 0, far, inf)).min())
    return least, largest


def _cumulative(counts: Array) -> Int64:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
