"""Bare pickles: numpy arrays and numbers, streams behind the stream."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pthreport.checkpoint import CheckpointError, LongBytes, Record, open_checkpoint

ARRAYS: dict[str, Any] = {
    "f4": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big": np.arange(4, dtype=">i4"),
    "bool": np.array([True, False]),
    "c16": np.array([1 + 2j]),
    "f2": np.array([0.5, 1.5], np.float16),
    "u8": np.array([2**63], np.uint64),
    "scalar array": np.array(3.5),
    "empty": np.empty((0, 4), np.int8),
    "strided": np.arange(10)[::3],
}


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_are_tensors(tmp_path: Path, protocol: int) -> None:
    file = tmp_path / "a.pkl"
    file.write_bytes(pickle.dumps({**ARRAYS, "again": ARRAYS["f4"]}, protocol))
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == "pickle"
        assert checkpoint.complete
        assert list(checkpoint.tensors) == [*ARRAYS, "again"]
        for name, expected in ARRAYS.items():
            tensor = checkpoint.tensors[name]
            assert tensor.origin == "numpy"
            assert tensor.dtype.name == expected.dtype.newbyteorder("=").name
            np.testing.assert_array_equal(tensor.numpy(), expected)
        assert all(one.verdict == "known" for one in checkpoint.imports)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_large_arrays_stay_in_the_file(tmp_path: Path, protocol: int) -> None:
    values = np.random.default_rng(3).normal(size=400_000)
    file = tmp_path / "a.pkl"
    file.write_bytes(pickle.dumps({"w": values, "raw": bytes(2_000_000)}, protocol))
    with open_checkpoint(file) as checkpoint:
        np.testing.assert_array_equal(checkpoint.tensors["w"].numpy(), values)
        assert checkpoint.tensors["w"].read(1000, 1001)[0] == values[1000]
        if protocol > 2:
            assert isinstance(checkpoint.tree["raw"], LongBytes)
            assert len(checkpoint.tree["raw"]) == 2_000_000


@pytest.mark.parametrize("protocol", range(6))
def test_numbers_of_numpy_are_numbers(tmp_path: Path, protocol: int) -> None:
    value = {"a": np.float32(0.1), "b": np.int64(-3), "c": np.bool_(True), "d": np.complex64(1j)}
    file = tmp_path / "a.pkl"
    file.write_bytes(pickle.dumps(value, protocol))
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tree == {"a": float(np.float32(0.1)), "b": -3, "c": True, "d": 1j}
        assert type(checkpoint.tree["c"]) is bool


def test_arrays_of_objects_stay_records(tmp_path: Path) -> None:
    file = tmp_path / "a.pkl"
    file.write_bytes(pickle.dumps([np.array([{"a": 1}], object), np.array(["text"])], 4))
    with open_checkpoint(file) as checkpoint:
        assert all(isinstance(one, Record) and one.type_name == "numpy.ndarray" for one in checkpoint.tree)
        assert checkpoint.tree[0].state[-1] == [{"a": 1}]
        assert checkpoint.complete


def test_an_array_with_too_few_bytes_is_not_filled_up(tmp_path: Path) -> None:
    content = pickle.dumps(np.arange(100, dtype=np.uint8), 4)
    assert b"KdC" not in content
    cut = content.replace(b"K\x64\x85", b"K\x70\x85", 1)
    assert cut != content
    file = tmp_path / "a.pkl"
    file.write_bytes(cut)
    with open_checkpoint(file) as checkpoint:
        assert not checkpoint.complete
        assert "need 112 bytes" in (checkpoint.tensors[""].problem or "")


def test_pickles_behind_the_pickle_are_searched(tmp_path: Path) -> None:
    evil = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."
    file = tmp_path / "a.pkl"
    file.write_bytes(pickle.dumps({"a": 1}) + b"\xfe" + evil)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tree == {"a": 1}
        assert not checkpoint.complete
        assert [(one.module, one.name, one.verdict) for one in checkpoint.imports] == [
            ("os", "system", "dangerous")
        ]


def test_text_is_not_taken_for_protocol_0(tmp_path: Path) -> None:
    file = tmp_path / "a.pth"
    for text in (
        b"import torch\n",
        b"cat\ndog\nbird",
        b"{}",
        b"(see below)",
        b"N.B. this is no checkpoint",
    ):
        file.write_bytes(text)
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            open_checkpoint(file)
