"""Exact sums against numpy in float64, on what rounding and overflow get wrong."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pthreport.measure.moments import Moments, moments, weighted_moments
from pthreport.measure.source import Array

Floats = NDArray[np.float64]


def reference(values: Floats) -> dict[str, float]:
    """The definitions, in extended precision."""
    wide = values.astype(np.longdouble)
    mean = wide.mean()
    centred = wide - mean
    return {
        "mean": float(mean),
        "std": float(np.sqrt((centred**2).mean())),
        "l1": float(np.abs(wide).sum()),
        "l2": float(np.sqrt((wide**2).sum())),
        "m3": float((centred**3).mean()),
        "m4": float((centred**4).mean()),
    }


def check(found: Moments, values: Floats) -> None:
    expected = reference(values)
    scale = float(np.abs(values).max(initial=0.0))
    assert found.count == values.size
    assert found.low == values.min()
    assert found.high == values.max()
    assert found.scaled_mean == pytest.approx(expected["mean"], rel=1e-9, abs=1e-15 * scale)
    assert found.std == pytest.approx(expected["std"], rel=1e-6, abs=1e-15 * scale)
    assert found.total_magnitude == pytest.approx(expected["l1"], rel=1e-9)
    assert found.l2 == pytest.approx(expected["l2"], rel=1e-9)


SHAPES: dict[str, Callable[[np.random.Generator], Array]] = {
    "normal": lambda r: r.standard_normal(5000),
    "uniform": lambda r: r.uniform(-1, 1, 4096),
    "shifted": lambda r: 1 + 1e-4 * r.standard_normal(100_000),
    "far": lambda r: 1e4 + r.standard_normal(5000),
    "huge": lambda r: 3e38 * r.uniform(-1, 1, 1000),
    "tiny": lambda r: 1e-38 * r.standard_normal(1000),
    "subnormal": lambda r: 1e-44 * r.integers(-9, 9, 1000),
    "one": lambda r: np.asarray([0.1]),
    "two": lambda r: np.asarray([0.1, -7.0]),
    "outlier": lambda r: np.append(r.standard_normal(70_000), 1e6),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_agree_with_extended_precision(name: str, dtype: type[np.float32] | type[np.float64]) -> None:
    values = np.asarray(SHAPES[name](np.random.default_rng(1)), dtype)
    found = moments(values)
    wide = values.astype(np.float64)
    check(found, wide)
    expected = reference(wide)
    if found.skewness is not None and found.kurtosis is not None and expected["std"] > 0:
        variance = np.longdouble(expected["std"]) ** 2
        scaled = (
            (wide.astype(np.longdouble) - wide.astype(np.longdouble).mean()) / np.sqrt(variance)
        ).astype(float)
        assert found.skewness == pytest.approx(float((scaled**3).mean()), rel=1e-6, abs=1e-6)
        assert found.kurtosis == pytest.approx(float((scaled**4).mean()) - 3, rel=1e-6, abs=1e-6)


def test_mean_one_with_a_small_spread_keeps_its_kurtosis() -> None:
    values = (1 + 1e-4 * np.random.default_rng(3).standard_normal(1 << 18)).astype(np.float32)
    total = Moments()
    for part in np.split(values, 64):
        total = total.merge(moments(part))
    wide = values.astype(np.float64)
    scaled = (wide - wide.mean()) / wide.std()
    assert total.kurtosis == pytest.approx((scaled**4).mean() - 3, abs=1e-6)
    assert abs(total.kurtosis or 9) < 0.1


def test_float64_beyond_the_fourth_root_of_its_range() -> None:
    values = np.asarray([1e300, -2e300, 3e300, 0.5])
    found = moments(values)
    unit = np.asarray([1.0, -2.0, 3.0, 0.0])
    assert found.std == pytest.approx(unit.std() * 1e300)
    assert found.l2 == pytest.approx(math.sqrt(14) * 1e300)
    assert found.kurtosis == pytest.approx((((unit - 0.5) / unit.std()) ** 4).mean() - 3)
    both = found.merge(moments(np.asarray([1.0, 2.0])))
    assert both.l2 == pytest.approx(math.sqrt(14) * 1e300)
    assert both.high == 3e300
    assert moments(np.full(100, 1.7e308)).l2 == math.inf
    small = moments(np.asarray([1e-300, 3e-300]))
    assert small.std == pytest.approx(1e-300)
    assert small.kurtosis == pytest.approx(-2.0)


def test_nonfinite_values_are_counted_apart() -> None:
    values = np.asarray([1.0, np.nan, np.inf, -np.inf, 3.0, np.inf, np.nan, np.nan], np.float32)
    found = moments(values)
    assert (found.count, found.nan, found.posinf, found.neginf) == (2, 3, 2, 1)
    assert (found.scaled_mean, found.std) == (2.0, 1.0)
    nothing = moments(np.full(3, np.nan))
    assert (nothing.count, nothing.nan, nothing.skewness) == (0, 3, None)
    assert found.merge(nothing).nan == 6


def test_a_constant_has_no_shape() -> None:
    found = moments(np.full(1000, 0.1, np.float32))
    assert found.std == 0.0
    assert found.skewness is None
    assert found.kurtosis is None
    assert found.scaled_mean == float(np.float32(0.1))


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6, allow_subnormal=False)),
    st.integers(0, 40),
)
def test_merging_any_cut_gives_the_whole(values: Floats, cut: int) -> None:
    merged = moments(values[:cut]).merge(moments(values[cut:]))
    check(merged, values)
    whole = moments(values)
    size = float(np.abs(values).max())
    assert merged.m4 == pytest.approx(whole.m4, rel=1e-6, abs=1e-12 * size**4)
    assert merged.m3 == pytest.approx(whole.m3, rel=1e-6, abs=1e-12 * size**3)


def test_weighted_sums_are_those_of_the_repeated_values() -> None:
    r = np.random.default_rng(5)
    values, counts = r.standard_normal(50), r.integers(1, 9, 50)
    found, whole = weighted_moments(values, counts), moments(np.repeat(values, counts))
    for name in ("count", "low", "high"):
        assert getattr(found, name) == getattr(whole, name)
    for name in ("mean", "m2", "m3", "m4", "l1"):
        assert getattr(found, name) == pytest.approx(getattr(whole, name), rel=1e-9)
