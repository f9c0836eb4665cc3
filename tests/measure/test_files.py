"""Measuring tensors of real files, written by torch, against torch and numpy on the same tensors."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from pthreport.checkpoint import open_checkpoint
from pthreport.measure import Task, measure


def written(path: Path) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    storage = torch.randn(600, 500)
    tensors = {
        "plain": torch.randn(700, 300),
        "kernels": torch.randn(64, 16, 3, 3).to(memory_format=torch.channels_last),
        "half": torch.randn(50, 70, dtype=torch.float16),
        "brain": torch.randn(400, 300).bfloat16(),
        "eight": torch.randn(40, 30).to(torch.float8_e4m3fn),
        "double": torch.randn(20, 30, dtype=torch.float64),
        "columns": storage.t(),
        "strided": storage[::3, 1::2],
        "expanded": torch.randn(1, 9).expand(7, 9),
        "complex": torch.randn(30, 40, dtype=torch.complex64),
        "steps": torch.arange(1000),
        "scalar": torch.tensor(3),
        "mask": torch.rand(30, 30) > 0.5,
        "empty": torch.zeros(0, 4),
    }
    torch.save(tensors, path)
    return tensors


def test_every_tensor_of_a_file(tmp_path: Path) -> None:
    tensors = written(tmp_path / "some.pt")
    with open_checkpoint(tmp_path / "some.pt") as checkpoint:
        tasks = [
            Task(
                item, unit_axis=0 if item.shape else None, picture="tiles" if len(item.shape) > 1 else None
            )
            for item in checkpoint.tensors.values()
        ]
        found = measure(tasks, jobs=2)
    assert set(found) == set(tensors)
    for name, value in tensors.items():
        wide = value.abs().double().numpy() if value.is_complex() else value.double().numpy()
        statistics = found[name].statistics
        assert statistics is not None, name
        assert statistics.count == wide.size
        if not wide.size:
            continue
        assert statistics.mean == pytest.approx(wide.mean(), rel=1e-6, abs=1e-12)
        assert statistics.std == pytest.approx(wide.std(), rel=1e-6)
        assert statistics.l2 == pytest.approx(np.linalg.norm(wide), rel=1e-6)
        units = found[name].units
        if value.dim() > 1:
            assert units is not None
            norms = np.linalg.norm(wide.reshape(wide.shape[0], -1), axis=1)
            assert np.asarray(units.norms) == pytest.approx(norms[: len(units.norms)], rel=1e-6), name
            assert found[name].picture is not None
        excerpt = found[name].excerpt
        assert excerpt is not None
        text = excerpt.rows[0][0]
        number = complex(text) if value.is_complex() else float({"True": "1", "False": "0"}.get(text, text))
        again = torch.tensor(number, dtype=torch.complex128 if value.is_complex() else torch.float64)
        assert again.to(value.dtype) == value.reshape(-1)[0], name


def test_a_quantized_tensor_of_a_file(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that its quantized types are on their way out
        value = torch.quantize_per_channel(
            torch.randn(6, 40), torch.rand(6) + 0.01, torch.zeros(6, dtype=torch.long), 0, torch.qint8
        )
        torch.save({"q": value}, tmp_path / "q.pt")
        expected = value.dequantize().double().numpy()
    with open_checkpoint(tmp_path / "q.pt") as checkpoint:
        found = measure([Task(checkpoint.tensors["q"], unit_axis=0)])["q"].statistics
    assert found is not None
    assert found.of == "dequantised"
    assert found.mean == pytest.approx(expected.mean(), rel=1e-6)
    assert found.std == pytest.approx(expected.std(), rel=1e-6)
    assert found.max == expected.max()
