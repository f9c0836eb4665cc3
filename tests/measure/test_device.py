"""Torch's arithmetic on a device against numpy's: on torch's own CPU always, on a GPU where there is one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pthreport.command.main import main
from pthreport.document.spectrum import Spectrum
from pthreport.measure import Task, measure_one
from pthreport.measure.device import DeviceError, device_of
from pthreport.measure.spectrum import SpectrumTask, spectra_of
from pthreport.measure.spectrum.algebra import TorchAlgebra
from pthreport.measure.spectrum.estimated import density
from tests.command.command import write_checkpoint
from tests.measure.arrays import ArrayTensor, tensor

GPU = torch.cuda.is_available()
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not GPU, reason="no CUDA device"))]
R = np.random.default_rng(8)


def _raw(dtype: torch.dtype, name: str) -> ArrayTensor:
    values = torch.from_numpy(R.standard_normal(40_000)).to(dtype)
    width = {1: torch.uint8, 2: torch.int16}[values.element_size()]
    raw = values.view(width).numpy()
    return tensor(
        raw.view(np.float16) if name == "float16" else raw.view(raw.dtype.str.replace("i", "u")), name
    )


def _odd() -> ArrayTensor:
    values = (R.standard_normal(50_000) * 1e-38).astype(np.float32)
    values[::3], values[1::9], values[2::9], values[4::9] = 0.0, np.nan, np.inf, -np.inf
    values[5::9] = -0.0
    return tensor(values)


TENSORS: dict[str, Callable[[], ArrayTensor]] = {
    "float32": lambda: tensor(R.standard_normal((300, 400), np.float32)),
    "float32, odd": _odd,
    "float64": lambda: tensor(R.standard_normal((300, 400)) * 1e39),
    "complex": lambda: tensor((R.standard_normal(20_000) * (1 + 1j)).astype(np.complex64)),
    "bfloat16": lambda: _raw(torch.bfloat16, "bfloat16"),
    "float16": lambda: _raw(torch.float16, "float16"),
    "float8": lambda: _raw(torch.float8_e4m3fn, "float8_e4m3fn"),
    "int8": lambda: tensor(R.integers(-128, 128, 30_000).astype(np.int8)),
    "int64": lambda: tensor(R.integers(-(2**40), 2**40, 30_000)),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", TENSORS)
def test_sketches_are_the_same_to_the_last_count(name: str, device: str) -> None:
    source = TENSORS[name]()
    there, here = (measure_one(Task(source, unit_axis=0, device=place)) for place in (device, None))
    assert there.statistics == here.statistics
    assert there.histogram == here.histogram
    assert there.sketch is not None
    assert here.sketch is not None
    np.testing.assert_array_equal(there.sketch.keys, here.sketch.keys)
    np.testing.assert_array_equal(there.sketch.counts, here.sketch.counts)


def figures(found: Spectrum) -> dict[str, float]:
    """The figures that are no counts."""
    names = ("spectral_norm", "frobenius_norm", "stable_rank", "effective_rank", "alpha", "alpha_ks")
    return {name: value for name in names if (value := getattr(found, name)) is not None}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(300, 500), (400, 90), (64, 80, 3, 3), (96, 64, 5)])
def test_spectra_differ_by_rounding(shape: tuple[int, ...], device: str) -> None:
    for array in (
        R.standard_normal(shape, np.float32),
        (R.standard_normal(shape) + 1j * R.standard_normal(shape)).astype(np.complex64),
    ):
        task = SpectrumTask(tensor(array), f"conv{len(shape) - 2}d" if len(shape) > 2 else "linear")
        there, here = spectra_of(task, algebra=TorchAlgebra(device)).whole, spectra_of(task).whole
        assert there is not None
        assert here is not None
        assert figures(there) == pytest.approx(figures(here), rel=1e-10)
        assert (there.rank, there.alpha_tail) == (here.rank, here.alpha_tail)
        assert (there.pooled is None) == (here.pooled is None)
        if there.pooled is not None and here.pooled is not None:
            assert there.pooled.alpha == pytest.approx(here.pooled.alpha, rel=1e-10)


@pytest.mark.parametrize("device", DEVICES)
def test_estimates_agree_to_products_in_float32(device: str) -> None:
    matrix = R.standard_normal((200, 700), np.float32)
    panels = [matrix[:, :300], matrix[:, 300:]]
    there = density(lambda: iter(panels), 200, algebra=TorchAlgebra(device))
    here = density(lambda: iter(panels), 200)
    np.testing.assert_allclose(there.top[:5], here.top[:5], rtol=1e-6)
    # Rounding may settle another number of values: the sums then differ, by less than their stated error.
    error = here.spread(lambda found: found.sum(np.sqrt))
    assert there.sum(np.sqrt) == pytest.approx(here.sum(np.sqrt), abs=error)


def test_torchs_errors_become_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(np.linalg.LinAlgError):
        TorchAlgebra("cpu").eigenvalues(np.full((3, 3), np.nan))

    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("no room")

    monkeypatch.setattr(torch.linalg, "eigvalsh", full)
    task = SpectrumTask(tensor(R.standard_normal((200, 300), np.float32)))
    found = spectra_of(task, algebra=TorchAlgebra("cpu"))
    assert found.whole is None
    assert found.reason is not None
    assert "memory" in found.reason


def test_which_device() -> None:
    assert device_of("cpu") is None
    assert device_of("auto") == ("cuda" if GPU else None)
    for asked in ("tpu", "cuda:", "cuda:x", "mps", ""):
        with pytest.raises(DeviceError, match="unknown"):
            device_of(asked)
    with pytest.raises(DeviceError, match="finds"):
        device_of("cuda:4096")


@pytest.mark.skipif(GPU, reason="there is a CUDA device")
def test_no_device_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = write_checkpoint(tmp_path / "model.pth")
    assert main([str(checkpoint), "--device", "cuda", "-o", str(tmp_path / "r.json")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "finds no CUDA device" in lines[0]
    assert "use --device cpu" in lines[0]
    assert not (tmp_path / "r.json").exists()
    for name, options in (("a", []), ("b", ["--device", "auto"])):
        assert main([str(checkpoint), "--quiet", "-o", str(tmp_path / f"{name}.json"), *options]) == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
