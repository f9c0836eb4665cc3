"""GGUF written by its own package: plain types, quantised blocks, and headers that lie."""

import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from pthreport.checkpoint import CheckpointError, Limits, ReadError, open_checkpoint
from pthreport.checkpoint.containers import gguf as reader
from pthreport.checkpoint.containers.gguf_blocks import QUANTISED, STEP, TYPES
from pthreport.measure import Task, measure
from tests.checkpoint.files import same

RANDOM = np.random.default_rng(5)
WRITABLE = ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "TQ1_0", "TQ2_0", "MXFP4")
"""Types that the package can also make."""

ROWS = RANDOM.standard_normal((6, 512)).astype(np.float32)


def write(path: Path, big: bool = False) -> tuple[Path, dict[str, np.ndarray[Any, Any]]]:
    """A file with a tensor of each type, and what numbers they stand for."""
    order = gguf.GGUFEndian.BIG if big else gguf.GGUFEndian.LITTLE
    writer = gguf.GGUFWriter(path, "llama", endianess=order)
    writer.add_name("tiny")
    writer.add_uint32("llama.block_count", 2)
    writer.add_float32("llama.rope.freq_base", 0.5)
    writer.add_bool("flag", True)
    writer.add_array("tokenizer.ggml.tokens", [f"token {number}" for number in range(500)])
    writer.add_array("tokenizer.ggml.scores", [float(number) for number in range(500)])
    writer.add_array("short", [1, 2, 3])
    values: dict[str, np.ndarray[Any, Any]] = {
        "f32": ROWS,
        "f16": ROWS.astype(np.float16),
        "f64": ROWS.astype(np.float64),
        "cube": np.arange(24, dtype=np.int32).reshape(2, 3, 4),
        "i8": np.arange(-4, 4, dtype=np.int8),
        "i16": np.arange(5, dtype=np.int16),
        "i64": np.arange(3, dtype=np.int64),
    }
    for name, value in values.items():
        writer.add_tensor(name, value)
    if not big:
        values["bf16"] = torch.from_numpy(ROWS).bfloat16().float().numpy()
        packed = gguf.quants.quantize(ROWS, GGMLQuantizationType.BF16)
        writer.add_tensor("bf16", packed, raw_dtype=GGMLQuantizationType.BF16)
        for word in WRITABLE:
            kind = GGMLQuantizationType[word]
            packed = gguf.quants.quantize(ROWS, kind)
            writer.add_tensor(word, packed, raw_dtype=kind)
            values[word] = gguf.quants.dequantize(packed, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path, values


@pytest.mark.parametrize("big", [False, True])
def test_every_type(tmp_path: Path, big: bool) -> None:
    file, values = write(tmp_path / "model.bin", big)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == "gguf"
        assert checkpoint.problems == []
        assert checkpoint.imports == []
        assert checkpoint.format["byte order"] == ("big" if big else "little")
        assert list(checkpoint.tensors) == list(values)
        for name, value in values.items():
            tensor = checkpoint.tensors[name]
            assert tensor.shape == value.shape, name
            assert np.array_equal(tensor.numpy().astype(value.dtype), value), name
        assert same(checkpoint.tensors["cube"].torch(), torch.from_numpy(values["cube"]))
        metadata = checkpoint.tree["__metadata__"]
        assert metadata["general.architecture"] == "llama"
        assert metadata["general.name"] == "tiny"
        assert metadata["llama.rope.freq_base"] == 0.5
        assert metadata["flag"] is True
        assert metadata["short"] == [1, 2, 3]
        tokens = metadata["tokenizer.ggml.tokens"]
        assert (tokens["length"], tokens["first"][:2]) == (500, ["token 0", "token 1"])
        assert metadata["tokenizer.ggml.scores"]["length"] == 500


@pytest.mark.parametrize("word", WRITABLE)
def test_blocks_stream(tmp_path: Path, word: str) -> None:
    file, values = write(tmp_path / "m")
    with open_checkpoint(file) as checkpoint:
        tensor = checkpoint.tensors[word]
        assert tensor.dtype.name == f"gguf:{word}"
        elements, nbytes = GGML_QUANT_SIZES[GGMLQuantizationType[word]]
        assert tensor.nbytes == ROWS.size // elements * nbytes
        flat = values[word].reshape(-1)
        for start, stop in ((0, 1), (31, 33), (5, 5), (250, 1030), (ROWS.size - 3, ROWS.size)):
            assert tensor.read(start, stop).tolist() == flat[start:stop].tolist()
        assert tensor.slice((2, slice(7, 300, 3))).tolist() == values[word][2, 7:300:3].tolist()
        assert torch.equal(tensor.torch(), torch.from_numpy(values[word]))


def test_more_blocks_than_are_turned_at_a_time(tmp_path: Path) -> None:
    rows = RANDOM.standard_normal((3, 32 * (STEP // 2))).astype(np.float32)
    packed = gguf.quants.quantize(rows, GGMLQuantizationType.Q8_0)
    writer = gguf.GGUFWriter(tmp_path / "m", "llama")
    writer.add_tensor("w", packed, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with open_checkpoint(tmp_path / "m") as checkpoint:
        expected = gguf.quants.dequantize(packed, GGMLQuantizationType.Q8_0)
        assert np.array_equal(checkpoint.tensors["w"].numpy(), expected)


def test_statistics_are_of_the_numbers_that_blocks_stand_for(tmp_path: Path) -> None:
    file, values = write(tmp_path / "m")
    with open_checkpoint(file) as checkpoint:
        measured = measure([Task(checkpoint.tensors["Q4_0"], unit_axis=0, picture="matrix")], jobs=1)[
            "Q4_0"
        ]
    assert measured.statistics is not None
    assert measured.statistics.mean == pytest.approx(values["Q4_0"].mean(dtype=np.float64))
    assert measured.statistics.absmax == abs(values["Q4_0"]).max()


def test_block_sizes_are_those_of_the_package() -> None:
    ours = {name: (elements, nbytes) for name, elements, nbytes in QUANTISED.values()}
    theirs = {kind.name: GGML_QUANT_SIZES[kind] for kind in GGMLQuantizationType}
    for name, sizes in ours.items():
        assert theirs[name] == sizes, name
    for kind in GGMLQuantizationType:
        assert kind.value in TYPES, kind.name
        elements, nbytes = GGML_QUANT_SIZES[kind]
        block = TYPES[kind.value].block
        assert (TYPES[kind.value].itemsize == nbytes) if block is None else block == (elements, nbytes)


def test_without_the_package_one_line_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, _ = write(tmp_path / "m")
    monkeypatch.setattr(reader, "find_spec", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "gguf", None)
    with open_checkpoint(file) as checkpoint:
        lines = [one.text for one in checkpoint.problems]
        assert lines == [
            "the values of 8 quantised tensors need the package gguf: pip install pthreport[gguf]"
        ]
        assert not checkpoint.complete
        assert np.array_equal(checkpoint.tensors["f32"].numpy(), ROWS)
        with pytest.raises(ReadError, match=r"pip install pthreport\[gguf\]"):
            checkpoint.tensors["Q4_0"].numpy()


def header(*tensors: bytes, pairs: bytes = b"", count: int = 0, version: int = 3) -> bytes:
    """A file's header; `pairs` are `count` keys and values as bytes."""
    return b"GGUF" + struct.pack("<IQQ", version, len(tensors), count) + pairs + b"".join(tensors)


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def info(name: bytes, shape: list[int], kind: int = 0, offset: int = 0) -> bytes:
    return (
        text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape) + struct.pack("<IQ", kind, offset)
    )


def padded(head: bytes, data: bytes = b"") -> bytes:
    return head + bytes(-len(head) % 32) + data


GOOD = info(b"good", [2])


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (info(b"bad", [2**40, 2**40]), "any memory addresses"),
        (info(b"bad", [1], 0, 2**64 - 1), "any memory addresses"),
        (info(b"bad", [33], 2), "no multiple of the 32 elements"),
        (info(b"bad", [], 2), "no multiple of the 32 elements"),
        (info(b"bad", [32], 99), "type 99 is not known"),
        (info(b"bad", [32], 9), "intermediate results"),
        (info(b"bad", [100]), "cut short"),
        (info(b"bad", [2], 0, 2**50), "cut short"),
        (info(b"bad", [32 * 8], 2), "cut short"),
        (info(b"bad", [32, 0], 2, 8), None),
        (info(b"good", [1], 0, 4), "occurs twice"),
        (info(b"bad", [2], 0, 4), "overlap"),
    ],
)
def test_a_tensor_that_lies_costs_only_itself(tmp_path: Path, bad: bytes, words: str | None) -> None:
    (tmp_path / "m").write_bytes(padded(header(GOOD, bad), np.array([1, 2, 3], np.float32).tobytes()))
    with open_checkpoint(tmp_path / "m") as checkpoint:
        assert checkpoint.tensors["good"].numpy().tolist() == [1, 2]
        texts = " ".join(one.text for one in checkpoint.problems)
        assert texts == "" if words is None else words in texts
        for tensor in checkpoint.tensors.values():
            if tensor.problem is not None:
                with pytest.raises(ReadError):
                    tensor.read(0, 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GGUF", "its header names 4 bytes where 0 follow"),
        (b"GGUF\x03\x00\x00\x00", "its header names 8 bytes"),
        (header(version=1), "version 1"),
        (header(version=2**32 - 1), "version 4,294,967,295"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0), "said to hold"),
        (b"GGUF" + struct.pack("<IQQ", 3, 10, 0), "said to hold"),
        (header(count=1), "its header names 8 bytes"),
        (header(pairs=text(b"a") + struct.pack("<I", 99), count=1), "unknown type 99"),
        (header(pairs=struct.pack("<Q", 2**63), count=1), "where 0 follow"),
        (header(info(b"w", [1] * 65)), "65 dimensions"),
    ],
)
def test_a_header_that_is_none(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(CheckpointError, match=words) as error:
        open_checkpoint(tmp_path / "m")
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    "value",
    [
        struct.pack("<IIQ", 9, 4, 2**62),
        struct.pack("<IIQ", 9, 8, 2**62),
        struct.pack("<IIQ", 9, 9, 2**62) * 20,
        (struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ", 9, 1) * 20),
        struct.pack("<IQ", 8, 2**62),
        struct.pack("<IIQ", 9, 99, 5),
    ],
)
def test_what_stands_before_a_broken_value_is_kept(tmp_path: Path, value: bytes) -> None:
    pairs = text(b"general.name") + struct.pack("<I", 8) + text(b"x") + text(b"bad") + value
    (tmp_path / "m").write_bytes(header(pairs=pairs, count=2))
    with open_checkpoint(tmp_path / "m") as checkpoint:
        assert checkpoint.tree["__metadata__"] == {"general.name": "x"}
        assert "the header breaks off" in checkpoint.problems[0].text
        assert not checkpoint.complete


def test_arrays_are_bounded(tmp_path: Path) -> None:
    file, _ = write(tmp_path / "m")
    with open_checkpoint(file, Limits(objects=300)) as checkpoint:
        assert not checkpoint.complete
        assert "limit objects is 300" in checkpoint.problems[0].text


@pytest.mark.parametrize("alignment", [0, 7, 2**31])
def test_alignment_is_data(tmp_path: Path, alignment: int) -> None:
    pairs = text(b"general.alignment") + struct.pack("<II", 4, alignment)
    (tmp_path / "m").write_bytes(padded(header(GOOD, pairs=pairs, count=1), bytes(8)))
    with open_checkpoint(tmp_path / "m") as checkpoint:
        assert checkpoint.problems
        assert checkpoint.complete == (alignment != 2**31)


def test_every_prefix_ends_in_a_partial_tree_or_one_line(tmp_path: Path) -> None:
    file, _ = write(tmp_path / "m")
    whole = file.read_bytes()
    cut = tmp_path / "cut"
    for length in [*range(4, 400, 3), *range(400, len(whole), len(whole) // 60)]:
        cut.write_bytes(whole[:length])
        assert outcome(cut) in ("partial", "one line"), length


def outcome(file: Path) -> str:
    """How opening a file ends."""
    try:
        with open_checkpoint(file) as checkpoint:
            return "complete" if checkpoint.complete else "partial"
    except CheckpointError as error:
        return "one line" if "\n" not in error.message else "several lines"
