"""Tensors without a plain storage: sparse, nested, wrapped, quantized per channel, without values."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing._internal.two_tensor import TwoTensor

from pthreport import analyze
from pthreport.checkpoint import ReadError, Record, Tensor, open_checkpoint
from tests.checkpoint.files import rezip, save


@pytest.fixture(autouse=True)
def _torch_may_warn() -> Iterator[None]:
    """Sparse and nested layouts are in beta state, and say so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def matrix() -> torch.Tensor:
    torch.manual_seed(1)
    dense = torch.randn(4, 6)
    dense[dense < 0.3] = 0
    return dense


def layouts() -> dict[str, torch.Tensor]:
    dense = matrix()
    return {
        "coo": dense.to_sparse(),
        "csr": dense.to_sparse_csr(),
        "csc": dense.to_sparse_csc(),
        "bsr": dense.to_sparse_bsr((2, 3)),
        "bsc": dense.to_sparse_bsc((2, 3)),
        "batches": torch.stack([dense, dense * 2]).to_sparse_csr(),
        "batched blocks": torch.stack([dense, dense * 2]).to_sparse_bsc((2, 2)),
        "dense dims": torch.randn(4, 6, 3).to_sparse_csr(dense_dim=1),
        "hybrid": torch.sparse_coo_tensor(torch.tensor([[0, 0, 2]]), torch.randn(3, 5), (4, 5)),
        "repeated": torch.sparse_coo_tensor(torch.tensor([[1, 1], [2, 2]]), [1.0, 2.0], (3, 3)),
        "empty": torch.sparse_coo_tensor(torch.zeros(2, 0), torch.zeros(0), (5, 5)),
        "half": dense.half().to_sparse(),
        "integers": dense.int().to_sparse(),
    }


@pytest.mark.parametrize("legacy", [False, True])
def test_values_and_shapes_of_every_layout(legacy: bool, tmp_path: Path) -> None:
    values = layouts()
    file = save(tmp_path / "s.pt", values, _use_new_zipfile_serialization=not legacy)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.problems == []
        assert {one.verdict for one in checkpoint.imports} == {"known"}
        for name, value in values.items():
            tensor = checkpoint.tensors[name]
            assert tensor.logical_shape == tuple(value.shape)
            assert tensor.sparse is not None
            assert f"torch.{tensor.sparse.layout}" == str(value.layout)
            stored = value._values() if value.layout == torch.sparse_coo else value.values()
            assert tensor.shape == tuple(stored.shape)
            np.testing.assert_array_equal(tensor.numpy(), value.to_dense().numpy())
        assert "coo.indices" in checkpoint.tensors
        assert {"csc.ccol_indices", "csc.row_indices"} <= set(checkpoint.tensors)


def test_the_report_measures_what_is_stored(tmp_path: Path) -> None:
    dense = matrix()
    module = {
        "a.weight": dense.to_sparse(),
        "a.bias": torch.ones(4),
        "c.weight": torch.ones(4, 3, 3, 3).to_sparse(),
    }
    report = analyze(save(tmp_path / "m.pt", module))
    record = next(one for one in report.tensors if one.path == "a.weight")
    assert (record.shape, record.numel, record.status) == ((4, 6), 24, "complete")
    assert record.notes == ("sparse (COO): 7 of 24 elements are stored; the figures are theirs",)
    assert record.statistics is not None
    assert record.statistics.count == 7
    assert record.statistics.mean == pytest.approx(float(dense[dense != 0].double().mean()))
    assert report.models[0].parameters == 24 + 4 + 108


def test_a_sparse_parameter_keeps_its_indices(tmp_path: Path) -> None:
    parameter = nn.Parameter(matrix().to_sparse())
    parameter.label = "kept"  # type: ignore[attr-defined]
    with open_checkpoint(save(tmp_path / "p.pt", {"p": parameter})) as checkpoint:
        tensor = checkpoint.tensors["p"]
        assert tensor.is_parameter
        assert tensor.attributes["label"] == "kept"
        np.testing.assert_array_equal(tensor.numpy(), matrix().numpy())


@pytest.mark.parametrize(
    ("indices", "size"),
    [([[0, 9], [0, 0]], (2, 2)), ([[-1, 0], [0, 0]], (2, 2)), ([[0, 1], [0, 1]], (1 << 20, 1 << 20))],
)
def test_indices_that_do_not_fit_are_refused(indices: Any, size: Any, tmp_path: Path) -> None:
    forged = torch.sparse_coo_tensor(torch.tensor(indices), [1.0, 2.0], size, check_invariants=False)
    with open_checkpoint(save(tmp_path / "f.pt", {"f": forged})) as checkpoint:
        tensor = checkpoint.tensors["f"]
        assert tensor.read(0, 2).tolist() == [1, 2]
        with pytest.raises(ReadError):
            tensor.numpy()


def test_parts_that_do_not_fit_stay_a_record(tmp_path: Path) -> None:
    """Three values for two pairs of indices: the parts are still there."""
    value = torch.sparse_coo_tensor(torch.tensor([[0, 1], [0, 1]]), [1.0, 2.0], (2, 2))
    plain = save(tmp_path / "p.pt", {"s": value})
    # The pickle's only TUPLE2 of small integers that is (2, 2) followed by the strides of the indices.
    forged = rezip(
        plain,
        tmp_path / "f.pt",
        change=lambda n, c: c.replace(b"K\x02K\x02\x86", b"K\x01K\x02\x86", 1) if "data.pkl" in n else c,
    )
    with open_checkpoint(forged) as checkpoint:
        made = checkpoint.tree["s"]
        assert isinstance(made, Record | Tensor)
        assert len(checkpoint.tensors) == 2


def test_a_nested_tensor_is_its_buffer(tmp_path: Path) -> None:
    parts = [torch.ones(2, 3), torch.zeros(4, 3)]
    value = torch.nested.nested_tensor(parts)
    with open_checkpoint(save(tmp_path / "n.pt", {"n": value})) as checkpoint:
        assert checkpoint.problems == []
        tensor = checkpoint.tensors["n"]
        assert tensor.numpy().tolist() == [1.0] * 6 + [0.0] * 12
        assert "2 of 2 dims" in (tensor.type_name or "")
        assert checkpoint.tensors["n.sizes"].numpy().tolist() == [[2, 3], [4, 3]]


def test_a_jagged_tensor_is_known_and_its_parts_are_there(tmp_path: Path) -> None:
    parts = [torch.ones(2, 3), torch.zeros(4, 3)]
    value = torch.nested.nested_tensor(parts, layout=torch.jagged)
    with open_checkpoint(save(tmp_path / "j.pt", {"j": value})) as checkpoint:
        assert {one.verdict for one in checkpoint.imports} == {"known"}
        shapes = {path.rpartition(".")[2]: one.shape for path, one in checkpoint.tensors.items()}
        assert shapes["_values"] == (6, 3)
        assert shapes["_offsets"] == (3,)


def test_a_wrapper_has_no_values_and_what_it_wraps_has(tmp_path: Path) -> None:
    value = TwoTensor(torch.ones(2), torch.zeros(2))  # type: ignore[no-untyped-call]
    with open_checkpoint(save(tmp_path / "w.pt", {"w": value})) as checkpoint:
        assert checkpoint.complete
        wrapper = checkpoint.tensors["w"]
        assert wrapper.absent
        assert "TwoTensor" in (wrapper.problem or "")
        assert checkpoint.tensors["w.a"].numpy().tolist() == [1, 1]
        assert checkpoint.tensors["w.b"].numpy().tolist() == [0, 0]


def test_scales_per_channel(tmp_path: Path) -> None:
    value = torch.quantize_per_channel(
        torch.randn(3, 4), torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0, 1, 2]), 0, torch.qint8
    )
    with open_checkpoint(save(tmp_path / "q.pt", {"q": value})) as checkpoint:
        tensor = checkpoint.tensors["q"]
        assert tensor.quantization is not None
        assert tensor.quantization.axis == 0
        np.testing.assert_allclose(tensor.numpy(), value.dequantize().numpy(), rtol=1e-6)
