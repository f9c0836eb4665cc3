"""Single-file safetensors by its own writer, and headers that lie."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file

from pthreport.checkpoint import CheckpointError, Limits, open_checkpoint
from tests.checkpoint.files import same

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.float8_e8m0fnu,
]


def write(path: Path, header: Any, data: bytes = b"", raw: bytes | None = None) -> Path:
    text = json.dumps(header).encode() if raw is None else raw
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(dtype: str, shape: list[Any], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_every_type_and_the_metadata(tmp_path: Path) -> None:
    value = {
        f"layer.{dtype}": torch.randint(
            0, 2, (3, 8 * torch.empty(0, dtype=dtype).element_size()), dtype=torch.uint8
        )
        .view(dtype)
        .contiguous()
        for dtype in DTYPES
    }
    value |= {"scalar": torch.tensor(2.5), "empty": torch.empty(0, 3)}
    file = tmp_path / "m.pth"
    save_file(value, file, metadata={"format": "pt", "run": "7"})
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == "safetensors"
        assert checkpoint.complete
        assert checkpoint.problems == []
        assert checkpoint.imports == []
        assert checkpoint.tree["__metadata__"] == {"format": "pt", "run": "7"}
        assert set(checkpoint.tensors) == set(value)
        for name, expected in value.items():
            assert same(checkpoint.tensors[name].torch(), expected), name


@pytest.mark.parametrize(
    "metadata", [{"a": "b"}, {}, None, {"a": 1}, {"a": None}, {"a": {}}, [], "x", 1, True]
)
def test_metadata_is_text_to_text_as_the_library_has_it(tmp_path: Path, metadata: Any) -> None:
    file = write(tmp_path / "m", {"__metadata__": metadata, "w": entry("F32", [1], 0, 4)}, bytes(4))
    try:
        load(file.read_bytes())
        taken = True
    except SafetensorError:
        taken = False
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.complete
        assert [one.refused for one in checkpoint.problems] == ([] if taken else [True])


def test_a_cut_file_keeps_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "m.safetensors"
    save_file({"a": torch.ones(4), "b": torch.ones(4)}, file)
    file.write_bytes(file.read_bytes()[:-4])
    with open_checkpoint(file) as checkpoint:
        assert not checkpoint.complete
        assert checkpoint.tensors["a"].numpy().sum() == 4
        assert "cut short" in (checkpoint.tensors["b"].problem or "")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (entry("F32", [-1], 0, 4), "no list of sizes"),
        (entry("F32", [1.5], 0, 4), "no list of sizes"),
        (entry("F32", [True], 0, 4), "no list of sizes"),
        (entry("F33", [1], 0, 4), "unknown dtype 'F33'"),
        (entry("F32", [2], 0, 4), "need 8 bytes, its data_offsets span 4"),
        (entry("F32", [2**40, 2**40], 0, 4), "any memory addresses"),
        (entry("F32", [1], -4, 0), "no range"),
        (entry("F32", [1], 4, 0), "no range"),
        (entry("F32", [1] * 65, 0, 4), "65 dimensions"),
        (entry("F4", [3], 0, 2), "data_offsets span"),
        ({"dtype": "F32"}, "no dtype, shape and data_offsets"),
        (7, "no dtype, shape and data_offsets"),
    ],
)
def test_an_entry_that_lies_costs_only_itself(tmp_path: Path, bad: Any, words: str) -> None:
    file = write(tmp_path / "m", {"bad": bad, "good": entry("F32", [1], 0, 4)}, bytes(4))
    with open_checkpoint(file) as checkpoint:
        assert list(checkpoint.tensors) == ["good"]
        assert not checkpoint.complete
        told = [problem for problem in checkpoint.problems if problem.where == "bad"]
        assert words in told[0].text
        assert "bad" in checkpoint.tree


@pytest.mark.parametrize(
    ("header", "data", "words"),
    [
        ({"a": entry("U8", [4], 4, 8)}, bytes(8), "4 bytes before it belong to no tensor"),
        ({"a": entry("U8", [4], 0, 4)}, bytes(5), "1 byte at the end belong to no tensor"),
        ({"a": entry("U8", [4], 0, 4), "b": entry("U8", [4], 2, 6)}, bytes(6), "overlap"),
    ],
)
def test_holes_and_overlaps_are_told(tmp_path: Path, header: Any, data: bytes, words: str) -> None:
    with open_checkpoint(write(tmp_path / "m", header, data)) as checkpoint:
        assert words in checkpoint.problems[0].text


def test_types_below_a_byte_have_their_true_bytes(tmp_path: Path) -> None:
    entries = {"a": entry("F4", [4], 0, 2), "b": entry("F6_E2M3", [4], 2, 5)}
    with open_checkpoint(write(tmp_path / "m", entries, bytes([0x21, 0xF7, 1, 2, 3]))) as checkpoint:
        assert (checkpoint.tensors["a"].nbytes, checkpoint.tensors["b"].nbytes) == (2, 3)
        assert checkpoint.tensors["a"].numpy().tolist() == [0.5, 1.0, 6.0, -6.0]
        assert "F6_E2M3 is packed" in (checkpoint.tensors["b"].problem or "")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"a": ', "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a":' + b"[" * 100_000 + b"}", "nesting too large|not JSON"),
        (b'{"a":' + b"1" * 5_000 + b"}", "number or nesting too large"),
    ],
)
def test_a_header_that_is_none(tmp_path: Path, raw: bytes, words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        open_checkpoint(write(tmp_path / "m", None, raw=raw))


def test_header_lengths_are_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(struct.pack("<Q", 2**63) + b'{"a":1}')
    with pytest.raises(CheckpointError, match="only 7 follow"):
        open_checkpoint(file)
    with pytest.raises(CheckpointError, match="limit header_bytes is 100: --limit header_bytes=N"):
        open_checkpoint(write(file, {"a": "b" * 200}), Limits(header_bytes=100))


def test_a_name_that_stands_twice(tmp_path: Path) -> None:
    one = json.dumps(entry("U8", [1], 0, 1))
    file = write(tmp_path / "m", None, b"\x01", raw=f'{{"w": {one}, "w": {one}}}'.encode())
    with open_checkpoint(file) as checkpoint:
        assert not checkpoint.complete
        assert "occurs twice" in checkpoint.problems[0].text
