"""Estimated spectra against exact ones, within the error they state."""

import numpy as np
import pytest

from pthreport.document.spectrum import Spectrum
from pthreport.measure.source import Array
from pthreport.measure.spectrum import SpectrumTask, cost, spectra_of, spectrum
from tests.measure.arrays import tensor


def laws() -> dict[str, Array]:
    random = np.random.default_rng(5)
    basis, _ = np.linalg.qr(random.standard_normal((400, 400)))
    return {
        "gauss": random.standard_normal((400, 700)),
        "square": random.standard_normal((400, 400)),
        "tall": random.standard_normal((1200, 300)),
        "heavy": random.standard_t(2.5, (400, 800)),
        "power": basis * np.arange(1, 401) ** -0.7 @ basis.T,
        "spike": random.standard_normal((400, 600)) + 20 * np.outer(basis[0], np.ones(600)),
        "tiny": random.standard_normal((300, 500)) * 1e-30,
        "huge": random.standard_normal((300, 500)) * 1e30,
    }


def both(
    array: Array, monkeypatch: pytest.MonkeyPatch, dtype: str | None = None
) -> tuple[Spectrum, Spectrum]:
    task = SpectrumTask(tensor(array, dtype))
    exact = spectra_of(task, "full").whole
    monkeypatch.setattr(spectrum, "EXACT_COST", 0.0)
    estimated = spectra_of(task).whole
    assert exact is not None
    assert estimated is not None
    assert (exact.method, estimated.method) == ("exact", "estimated")
    return exact, estimated


@pytest.mark.parametrize("law", sorted(laws()))
def test_within_the_stated_error(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exact, estimated = both(laws()[law].astype(np.float32), monkeypatch)
    errors = estimated.errors
    assert errors is not None
    assert abs(estimated.spectral_norm - exact.spectral_norm) <= errors.spectral_norm
    assert errors.spectral_norm < 0.01 * exact.spectral_norm
    assert estimated.frobenius_norm == pytest.approx(exact.frobenius_norm, rel=1e-9)
    assert exact.stable_rank is not None
    assert estimated.stable_rank is not None
    assert abs(estimated.stable_rank - exact.stable_rank) <= errors.stable_rank + 1e-9 * exact.stable_rank
    assert exact.effective_rank is not None
    assert estimated.effective_rank is not None
    assert errors.effective_rank is not None
    assert abs(estimated.effective_rank - exact.effective_rank) <= errors.effective_rank
    assert errors.effective_rank < 0.1 * exact.effective_rank
    assert exact.rank is not None
    if estimated.rank is not None:
        assert errors.rank is not None
        assert abs(estimated.rank - exact.rank) <= errors.rank
    if estimated.alpha is not None and exact.alpha is not None:
        assert errors.alpha is not None
        assert abs(estimated.alpha - exact.alpha) <= errors.alpha
    assert estimated.random is not None
    assert exact.random is not None
    assert abs(estimated.random.above - exact.random.above) <= 2


@pytest.mark.parametrize("law", sorted(laws()))
def test_in_brief_the_error_is_larger_and_holds(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    array = laws()[law].astype(np.float32)
    exact, _ = both(array, monkeypatch)
    found = spectra_of(SpectrumTask(tensor(array), brief=True)).whole
    assert found is not None
    assert found.errors is not None
    assert found.method == "estimated"
    assert abs(found.spectral_norm - exact.spectral_norm) <= found.errors.spectral_norm
    assert found.errors.spectral_norm < 0.05 * exact.spectral_norm
    assert found.frobenius_norm == pytest.approx(exact.frobenius_norm, rel=1e-9)
    if found.effective_rank is not None:
        assert exact.effective_rank is not None
        assert found.errors.effective_rank is not None
        assert abs(found.effective_rank - exact.effective_rank) <= found.errors.effective_rank
    else:
        assert law in ("power", "spike")


def test_an_effective_rank_that_is_not_known_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(8)
    basis, _ = np.linalg.qr(random.standard_normal((600, 600)))
    array = (basis * np.exp(-np.arange(600) / 40) @ basis.T).astype(np.float32)
    monkeypatch.setattr(spectrum, "EXACT_COST", 0.0)
    found = spectra_of(SpectrumTask(tensor(array), brief=True)).whole
    assert found is not None
    assert found.errors is not None
    assert (found.effective_rank, found.errors.effective_rank) == (None, None)
    assert found.spectral_norm == pytest.approx(1.0, abs=found.errors.spectral_norm)


def test_in_brief_what_is_cheap_is_computed() -> None:
    wide, square = (
        np.random.default_rng(9).standard_normal(s, np.float32) for s in ((16, 4000), (1500, 1500))
    )
    for array, method in ((wide, "exact"), (square, "estimated")):
        task = SpectrumTask(tensor(array), brief=True)
        found = spectra_of(task).whole
        assert found is not None
        assert found.method == method
        assert cost(task) <= cost(SpectrumTask(tensor(array)))
        full = spectra_of(task, "full").whole
        assert full is not None
        assert full.method == "exact"


def test_rank_of_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(6)
    low = (random.standard_normal((300, 30)) @ random.standard_normal((30, 400))).astype(np.float32)
    bits = ((low.view(np.uint32) + 0x8000) >> 16).astype(np.uint16)
    exact, estimated = both(bits, monkeypatch, "bfloat16")
    assert exact.rank == 30
    assert estimated.rank is not None
    assert estimated.errors is not None
    assert estimated.errors.rank is not None
    assert abs(estimated.rank - 30) <= estimated.errors.rank


def test_rank_is_not_told_where_float32_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(6)
    low = (random.standard_normal((300, 30)) @ random.standard_normal((30, 400))).astype(np.float32)
    exact, estimated = both(low, monkeypatch)
    assert exact.rank == 30
    assert estimated.rank is None


@pytest.mark.parametrize("array", [np.zeros((200, 300)), np.eye(200), np.ones((200, 300))])
def test_odd_matrices(array: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "EXACT_COST", 0.0)
    found = spectra_of(SpectrumTask(tensor(array.astype(np.float32)))).whole
    assert found is not None
    assert found.spectral_norm == pytest.approx(np.linalg.norm(array, 2), rel=1e-5, abs=0)


@pytest.mark.parametrize("dtype", [np.float64, np.complex64])
def test_other_types(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(8)
    array: Array = random.standard_normal((200, 300)) * (1 + 1j if dtype is np.complex64 else 1e200)
    array = array.astype(dtype)
    exact, estimated = both(array, monkeypatch)
    assert estimated.errors is not None
    assert abs(estimated.spectral_norm - exact.spectral_norm) <= estimated.errors.spectral_norm


def test_not_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "EXACT_COST", 0.0)
    array = np.ones((200, 300), np.float32)
    array[7, 9] = np.nan
    assert spectra_of(SpectrumTask(tensor(array))).reason == "some values are not finite"


def test_read_again_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    array = laws()["gauss"].astype(np.float32)
    _, held = both(array, monkeypatch)
    monkeypatch.setattr(spectrum, "HELD", 0)
    assert spectra_of(SpectrumTask(tensor(array))).whole == held
