"""What the second pass tells, against numpy's in float64 on values wholly in memory."""

from collections.abc import Callable

import numpy as np
import pytest

from pthreport.measure import Task, measure_one
from pthreport.measure.distribution import QUANTILES
from pthreport.measure.source import Array, Float64
from tests.measure.arrays import ByChannel, tensor

R = np.random.default_rng(3)
N = 300_000
TINY = np.float32(1e-45)


def _mixed() -> Array:
    values = R.standard_normal(N).astype(np.float32)
    values[::7], values[1::7], values[2::7], values[3::7] = np.nan, np.inf, -np.inf, -0.0
    return values


VALUES: dict[str, Callable[[], Array]] = {
    "normal": lambda: R.standard_normal((600, 500), np.float32),
    "far from zero": lambda: (1000 + R.standard_normal((600, 500)) * 1e-2).astype(np.float32),
    "heavy tails": lambda: R.standard_cauchy(N).astype(np.float32),
    "few values": lambda: R.choice(np.asarray([-1.5, -0.0, 0.0, 2.25], np.float32), N),
    "constant": lambda: np.full(N, 0.1, np.float32),
    "two values": lambda: np.where(np.arange(N) < N // 2, 1.0, np.nextafter(1, 2)),
    "subnormal": lambda: R.integers(-5000, 5000, N).astype(np.float32) * TINY,
    "zeros but one": lambda: (np.arange(N) == 7).astype(np.float32),
    "not finite, minus zero": _mixed,
    "strided": lambda: R.standard_normal((700, 600), np.float32)[::-1, ::2].T,
    "float64": lambda: R.standard_normal(N),
    "float64, one float32": lambda: 1 + R.standard_normal(N) * 1e-12,
    "float64, beyond float32": lambda: R.standard_normal(N) * 1e300,
    "float64, subnormal": lambda: R.integers(-9, 9, N) * 5e-324,
    "int64": lambda: R.integers(-(2**62), 2**62, N),
    "int32": lambda: R.integers(-50, 50, N, np.int32),
    "uint32": lambda: R.integers(0, 2**32, N, np.uint32),
}


def numbers(array: Array) -> Float64:
    """The finite values in float64."""
    wide = array.astype(np.float64).ravel()
    return np.asarray(wide[np.isfinite(wide)])


@pytest.mark.parametrize("name", VALUES)
def test_quantiles_and_counts_are_numpys(name: str) -> None:
    array = VALUES[name]()
    found = measure_one(Task(tensor(array), refine=True))
    values = numbers(array)
    statistics, histogram = found.statistics, found.histogram
    assert statistics is not None
    assert histogram is not None
    assert statistics.quantile_error == statistics.quantile_floor == 0
    expected = np.quantile(values, QUANTILES)
    for level, value in zip(QUANTILES, expected.tolist(), strict=True):
        # numpy's own interpolation may round the other way.
        assert statistics.quantiles[str(level)] == pytest.approx(value, rel=4e-16, abs=1e-323)
    assert statistics.rms is not None
    assert statistics.near_zero == np.count_nonzero(np.abs(values) < 1e-3 * statistics.rms)
    # The bins' edges as the report defines them.
    share = np.arange(1, len(histogram.counts)) / len(histogram.counts)
    inner = histogram.low * (1 - share) + histogram.high * share
    below = np.sort(values).searchsorted(inner, "left")
    assert list(histogram.counts) == np.diff([0, *below, values.size]).tolist()
    if histogram.log_low is not None:
        steps = np.arange(len(histogram.log_counts) + 1) * histogram.log_step
        magnitudes = np.sort(np.abs(values[values != 0]))
        with np.errstate(over="ignore"):
            below = magnitudes.searchsorted(np.exp2(histogram.log_low + steps), "left")
        assert list(histogram.log_counts) == np.diff(below).tolist()


def test_the_first_pass_alone_is_not_exact() -> None:
    array = VALUES["normal"]()
    plain = measure_one(Task(tensor(array))).statistics
    assert plain is not None
    assert plain.quantile_error > 0
    assert plain.quantiles["0.25"] != float(np.quantile(array.astype(np.float64), 0.25))


def test_parts_of_complex_values_and_scales_by_channel() -> None:
    array = (R.standard_normal((300, 300)) + 1j * R.standard_normal((300, 300))).astype(np.complex64)
    found = measure_one(Task(tensor(array), refine=True)).statistics
    assert found is not None
    assert found.parts is not None
    wide = array.astype(np.complex128)
    for part, values in ((found, np.abs(wide)), (found.parts["real"], wide.real)):
        assert part.quantile_error == 0
        assert part.quantiles["0.95"] == pytest.approx(float(np.quantile(values, 0.95)), rel=1e-15)
    raw = R.integers(-128, 128, (64, 300)).astype(np.int8)
    scale = np.linspace(0.5, 1.5, 64)
    scaled = tensor(raw, "qint8")
    scaled.quantization = ByChannel(scale, np.zeros(64), 0)
    dequantised = measure_one(Task(scaled, refine=True)).statistics
    assert dequantised is not None
    values = (raw * scale[:, None]).astype(np.float32).astype(np.float64)
    assert dequantised.quantiles["0.25"] == pytest.approx(float(np.quantile(values, 0.25)), rel=1e-15)


def test_what_rounding_to_sixteen_bits_does_is_counted() -> None:
    array = (R.standard_normal((400, 300)) * 1e-7).astype(np.float32)
    array[0, :5] = 2.0**-25
    array[1, :9] = 3e-39
    found = measure_one(Task(tensor(array), precision="exact", refine=True)).precision
    assert found is not None
    assert found.float16 is not None
    assert found.bfloat16 is not None
    assert found.errors == {}
    values = np.abs(array[array != 0])
    with np.errstate(over="ignore", under="ignore"):
        half = values.astype(np.float16)
    assert found.float16.vanish == np.count_nonzero(half == 0)
    assert found.float16.subnormal == np.count_nonzero((half > 0) & (values < 2.0**-14))
    assert found.bfloat16.vanish == np.count_nonzero(values <= 2.0**-134)
    assert found.bfloat16.subnormal == np.count_nonzero((values > 2.0**-134) & (values < 2.0**-126))
