"""Statistics and spectra of every kind of value, in every type, however it lies in memory, against numpy
in float64."""

import warnings

import numpy as np
import pytest

from pthreport.document.spectrum import Spectrum
from pthreport.measure import Task, measure_one
from pthreport.measure.source import Array
from pthreport.measure.spectrum import SpectrumTask, spectra_of
from tests.measure.spectrum import reference
from tests.measure.test_run import check
from tests.measure.values import EXTREMES, LAWS, LAYOUTS, TYPES, stored

NAMES = [*TYPES, "qint8"]
SHAPES = [(1, 1), (1, 7), (6, 1), (70, 150), (130, 90)]


def made(law: str, name: str, shape: tuple[int, int]) -> Array:
    """Values of a law, of the same seed for the same question."""
    return LAWS[law](np.random.default_rng(sum(map(ord, law + name))), shape)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("law", LAWS)
def test_statistics(law: str, name: str, layout: str) -> None:
    for shape in SHAPES:
        source, wide = stored(made(law, name, shape), name, layout)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = measure_one(Task(source, unit_axis=0, precision="estimate")).statistics
        assert found is not None
        check(found, np.abs(wide) if np.iscomplexobj(wide) else wide)
        if np.iscomplexobj(wide):
            assert found.parts is not None
            check(found.parts["imaginary"], wide.imag)


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("name", EXTREMES)
def test_statistics_at_the_ends_of_a_type(name: str, end: int) -> None:
    values = np.random.default_rng(9).standard_normal((90, 110)).clip(-2, 2) * EXTREMES[name][end]
    source, wide = stored(values, name)
    found = measure_one(Task(source)).statistics
    assert found is not None
    # Relative to a power of two, which loses nothing, so that numpy's squares stay inside float64.
    scale = 2.0 ** np.floor(np.log2(np.abs(wide).max()))
    scaled = wide / scale
    assert found.mean is not None
    assert found.std is not None
    assert found.mean / scale == pytest.approx(scaled.mean(), rel=1e-9)
    assert found.std / scale == pytest.approx(scaled.std(), rel=1e-9)
    assert (found.min, found.max) == (wide.min(), wide.max())
    assert found.zeros == np.count_nonzero(wide == 0)
    assert found.kurtosis == pytest.approx(
        (((scaled - scaled.mean()) / scaled.std()) ** 4).mean() - 3, rel=1e-6
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("law", LAWS)
def test_spectra(law: str, name: str, layout: str) -> None:
    for shape in SHAPES:
        source, wide = stored(made(law, name, shape), name, layout)
        found = spectra_of(SpectrumTask(source))
        if not np.isfinite(wide).all():
            assert found.reason == "some values are not finite"
            continue
        _spectrum(found.whole, wide)


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("name", EXTREMES)
def test_spectra_at_the_ends_of_a_type(name: str, end: int) -> None:
    values = np.random.default_rng(9).standard_normal((90, 110)).clip(-2, 2) * EXTREMES[name][end]
    source, wide = stored(values, name)
    _spectrum(spectra_of(SpectrumTask(source)).whole, wide)


def _spectrum(found: object, wide: Array) -> None:
    assert isinstance(found, Spectrum)
    peak = float(np.abs(wide).max())
    scale = 2.0 ** np.floor(np.log2(peak)) if peak > 0 else 1.0
    values = reference.singular_values(wide / scale)
    assert found.method == "exact"
    assert found.spectral_norm / scale == pytest.approx(values[0], rel=1e-12)
    assert found.frobenius_norm / scale == pytest.approx(np.linalg.norm(values), rel=1e-12)
    threshold = found.rank_threshold / scale
    sure = np.abs(values - threshold) > 1e-9 * values[0]
    assert found.rank is not None
    assert np.count_nonzero((values > threshold) & sure) <= found.rank
    assert found.rank <= np.count_nonzero((values > threshold) | ~sure)
    if values[0] == 0:
        assert (found.stable_rank, found.effective_rank, found.condition) == (None, None, None)
        assert found.random is None
        return
    assert found.stable_rank == pytest.approx((values**2).sum() / values[0] ** 2, rel=1e-12)
    share = values[values > 1e-9 * values[0]] / values.sum()
    assert found.effective_rank == pytest.approx(np.exp(-(share * np.log(share)).sum()), rel=1e-4)
    noise = found.random
    assert noise is not None
    deviation = np.sqrt(np.square(np.abs(wide / scale)).mean())
    few, many = sorted(wide.shape)
    assert noise.low / scale == pytest.approx(
        deviation * (np.sqrt(many) - np.sqrt(few)), rel=1e-9, abs=1e-12
    )
    assert noise.high / scale == pytest.approx(deviation * (np.sqrt(many) + np.sqrt(few)), rel=1e-9)
    beyond = np.count_nonzero(values * scale > noise.high_margin)
    assert noise.above == beyond
    below = np.count_nonzero(values * scale < noise.low_margin)
    assert noise.outside == pytest.approx((beyond + below) / values.size)
