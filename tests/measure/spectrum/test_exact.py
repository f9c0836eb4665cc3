"""Exact spectra against numpy's SVD in double precision."""

from collections.abc import Callable

import numpy as np
import pytest

from pthreport.document.spectrum import Spectrum
from pthreport.measure.source import Array
from pthreport.measure.spectrum import Section, SpectrumTask, matrices, spectra_of
from tests.measure.arrays import ArrayTensor, ByChannel, tensor
from tests.measure.spectrum import reference

RANDOM = np.random.default_rng(11)


def whole(array: Array, dtype: str | None = None, **keywords: object) -> Spectrum:
    found = spectra_of(SpectrumTask(tensor(array, dtype), **keywords))  # type: ignore[arg-type]
    assert found.reason is None
    assert found.whole is not None
    return found.whole


def check(found: Spectrum, matrix: Array, rel: float = 1e-9) -> None:
    values = reference.singular_values(matrix)
    assert found.shape == matrix.shape
    assert found.method == "exact"
    assert found.spectral_norm == pytest.approx(values[0], rel=rel)
    ratio = values / values[0]
    assert found.frobenius_norm == pytest.approx(values[0] * np.sqrt((ratio**2).sum()), rel=rel)
    assert found.stable_rank == pytest.approx((ratio**2).sum(), rel=rel)
    share = (ratio / ratio.sum())[ratio > 0]
    assert found.effective_rank == pytest.approx(np.exp(-(share * np.log(share)).sum()), rel=1e-7)
    above = values[values > found.rank_threshold]
    assert found.rank == above.size
    if above.size:
        assert found.condition == pytest.approx(values[0] / above[-1], rel=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (40, 70), (70, 40), (90, 90), (300, 200)])
@pytest.mark.parametrize("scale", [1.0, 1e-38, 1e36])
def test_random(shape: tuple[int, int], scale: float) -> None:
    array = (RANDOM.standard_normal(shape) * scale).astype(np.float32)
    check(whole(array), array)


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300])
def test_double_precision_keeps_small_values(scale: float) -> None:
    left, _ = np.linalg.qr(RANDOM.standard_normal((120, 120)))
    right, _ = np.linalg.qr(RANDOM.standard_normal((120, 120)))
    array = left @ np.diag(np.geomspace(1, 1e-12, 120)) @ right * scale
    found = whole(array)
    check(found, array, 1e-8)
    assert found.rank == 120


@pytest.mark.parametrize("shape", [(150, 200), (200, 150), (60, 60)])
def test_low_rank(shape: tuple[int, int]) -> None:
    exact = RANDOM.standard_normal((shape[0], 7)) @ RANDOM.standard_normal((7, shape[1]))
    array = exact.astype(np.float32)
    found = whole(array)
    check(found, array)
    assert found.rank == 7


def test_constant_and_zero() -> None:
    check(whole(np.full((80, 90), 0.5, np.float32)), np.full((80, 90), 0.5))
    found = whole(np.zeros((80, 90), np.float32))
    assert (found.spectral_norm, found.frobenius_norm, found.rank) == (0.0, 0.0, 0)
    assert (found.stable_rank, found.effective_rank, found.condition) == (None, None, None)
    assert (found.random, found.points, found.alpha) == (None, None, None)


def test_dead_rows_are_exact_zeros() -> None:
    array = RANDOM.standard_normal((100, 120)).astype(np.float32)
    array[::3] = 0
    found = whole(array)
    check(found, array)
    assert found.rank == 66


def test_half_precision() -> None:
    values = RANDOM.standard_normal((128, 160)).astype(np.float32)
    half = values.astype(np.float16)
    check(whole(half), half.astype(np.float32))
    bits = (values.view(np.uint32) >> 16).astype(np.uint16)
    wide = (bits.astype(np.uint32) << 16).view(np.float32)
    check(whole(bits, "bfloat16"), wide)


def test_rounding_noise_is_not_counted_as_rank() -> None:
    exact = (RANDOM.standard_normal((512, 20)) @ RANDOM.standard_normal((20, 512))).astype(np.float32)
    bits = ((exact.view(np.uint32) + 0x8000) >> 16).astype(np.uint16)
    assert whole(bits, "bfloat16").rank == 20
    assert whole(exact.astype(np.float16)).rank == 20
    full = RANDOM.standard_normal((512, 256)).astype(np.float32)
    assert whole((full.view(np.uint32) >> 16).astype(np.uint16), "bfloat16").rank == 256


def test_complex_and_quantized() -> None:
    array: Array
    array = RANDOM.standard_normal((50, 80)).astype(np.complex64)
    array += 1j * RANDOM.standard_normal((50, 80)).astype(np.float32)
    check(whole(array), array)
    whole_numbers = RANDOM.integers(-128, 128, (40, 100)).astype(np.int8)
    scale, zero = RANDOM.uniform(0.1, 1, 40), np.zeros(40)
    quantized = ArrayTensor(whole_numbers, tensor(whole_numbers, "qint8").dtype)
    quantized.quantization = ByChannel(scale, zero, 0)
    found = spectra_of(SpectrumTask(quantized)).whole
    assert found is not None
    check(found, (whole_numbers * scale[:, None]).astype(np.float32), 1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nothing_of_what_is_not_finite(bad: float, dtype: type) -> None:
    for shape in ((8, 9), (200, 300)):
        array: Array = RANDOM.standard_normal(shape).astype(dtype)
        array[3, 4] = bad
        found = spectra_of(SpectrumTask(tensor(array)))
        assert found.whole is None
        assert found.reason == "some values are not finite"


@pytest.mark.parametrize(
    ("array", "kind", "reason"),
    [
        (np.ones(5, np.float32), "linear", "a vector"),
        (np.ones((0, 5), np.float32), "linear", "no values"),
        (np.ones((8, 1, 3, 3), np.float32), "depthwise-conv", "depthwise"),
        (np.ones((8, 8), np.int64), "linear", "int64"),
    ],
)
def test_refusals(array: Array, kind: str, reason: str) -> None:
    found = spectra_of(SpectrumTask(tensor(array), kind))
    assert found.whole is None
    assert reason in (found.reason or "")


def test_unreadable() -> None:
    broken = tensor(np.ones((4, 4), np.float32))
    broken.problem = "it was cut off"
    assert spectra_of(SpectrumTask(broken)).reason == "it was cut off"


@pytest.mark.parametrize("panel", [matrices.PANEL, 700, 64])
@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize("shape", [(30, 70), (70, 30)])
def test_panels_of_any_order(
    shape: tuple[int, int], turn: bool, panel: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = RANDOM.standard_normal(shape).astype(np.float32)
    stored = np.asfortranarray(array) if turn else array
    for axis, units in ((0, stored), (1, stored.T)):
        for section in (None, Section("part", (5, 25), (3, 19)), Section("part", (5, 12), (3, 29))):
            matrix = matrices.Matrix(SpectrumTask(tensor(stored), unit_axis=axis), section)
            wanted = units if section is None else units[slice(*section.rows), slice(*section.columns)]
            together = np.concatenate(list(matrix.panels(size=panel)), axis=1)
            assert together.shape == (min(wanted.shape), max(wanted.shape))
            np.testing.assert_allclose(
                reference.singular_values(together), reference.singular_values(wanted), rtol=1e-12
            )


def conv(out: int, into: int, *kernel: int) -> Array:
    return RANDOM.standard_normal((out, into, *kernel)).astype(np.float32)


def last(array: Array) -> Array:
    """The same values stored channels last."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)


@pytest.mark.parametrize("store", [np.ascontiguousarray, last])
@pytest.mark.parametrize("panel", [matrices.PANEL, 500])
def test_convolutions(store: Callable[[Array], Array], panel: int, monkeypatch: pytest.MonkeyPatch) -> None:
    array = store(conv(24, 16, 3, 3))
    task = SpectrumTask(tensor(array), "conv2d")
    together = np.concatenate(list(matrices.Matrix(task).panels(size=panel)), axis=1)
    wanted = array.reshape(24, -1)
    np.testing.assert_allclose(
        reference.singular_values(together), reference.singular_values(wanted), rtol=1e-12
    )
    check(whole(array, kind="conv2d"), wanted)

    turned = SpectrumTask(tensor(array), "conv-transpose", unit_axis=1)
    together = np.concatenate(list(matrices.Matrix(turned).panels(size=panel)), axis=1)
    wanted = array.transpose(1, 0, 2, 3).reshape(16, -1)
    np.testing.assert_allclose(
        reference.singular_values(together), reference.singular_values(wanted), rtol=1e-12
    )


def test_grouped_transposed_convolution() -> None:
    array = conv(8, 3, 3, 3)
    wanted = array.reshape(2, 4, 3, 3, 3).transpose(0, 2, 1, 3, 4).reshape(6, 36)
    check(whole(array, kind="conv-transpose", unit_axis=1, groups=2), wanted)


@pytest.mark.parametrize(
    "shape", [(40, 30, 3, 3), (64, 48, 1, 1), (20, 50, 5), (40, 3, 4, 4), (9, 9, 2, 3, 2)]
)
def test_pooled_kernel_slices(shape: tuple[int, ...]) -> None:
    array = RANDOM.standard_t(3, shape).astype(np.float32)
    pooled = whole(array, kind="conv2d").pooled
    assert pooled is not None
    flat = array.reshape(*shape[:2], -1)
    values = np.concatenate([reference.singular_values(flat[:, :, i]) for i in range(flat.shape[2])])
    assert pooled.count == values.size
    plain = reference.power_law((values**2).tolist())
    assert plain is not None
    if plain[3] >= 10 and plain[2] <= 0.2:
        assert (pooled.alpha, pooled.alpha_xmin, pooled.alpha_ks) == pytest.approx(plain[:3], rel=1e-7)
        assert pooled.alpha_tail == plain[3]
    else:
        assert pooled.alpha is None


def test_points_are_bounded_and_true() -> None:
    array = RANDOM.standard_normal((400, 500)).astype(np.float32)
    found = whole(array)
    points = found.points
    assert points is not None
    assert len(points.ranks) == len(points.values) <= 128
    assert list(points.ranks) == sorted(set(points.ranks))
    assert (points.ranks[0], points.ranks[-1]) == (0, 399)
    values = reference.singular_values(array)
    np.testing.assert_allclose(points.values, values[list(points.ranks)], rtol=1e-5)
    assert sum(points.counts) == 400
    assert points.log_high == pytest.approx(2 * np.log10(values[0]))


@pytest.mark.parametrize("noise", [0.0, 1e-16, 1e-15, 1e-14, 1e-13])
def test_singular_values_that_differ_by_rounding_alone_are_one_bin(noise: float) -> None:
    # An orthogonal matrix: values within an ulp of each other leave no room for bins between them.
    array = np.diag(1.0 + noise * np.arange(50))
    points = whole(array).points
    assert points is not None
    assert points.counts == (50,)
    assert points.log_low == points.log_high
