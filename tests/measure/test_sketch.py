"""The sketch: what it counts, that it merges, and the bound it states for quantiles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from pthreport.checkpoint.dtypes import DTYPES
from pthreport.measure.distribution import QUANTILES, Distribution, histogram, sketch_distribution
from pthreport.measure.sketch import DenseSketch, Sketch, sketch
from pthreport.measure.source import Array

Single = NDArray[np.float32]


def dense(values: Array, *cuts: int) -> Sketch:
    working = DenseSketch()
    for part in np.split(values, cuts):
        working.add(part)
    return working.compact()


def same(first: Sketch, second: Sketch) -> bool:
    return (
        np.array_equal(first.keys, second.keys)
        and np.array_equal(first.counts, second.counts)
        and (first.zeros, first.nan, first.posinf, first.neginf, first.under, first.over)
        == (second.zeros, second.nan, second.posinf, second.neginf, second.under, second.over)
    )


def told(values: Array) -> Distribution:
    finite = values[np.isfinite(values)]
    return sketch_distribution(
        sketch(values), float(finite.min()), float(finite.max()), values.dtype != np.float32
    )


singles = hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(width=32))


@settings(max_examples=80, deadline=None)
@given(singles, st.integers(0, 200))
def test_dense_and_few_and_merged_sketches_agree(values: Single, cut: int) -> None:
    whole = dense(values)
    assert same(whole, sketch(values))
    assert same(whole, dense(values[:cut]).merge(dense(values[cut:])))
    assert whole.count == np.count_nonzero(np.isfinite(values))
    assert whole.zeros == np.count_nonzero(values == 0)
    assert whole.nan == np.count_nonzero(np.isnan(values))
    assert whole.posinf == np.count_nonzero(values == np.inf)
    assert whole.neginf == np.count_nonzero(values == -np.inf)


@settings(max_examples=80, deadline=None)
@given(singles)
def test_edges_hold_their_values(values: Single) -> None:
    for value in values[np.isfinite(values)]:
        low, high = sketch(np.asarray([value])).edges()
        assert low[0] <= float(value) <= high[0]


@settings(max_examples=80, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.integers(1, 300),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_quantiles_keep_the_stated_bound(values: Single) -> None:
    distribution = told(values)
    ordered = np.sort(values).astype(np.float64)
    ranks = np.arange(values.size)
    found = distribution.order_statistics(ranks)
    bound = np.where(
        np.abs(ordered) < distribution.floor, distribution.floor, distribution.error * np.abs(ordered)
    )
    assert (np.abs(found - ordered) <= bound * (1 + 1e-12)).all()
    with np.errstate(over="ignore"):
        exact = np.quantile(ordered, QUANTILES)
    largest = float(np.abs(ordered).max())
    assert (
        np.abs(distribution.quantiles() - exact) <= distribution.error * largest + distribution.floor
    ).all()


def test_float64_beyond_float32_is_counted_apart() -> None:
    values = np.asarray([1e300, -1e200, 1.0, 1e-300, 0.0, np.inf, np.nan])
    found = sketch(values)
    assert same(found, dense(values))
    assert (found.over, found.under, found.zeros, found.posinf, found.nan) == (1, 1, 1, 1, 1)
    assert found.count == 5
    distribution = told(values)
    assert distribution.count == 5
    assert distribution.error == np.inf
    assert distribution.within(2e-300) in (1, 2)


@pytest.mark.parametrize(
    "name", ["bfloat16", "float16", "float8_e4m3fn", "float8_e5m2", "int8", "uint8", "int16"]
)
def test_narrow_types_are_exact(name: str) -> None:
    dtype = DTYPES[name]
    bits = np.random.default_rng(7).integers(0, 256**dtype.itemsize, 30_000)
    raw = bits.astype(f"u{dtype.itemsize}").view(dtype.raw)
    working = DenseSketch(dtype)
    working.add(raw)
    found = working.compact()
    few = sketch(raw, dtype)
    assert same(found, few)
    with np.errstate(invalid="ignore"):
        values = dtype.decode(raw).astype(np.float64)
    finite = values[np.isfinite(values)]
    assert found.count == finite.size
    assert found.nan == np.count_nonzero(np.isnan(values))
    distribution = sketch_distribution(found, float(finite.min()), float(finite.max()))
    assert distribution.error == 0
    assert np.array_equal(distribution.quantiles(), np.quantile(finite, QUANTILES))
    assert distribution.within(0.5) == np.count_nonzero(np.abs(finite) < 0.5)


def test_kinds_do_not_mix() -> None:
    with pytest.raises(ValueError, match="different kinds"):
        sketch(np.zeros(1, np.uint16), DTYPES["bfloat16"]).merge(sketch(np.zeros(1, np.float32)))


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.integers(1, 300),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_histograms_lose_no_value(values: Single) -> None:
    found = histogram(told(values))
    assert found is not None
    assert sum(found.counts) == values.size
    assert min(found.counts) >= 0
    assert sum(found.log_counts) == np.count_nonzero(values)
    assert min(found.log_counts, default=0) >= 0
    assert (found.low, found.high) == (values.min(), values.max())
    assert len(found.log_counts) <= 96


def test_histogram_of_exact_values_is_numpys() -> None:
    raw = np.random.default_rng(2).standard_normal(20_000).astype(np.float16)
    found = histogram(
        sketch_distribution(sketch(raw, DTYPES["float16"]), float(raw.min()), float(raw.max()))
    )
    assert found is not None
    expected, _ = np.histogram(raw.astype(np.float64), bins=64, range=(found.low, found.high))
    assert found.counts == tuple(expected.tolist())
    assert found.log_low is not None
    edges = 2.0 ** (found.log_low + found.log_step * np.arange(len(found.log_counts) + 1))
    magnitude = np.abs(raw.astype(np.float64))
    assert found.log_counts == tuple(np.histogram(magnitude[magnitude > 0], bins=edges)[0].tolist())


def test_coarse_histogram_is_near_numpys_and_honest_about_its_width() -> None:
    values = np.random.default_rng(4).standard_normal(100_000).astype(np.float32)
    found = histogram(told(values))
    assert found is not None
    assert len(found.counts) == 64
    expected, _ = np.histogram(values, bins=64, range=(found.low, found.high))
    assert np.abs(np.asarray(found.counts) - expected).max() < 0.02 * expected.max()
    narrow = histogram(told((1 + 1e-3 * values).astype(np.float32)))
    assert narrow is not None
    assert 1 <= len(narrow.counts) <= 2


def test_integer_bins_hold_equally_many_integers() -> None:
    raw = np.arange(100, dtype=np.uint8)
    found = histogram(sketch_distribution(sketch(raw, DTYPES["uint8"]), 0.0, 99.0), integers=True)
    assert found is not None
    assert set(found.counts) == {2}
    assert found.low == -0.5
    truth = histogram(
        sketch_distribution(sketch(np.asarray([0, 1, 1], np.uint8), DTYPES["bool"]), 0, 1), integers=True
    )
    assert truth is not None
    assert truth.counts == (1, 2)


def test_a_constant_is_one_bin() -> None:
    found = histogram(told(np.full(9, 0.1, np.float32)))
    assert found is not None
    assert found.low == found.high == float(np.float32(0.1))
    assert found.counts == (9,)
