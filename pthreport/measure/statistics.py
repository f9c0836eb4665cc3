"""The figures of one tensor, put together from its exact sums and its sketch."""

from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np

from pthreport.document import Histogram, Statistics
from pthreport.document.definitions import NEAR_ZERO
from pthreport.measure.distribution import (
    QUANTILES,
    Distribution,
    exact_distribution,
    histogram,
    histogram_edges,
    sketch_distribution,
)
from pthreport.measure.moments import Moments, weighted_moments
from pthreport.measure.narrowing import Narrowing
from pthreport.measure.sketch import Sketch, key_values
from pthreport.measure.source import Array, Float64

_LEVELS = tuple(str(level) for level in QUANTILES)


@dataclass(frozen=True, slots=True)
class Stream:
    """What one pass gathered of one kind of values (a tensor's own, or the parts of complex ones).

    `moments` is None where the sketch is exact and tells everything; `ordered` holds the finite
    values of a small tensor in ascending order. `wide`: the values are wider than float32. `narrowing`:
    what rounding them does, where that was asked for.
    """

    sketch: Sketch
    moments: Moments | None
    ordered: Array | None = None
    wide: bool = False
    narrowing: Narrowing | None = None

    def merge(self, other: "Stream") -> "Stream":
        """Both together; neither is a small tensor's, which is never cut."""
        moments = None
        if self.moments is not None and other.moments is not None:
            moments = self.moments.merge(other.moments)
        narrowing = None
        if self.narrowing is not None and other.narrowing is not None:
            narrowing = self.narrowing.merge(other.narrowing)
        return Stream(self.sketch.merge(other.sketch), moments, wide=self.wide, narrowing=narrowing)


def told(stream: Stream) -> tuple[Moments, Distribution]:
    """The sums over what `stream` gathered, and its distribution."""
    sketch = stream.sketch
    sums = stream.moments
    if sums is None:
        sums = weighted_moments(sketch.values(), sketch.counts)
    if stream.ordered is not None:
        return sums, exact_distribution(stream.ordered)
    if sums.count:
        return sums, sketch_distribution(sketch, sums.low, sums.high, stream.wide)
    return sums, exact_distribution(np.empty(0))


def describe(
    stream: Stream,
    sums: Moments,
    distribution: Distribution,
    of: Literal["values", "magnitude", "dequantised"] = "values",
    integers: bool = False,
    parts: dict[str, Statistics] | None = None,
    refined: Distribution | None = None,
) -> tuple[Statistics, Histogram | None]:
    """Statistics and histogram of what `stream` gathered and `told` says of it; from the `refined`
    distribution where a second pass has told that."""
    sketch = stream.sketch
    unique: int | None = None
    spacing = 0.0
    if stream.ordered is not None:
        unique = _distinct(stream.ordered)
    elif sums.count == 0:
        unique = 0
    elif sketch.exact:
        unique = _distinct(distribution.low)
        spacing = _spacing(sketch)
    return _statistics(sketch, sums, refined or distribution, unique, of, parts), histogram(
        distribution, spacing=spacing, integers=integers, refined=refined
    )


def edges_of(sums: Moments, least: float, integers: bool = False) -> Float64:
    """The values at which the figures of `describe` count what lies below; `least` is the least magnitude
    above zero."""
    near = NEAR_ZERO * sums.rms
    return np.concatenate([histogram_edges(sums.low, sums.high, least, integers), [-near, near]])


def _statistics(
    sketch: Sketch,
    sums: Moments,
    distribution: Distribution,
    unique: int | None,
    of: Literal["values", "magnitude", "dequantised"],
    parts: dict[str, Statistics] | None,
) -> Statistics:
    some = sums.count > 0
    quantiles = distribution.quantiles().tolist() if some else []
    rms = sums.rms
    return Statistics(
        of=of,
        count=sums.count,
        mean=sums.scaled_mean if some else None,
        std=sums.std if some else None,
        min=sums.low if some else None,
        max=sums.high if some else None,
        absmax=max(abs(sums.low), abs(sums.high)) if some else None,
        rms=rms if some else None,
        l1=sums.total_magnitude if some else None,
        l2=sums.l2 if some else None,
        skewness=sums.skewness,
        kurtosis=sums.kurtosis,
        zeros=sketch.zeros,
        nan=sketch.nan,
        posinf=sketch.posinf,
        neginf=sketch.neginf,
        near_zero=distribution.within(NEAR_ZERO * rms) if some and 0 < rms < inf else sketch.zeros,
        unique=unique,
        quantiles=dict(zip(_LEVELS, quantiles, strict=False)),
        quantile_error=distribution.error,
        quantile_floor=distribution.floor,
        parts=parts,
    )


def _distinct(ordered: Array) -> int:
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + 1 if ordered.size else 0


def _spacing(sketch: Sketch) -> float:
    # The distance from the largest magnitude to the next smaller number of the type.
    assert sketch.dtype is not None
    if sketch.dtype.kind != "float":
        return 0.0 if sketch.affine is None else abs(sketch.affine[0])
    at = int(np.argmax(np.abs(sketch.values())))
    key = sketch.keys[at]
    sign = 0x80 if sketch.dtype.itemsize == 1 else 0x8000
    if int(key) & (sign - 1) == 0:
        return 0.0
    pair = key_values(np.asarray([key, key - 1], np.uint16), sketch.dtype)
    return float(abs(pair[0] - pair[1]))
