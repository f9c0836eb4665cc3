"""Precision against exact quantisation in float64, and against torch's own narrow types."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pthreport.checkpoint.dtypes import DTYPES
from pthreport.document import Precision
from pthreport.measure import Task, grids, measure, measure_one
from pthreport.measure.source import Array, Float64
from tests.measure.arrays import tensor

FIGURES = ("int8_tensor", "int8_channel", "int4_group", "fp8_e4m3", "fp8_e5m2")


def decibels(values: Float64, stored: Float64) -> float | None:
    signal, noise = float((values**2).sum()), float(((values - stored) ** 2).sum())
    if signal == 0:
        return None
    return math.inf if noise == 0 else 10 * math.log10(signal / noise)


def integers(rows: Float64, most: int) -> Float64:
    """Each row on its own symmetric grid."""
    tops = np.abs(rows).max(axis=1, keepdims=True)
    safe = np.where(tops > 0, tops, 1.0)
    return np.asarray(np.rint(rows / safe * most) / most * safe)


def eight_bits(values: Float64, name: str) -> Float64:
    """By torch's own rounding of the scaled values."""
    dtype: torch.dtype = getattr(torch, name)
    top = float(np.abs(values).max())
    scale = torch.finfo(dtype).max / top
    return np.asarray(torch.from_numpy(values * scale).to(dtype).double().numpy() / scale)


def reference(values: Float64, axis: int = 0) -> dict[str, float | None]:
    """The definitions, one by one; `values` in their logical shape."""
    rows = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    groups = [rows[:, start : start + 128] for start in range(0, rows.shape[1], 128)]
    four = np.concatenate([integers(group, 7) for group in groups], axis=1)
    return {
        "int8_tensor": decibels(rows, integers(rows.reshape(1, -1), 127).reshape(rows.shape)),
        "int8_channel": decibels(rows, integers(rows, 127)),
        "int4_group": decibels(rows, four),
        "fp8_e4m3": decibels(rows, eight_bits(rows, "float8_e4m3fn")),
        "fp8_e5m2": decibels(rows, eight_bits(rows, "float8_e5m2")),
    }


def found(values: Array, dtype: str | None = None, axis: int = 0, exact: bool = False) -> Precision:
    task = Task(tensor(values, dtype), unit_axis=axis, precision="exact" if exact else "estimate")
    result = measure_one(task)
    assert result.precision is not None, result.reason
    return result.precision


def same(precision: Precision, expected: dict[str, float | None]) -> None:
    for name in FIGURES:
        value, wanted = getattr(precision, name), expected[name]
        if wanted is None or math.isinf(wanted) or wanted > 250:
            assert value is None if wanted is None else value > 250
        else:
            # Ties of the scaled values, which torch rounds from float32, may fall either way.
            assert value == pytest.approx(wanted, abs=0.02), name


RANDOM = np.random.default_rng(11)
SMALL: dict[str, Array] = {
    "normal": RANDOM.standard_normal((30, 70)).astype(np.float32),
    "uniform": RANDOM.uniform(-1, 1, (40, 300)).astype(np.float32),
    "kernels": RANDOM.standard_normal((16, 20, 3, 3)).astype(np.float32),
    "heavy": RANDOM.standard_t(2, (30, 200)).astype(np.float32),
    "huge": (1e37 * RANDOM.standard_normal((20, 50))).astype(np.float32),
    "tiny": (1e-38 * RANDOM.standard_normal((20, 50))).astype(np.float32),
    "double": 1e-140 * RANDOM.standard_normal((20, 50)),
    "zero rows": np.vstack([np.zeros((3, 40)), RANDOM.standard_normal((5, 40))]).astype(np.float32),
    "one": np.full((1, 1), 0.3, np.float32),
    "half": RANDOM.standard_normal((60, 200)).astype(np.float16),
    "middle": RANDOM.standard_normal((100, 150)).astype(np.float32),
}


@pytest.mark.parametrize("name", SMALL)
def test_small_tensors_are_exact(name: str) -> None:
    values = SMALL[name]
    precision = found(values)
    assert precision.errors == {}
    assert precision.sampled == 0
    same(precision, reference(values.astype(np.float64)))


LARGE: dict[str, Array] = {
    "normal": RANDOM.standard_normal((600, 700)).astype(np.float32),
    "channels": (RANDOM.standard_normal((400, 64, 3, 3)) * RANDOM.uniform(0.01, 1, (400, 1, 1, 1))).astype(
        np.float32
    ),
    "heavy": RANDOM.standard_t(3, (500, 800)).astype(np.float32),
    "sparse": (RANDOM.standard_normal((600, 700)) * (RANDOM.uniform(size=(600, 700)) < 0.1)).astype(
        np.float32
    ),
    "wide": RANDOM.standard_normal((3, 200_000)).astype(np.float32),
    "columns": np.asfortranarray(RANDOM.standard_normal((500, 800)).astype(np.float32)),
    "channels last": np.moveaxis(RANDOM.standard_normal((300, 3, 3, 200)).astype(np.float32), 3, 1),
    "double": RANDOM.standard_normal((500, 800)),
}


@pytest.mark.parametrize("name", LARGE)
def test_long_tensors_are_estimated_within_the_stated_error(name: str) -> None:
    values = LARGE[name]
    expected = reference(values.astype(np.float64))
    same(found(values, exact=True), expected)
    precision = found(values)
    assert 0 < precision.sampled < 20_000
    assert set(precision.errors) == set(FIGURES)
    for figure in FIGURES:
        wanted = expected[figure]
        assert wanted is not None
        # The error is that of a 95 % interval: twice that is passed once in ten thousand times.
        assert abs(getattr(precision, figure) - wanted) < 2 * precision.errors[figure] + 0.002, figure
        assert precision.errors[figure] < 1.5


def test_sixteen_bits_need_no_estimate_of_the_whole_tensor() -> None:
    values = torch.from_numpy(LARGE["normal"]).bfloat16()
    raw = values.view(torch.int16).numpy().view(np.uint16)
    expected = reference(values.double().numpy())
    precision = found(raw, "bfloat16")
    assert set(precision.errors) == {"int8_channel", "int4_group"}
    for figure in ("int8_tensor", "fp8_e4m3", "fp8_e5m2"):
        assert getattr(precision, figure) == pytest.approx(expected[figure], abs=0.02)
    # The same values upcast: the sketch is exact for them, too, and half of the bytes are wasted.
    wasted = found(values.float().numpy())
    assert wasted.exact_in == ("bfloat16",)
    assert wasted.int8_tensor == precision.int8_tensor
    assert "int8_tensor" not in wasted.errors


def test_values_that_were_quantised_before_are_seen() -> None:
    grid = RANDOM.integers(-127, 128, (700, 600))
    grid[0, 0] = 127
    precision = found((grid * 0.37).astype(np.float32))
    assert precision.int8_tensor is not None
    assert precision.int8_tensor > 100
    # A few values off the grid elsewhere would be all the noise: nothing bounds that.
    assert precision.errors["int8_tensor"] == math.inf


@pytest.mark.parametrize("groups", [1, 4])
def test_channels_of_a_transposed_convolution(groups: int) -> None:
    values = RANDOM.standard_normal((32, 5, 3, 3)) * RANDOM.uniform(0.1, 1, (1, 5, 1, 1))
    values = values.astype(np.float32)
    task = Task(tensor(values), unit_axis=1, groups=groups, precision="estimate")
    precision = measure_one(task).precision
    assert precision is not None
    wide = values.astype(np.float64).reshape(groups, 32 // groups, 5, 9)
    rows = wide.transpose(0, 2, 1, 3).reshape(groups * 5, -1)
    assert precision.int8_channel == pytest.approx(decibels(rows, integers(rows, 127)), abs=1e-3)
    assert precision.channel_axis == 1


@pytest.mark.parametrize("groups", [1, 4])
def test_long_transposed_convolutions_group_along_their_inputs(groups: int) -> None:
    values = RANDOM.standard_normal((64, 96, 7, 7)).astype(np.float32)
    source = tensor(np.asfortranarray(values))
    exact = measure_one(Task(source, unit_axis=1, groups=groups, precision="exact")).precision
    assert exact is not None
    wide = values.astype(np.float64).reshape(groups, 64 // groups, 96, 49)
    rows = wide.transpose(0, 2, 1, 3).reshape(groups * 96, -1)
    same(exact, reference(rows))


def test_rounding_to_sixteen_bits() -> None:
    edge = [65504.0, 65519.99, 65520.0, -65536.0, 1e30, 3.3e38, 3.4e38, -3.4e38]
    small = [2.0**-25, 2.0**-25 * 1.01, 2.0**-26, -(2.0**-24), 2.0**-14, 6e-5, 0.0, 1.0, 2e-41, 1e-45]
    values = np.asarray([edge + small], np.float32).reshape(2, -1)
    precision = found(values)
    with np.errstate(over="ignore"):
        half = values.astype(np.float16).astype(np.float64)
    brain = torch.from_numpy(values).bfloat16().double().numpy()
    assert precision.float16 is not None
    assert precision.bfloat16 is not None
    assert precision.float16.overflow == int(np.isinf(half).sum())
    assert precision.float16.vanish == int(((half == 0) & (values != 0)).sum())
    assert precision.float16.subnormal == int(((np.abs(values) < 2.0**-14) & (half != 0)).sum())
    assert precision.bfloat16.overflow == int(np.isinf(brain).sum())
    assert precision.bfloat16.vanish == int(((brain == 0) & (values != 0)).sum())


def test_rounding_of_long_tensors_is_counted_exactly() -> None:
    values = (RANDOM.standard_normal((300, 400)) * 10.0 ** RANDOM.integers(-9, 6, (300, 400))).astype(
        np.float32
    )
    values[7] = np.nan
    precision = found(values)
    fine = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        half = fine.astype(np.float16)
    assert precision.float16 is not None
    assert precision.float16.overflow == int(np.isinf(half).sum())
    assert precision.float16.vanish == int(((half == 0) & (fine != 0)).sum())
    assert precision.float16.subnormal == int(((np.abs(fine) < 2.0**-14) & (half != 0)).sum())


@pytest.mark.parametrize("rows", [20, 400])
def test_wasted_precision(rows: int) -> None:
    narrow = RANDOM.standard_normal((rows, 300)).astype(np.float16)
    assert found(narrow.astype(np.float32)).exact_in == ("float16",)
    assert found(narrow.astype(np.float64)).exact_in == ("float32", "float16")
    assert found(RANDOM.integers(-8, 9, (rows, 300)).astype(np.float32)).exact_in == ("float16", "bfloat16")
    assert found(RANDOM.standard_normal((rows, 300))).exact_in == ()
    last = narrow.astype(np.float32)
    last[-1, -1] = 0.1
    last[0, 0] = np.nan
    assert found(last).exact_in == ()


@pytest.mark.parametrize("kind", ["int8", "complex64", "float8_e4m3fn", "bool"])
def test_nothing_is_said_of_types_that_are_no_wide_floats(kind: str) -> None:
    values = np.zeros((4, 5), DTYPES[kind].raw)
    assert measure_one(Task(tensor(values, kind), unit_axis=0, precision="estimate")).precision is None


def test_nothing_is_made_up_where_there_is_nothing() -> None:
    assert measure_one(Task(tensor(np.zeros((0, 4), np.float32)), precision="estimate")).precision is None
    assert measure_one(Task(tensor(np.zeros(9, np.float32)), precision="estimate")).precision is None
    nothing = found(np.zeros((3, 4), np.float32))
    assert [getattr(nothing, name) for name in FIGURES] == [None] * 5
    broken = measure_one(Task(tensor(np.full((3, 4), np.nan, np.float32)), precision="estimate")).precision
    assert broken is None


def test_jobs_change_nothing() -> None:
    tasks = [
        Task(tensor(values, path=name), unit_axis=0, precision="estimate") for name, values in LARGE.items()
    ]
    one, two = measure(tasks, jobs=1), measure(tasks, jobs=2)
    assert [one[name].precision for name in LARGE] == [two[name].precision for name in LARGE]


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=4, max_side=6),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    )
)
def test_any_small_array(values: Array) -> None:
    same(found(values), reference(values.astype(np.float64)) if values.any() else dict.fromkeys(FIGURES))


def test_bins_that_are_evenly_filled_are_modelled_right() -> None:
    for grid in (grids.INT8, grids.E4M3, grids.E5M2):
        low = np.sort(RANDOM.uniform(-1, 1, 200))
        high = np.minimum(low + np.abs(low) / 128, 1.0)
        share = (np.arange(4000) + 0.5) / 4000
        even = low[:, None] + (high - low)[:, None] * share
        wanted = grids.noise(even, grid).mean(axis=1)
        assert grids.mean_noise(low, high, grid) == pytest.approx(wanted, rel=2e-3, abs=1e-12)
