"""What narrower types would do to a tensor: signal to quantisation noise, and what 16 bits lose.

The figures of a whole tensor follow from the sketch where it is exact (types of 16 bits, and wider
ones whose values all are bfloat16's) or from the values themselves where they are few. Of longer
tensors the sketch gives the noise as if values lay evenly inside its bins, which values that were
quantised before do not; sixteen stretches, read again, correct it (a ratio estimator) and give the
error. Figures by channel and by group need such values anyway.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, log10, sqrt

import numpy as np

from pthreport.document import Precision, Rounding
from pthreport.measure import grids
from pthreport.measure.distribution import Distribution
from pthreport.measure.narrowing import (
    BFLOAT16_NORMAL,
    BFLOAT16_OVERFLOW,
    BFLOAT16_VANISH,
    FLOAT16_NORMAL,
    FLOAT16_OVERFLOW,
    FLOAT16_VANISH,
    Narrowing,
)
from pthreport.measure.source import Array, Float64

GROUP = 128
"""Inputs that share a scale of int4."""
STRETCHES = 16
STRETCH = 1024
"""Values read again of a long tensor: sixteen stretches of about so many."""
EVERY = STRETCHES * STRETCH
"""Values up to which all of them are used."""
TOGETHER = 1 << 20
"""Values at hand at a time where all of them are used."""
LONGEST = 1 << 22
"""Values of the units read again for an estimate at most; beyond it there is none."""

_STRIDE = 7919
_USUAL = {
    "int8_tensor": 1e-4,
    "fp8_e4m3": 7e-4,
    "fp8_e5m2": 2.7e-3,
    "int8_channel": 7e-5,
    "int4_group": 1.4e-2,
}
# The noise of Gaussian values as a share of their signal.
_FAINT = 2.0**-10
_STUDENT = 2.131  # Student's t for 15 degrees of freedom, two-sided, 95 %
_ON_GRID = 0.01
_TENSOR_GRIDS = {"int8_tensor": grids.INT8, "fp8_e4m3": grids.E4M3, "fp8_e5m2": grids.E5M2}
ROUNDING_EDGES = np.asarray(
    [
        sign * edge
        for sign in (-1, 1)
        for edge in (
            *(FLOAT16_OVERFLOW, FLOAT16_NORMAL, FLOAT16_VANISH),
            *(BFLOAT16_OVERFLOW, BFLOAT16_NORMAL, BFLOAT16_VANISH),
        )
    ]
)
"""Magnitudes at which rounding to 16 bits changes what it does to a value."""
_FIGURES = (*_TENSOR_GRIDS, "int8_channel", "int4_group")


@dataclass(frozen=True, slots=True)
class Rows:
    """The units of a tensor: `count` of `places` values each along dim `axis`; `read`
    gives the ones asked for as (n, places). `largest` holds each one's largest magnitude, shape (count,), where
    that is known."""

    count: int
    places: int
    axis: int
    read: Callable[[Sequence[int]], Array]
    largest: Float64 | None = None


def describe_precision(
    name: str,
    distribution: Distribution,
    l2: float,
    rows: Rows,
    narrowing: Narrowing | None,
    everything: bool = False,
    refined: Distribution | None = None,
) -> Precision | None:
    """The precision of a tensor of the floating type `name`; None of 8-bit types and of no value.

    `distribution` is that of its finite values, `l2` their norm, `narrowing` what the pass
    found (None where the distribution is exact). `everything` leaves nothing estimated; `refined` is the
    distribution made exact at `ROUNDING_EDGES`. Raises `ReadError`.
    """
    if name.startswith("float8") or distribution.count == 0:
        return None
    low, high = distribution.low, distribution.high
    largest = float(max(-low[0], high[-1]))
    if narrowing is not None and narrowing.bfloat16 and high is not low:
        # Each bin holds one value, the number of least magnitude in it.
        inner = np.where(np.abs(low) < np.abs(high), low, high)
        distribution = Distribution(inner, inner, distribution.cumulative)
    figures: dict[str, float | None] = dict.fromkeys(_FIGURES)
    errors: dict[str, float] = {}
    sampled = 0
    if 0 < largest < inf and 0 < l2 < inf:
        sampled = _measure(distribution, largest, l2, rows, everything, figures, errors)
    return Precision(
        **{key: _kept(value) for key, value in figures.items()},
        channel_axis=rows.axis,
        group_size=GROUP,
        errors={key: _kept(value) or 0.0 for key, value in errors.items()},
        sampled=sampled,
        float16=None
        if name == "float16"
        else _rounding(
            refined or distribution,
            FLOAT16_OVERFLOW,
            FLOAT16_VANISH,
            FLOAT16_NORMAL,
            None if narrowing is None else narrowing.over16,
        ),
        bfloat16=None
        if name == "bfloat16"
        else _rounding(
            distribution,
            BFLOAT16_OVERFLOW,
            BFLOAT16_VANISH,
            BFLOAT16_NORMAL,
            None if narrowing is None else narrowing.overb16,
        ),
        exact_in=_exact_in(name, narrowing),
    )


def _measure(
    distribution: Distribution,
    largest: float,
    l2: float,
    rows: Rows,
    everything: bool,
    figures: dict[str, float | None],
    errors: dict[str, float],
) -> int:
    # Fills in the figures and the errors of those that are estimated; gives the values read for it.
    exact = distribution.high is distribution.low
    low, high = distribution.low / largest, distribution.high / largest
    counts = np.diff(distribution.cumulative).astype(np.float64)
    signal = float((counts * low * low).sum()) if exact else (l2 / largest) ** 2
    if exact:
        for key, grid in _TENSOR_GRIDS.items():
            figures[key] = _decibels(float((counts * grids.noise(low, grid)).sum()), signal)
    if everything or rows.count * rows.places <= EVERY:
        total = np.zeros(len(_FIGURES))
        for values, tops in _all(rows):
            total += np.concatenate(_noise(values / largest, tops / largest, not exact, 1))
        for key, one in zip(_FIGURES, total.tolist(), strict=True):
            if figures[key] is None:
                figures[key] = _decibels(one, signal)
        return 0
    if min(rows.count, STRETCHES) * rows.places > LONGEST:
        return 0
    values, tops = _stretches(rows)
    at, top = values / largest, tops / largest
    lost = _noise(at, top, not exact, STRETCHES)
    # What is known of the whole tensor and goes along with the noise: the signal, the units' largest
    # magnitudes, and the noise that evenly filled bins of the sketch let expect.
    power = np.square(at).reshape(STRETCHES, -1).sum(axis=1)
    known = {key: signal * share for key, share in _USUAL.items()}
    expected = {key: power * share for key, share in _USUAL.items()}
    if rows.largest is not None:
        step = 12 * grids.INT8.largest**2
        known["int8_channel"] = float(np.square(rows.largest / largest).sum()) * rows.places / step
        expected["int8_channel"] = np.square(top).reshape(STRETCHES, -1).sum(axis=1) * at.shape[1] / step
    if not exact:
        inner = np.where(np.abs(low) < np.abs(high), distribution.low, distribution.high)
        keys, place = _keys(inner), _keys(values)
        for key, grid in _TENSOR_GRIDS.items():
            table = np.zeros(1 << 16)
            few = np.flatnonzero(np.maximum(-low, high) > (_FAINT if grid.mantissa else 0))
            model = grids.mean_noise(low[few], high[few], grid)
            known[key] = float((counts[few] * model).sum())
            table[keys[few]] = model
            expected[key] = table[place].reshape(STRETCHES, -1).sum(axis=1)
    for key, noise in zip(_FIGURES, lost, strict=True):
        if figures[key] is None:
            figures[key], errors[key] = _estimated(noise, expected[key], known[key], signal)
    return values.size


def _noise(values: Float64, tops: Float64, by_tensor: bool, parts: int) -> list[Float64]:
    # The noise of the five figures, of units' values (n, w) and those units' largest magnitudes (n,),
    # both relative to the tensor's largest; each summed over `parts` equal parts of the units.
    found = [
        grids.noise(values, grid).reshape(parts, -1).sum(axis=1) if by_tensor else np.zeros(parts)
        for grid in _TENSOR_GRIDS.values()
    ]
    found.append(_scaled_noise(values, tops[:, None], grids.INT8, parts))
    size = min(GROUP, values.shape[1])
    if short := -values.shape[1] % size:
        values = np.concatenate([values, np.zeros((len(values), short))], axis=1)
    grouped = values.reshape(-1, size)
    found.append(_scaled_noise(grouped, np.abs(grouped).max(axis=1, keepdims=True), grids.INT4, parts))
    return found


def _scaled_noise(values: Float64, tops: Float64, grid: grids.Grid, parts: int) -> Float64:
    tops = np.where(tops > 0, tops, 1.0)
    lost = grids.noise(values / tops, grid)
    lost *= tops * tops
    return np.asarray(lost.reshape(parts, -1).sum(axis=1))


def _keys(values: Array) -> Array:
    # The bins of the coarse sketch.
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(values, np.float32).view(np.uint32) >> np.uint32(16)


def _all(rows: Rows) -> Iterator[tuple[Float64, Float64]]:
    # All units, some at a time, with each one's largest magnitude.
    step = max(1, TOGETHER // max(1, rows.places))
    for first in range(0, rows.count if rows.places else 0, step):
        values = rows.read(range(first, min(first + step, rows.count))).astype(np.float64)
        yield values, np.abs(values).max(axis=1)


def _stretches(rows: Rows) -> tuple[Float64, Float64]:
    # Sixteen runs of whole units, or of windows into long ones, evenly spread: (16 m, w), and the
    # largest magnitude of the unit that each row is of, (16 m,).
    some = max(1, STRETCH // rows.places)
    firsts = [at * (rows.count - some) // (STRETCHES - 1) for at in range(STRETCHES)]
    wanted = sorted({first + unit for first in firsts for unit in range(some)})
    found = rows.read(wanted)
    tops = np.maximum(found.max(axis=1), -found.min(axis=1))
    if rows.places <= STRETCH:
        place = np.searchsorted(wanted, [first + unit for first in firsts for unit in range(some)])
        return found[place].astype(np.float64), tops[place].astype(np.float64)
    windows = (rows.places - STRETCH) // GROUP + 1
    place = np.searchsorted(wanted, firsts)
    starts = [at * _STRIDE % windows * GROUP for at in range(STRETCHES)]
    values = [found[row, start : start + STRETCH] for row, start in zip(place, starts, strict=True)]
    return np.stack(values).astype(np.float64), tops[place].astype(np.float64)


def _estimated(noise: Array, model: Array, known: float, signal: float) -> tuple[float | None, float]:
    # The ratio estimator (Cochran 1977, chapter 6) and the half width in dB of its 95 % interval.
    expected = float(model.sum())
    if expected <= 0:
        return _decibels(known, signal), inf
    ratio = float(noise.sum()) / expected
    if ratio < _ON_GRID:
        # The values stand on the grid: a few that do not, elsewhere, would be all the noise there is.
        return _decibels(ratio * known, signal), inf
    left = noise - ratio * model
    deviation = sqrt(float((left * left).sum()) * noise.size / (noise.size - 1)) / expected / ratio
    return _decibels(ratio * known, signal), 10 * log10(1 + _STUDENT * deviation)


def _decibels(noise: float, signal: float) -> float | None:
    if signal <= 0:
        return None
    return inf if noise <= 0 else 10 * log10(signal / noise)


def _kept(value: float | None) -> float | None:
    return value if value is None or not isfinite(value) else float(f"{value:.6g}")


def _rounding(
    distribution: Distribution, overflow: float, vanish: float, normal: float, counted: int | None
) -> Rounding:
    # Overflows cut a bin of the sketch in two: where it is not exact they were counted in the pass.
    edges = np.asarray([-overflow, -normal, -vanish, vanish, normal, overflow])
    below, up_to = distribution.below(edges).tolist(), distribution.up_to(edges).tolist()
    if distribution.exact:
        gone = up_to[3] - below[2]
        over = up_to[0] + distribution.count - below[5]
    else:
        gone = below[3] - up_to[2]
        over = 0 if counted is None else counted
    small = below[4] - up_to[1]
    zeros = distribution.zeros
    return Rounding(
        overflow=round(over),
        vanish=max(0, round(gone) - zeros),
        subnormal=max(0, round(small) - round(gone)),
    )


def _exact_in(name: str, narrowing: Narrowing | None) -> tuple[str, ...]:
    if narrowing is not None:
        held = {
            "float32": narrowing.float32 and name == "float64",
            "float16": narrowing.float16,
            "bfloat16": narrowing.bfloat16,
        }
        return tuple(key for key, is_held in held.items() if is_held)
    return ()
