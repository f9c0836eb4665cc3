"""Torch files and pickles inside the byte strings of a pickle."""

import io
import pickle
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pthreport.checkpoint import Checkpoint, Limits, Record, open_checkpoint
from tests.checkpoint.files import rezip, same, save, saved_bytes

LOAD = b"ctorch.storage\n_load_from_bytes\n"
EVIL = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."
EVILS = {
    0: b"cos\nsystem\n(S'true'\ntR.",
    2: EVIL,
    4: b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
}


@pytest.fixture(autouse=True)
def _torch_may_warn() -> Iterator[None]:
    """Typed storages are deprecated, and say so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pickled(folder: Path, value: Any, protocol: int = 4) -> Path:
    """What Python's own pickler writes, with torch's `__reduce__`."""
    file = folder / "value.pkl"
    file.write_bytes(pickle.dumps(value, protocol))
    return file


def loading(content: bytes) -> bytes:
    """A pickle that loads a torch file from bytes."""
    return b"\x80\x03" + LOAD + b"B" + len(content).to_bytes(4, "little") + content + b"\x85R."


def verdicts(checkpoint: Checkpoint) -> dict[str, str]:
    return {f"{one.module}.{one.name}": one.verdict for one in checkpoint.imports}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_tensors_that_python_pickled(protocol: int, tmp_path: Path) -> None:
    values = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(3, dtype=torch.int64)}
    values["view"] = values["a"].T
    with open_checkpoint(pickled(tmp_path, values, protocol)) as checkpoint:
        assert checkpoint.problems == []
        for name, value in values.items():
            assert same(checkpoint.tensors[name].torch(), value)
        assert set(verdicts(checkpoint).values()) == {"known"}
        assert len({tensor.storage_key for tensor in checkpoint.tensors.values()}) == 3


def test_a_long_one_stays_in_the_file(tmp_path: Path) -> None:
    value = torch.randn(700_000)
    with open_checkpoint(pickled(tmp_path, [value])) as checkpoint:
        assert same(checkpoint.tensors["0"].torch(), value)


def test_a_module_that_python_pickled(tmp_path: Path) -> None:
    module = nn.Linear(3, 2)
    with open_checkpoint(pickled(tmp_path, module)) as checkpoint:
        assert checkpoint.complete
        assert isinstance(checkpoint.tree, Record)
        assert same(checkpoint.tensors["_parameters.weight"].torch(), module.weight)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_whole_file_inside(legacy: bool, tmp_path: Path) -> None:
    held: dict[str, Any] = {"w": torch.randn(4), "n": {"k": 1}}
    content = saved_bytes(held, _use_new_zipfile_serialization=not legacy)
    outer = save(tmp_path / "outer.pt", {})
    file = rezip(outer, tmp_path / "o.pt", change=lambda n, c: loading(content) if "data.pkl" in n else c)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.complete
        assert same(checkpoint.tensors["w"].torch(), held["w"])
        assert checkpoint.tree["n"] == {"k": 1}


def test_what_the_inner_file_imports_is_listed(tmp_path: Path) -> None:
    inner = rezip(
        save(tmp_path / "i.pt", {}), tmp_path / "j.pt", change=lambda n, c: EVIL if "data.pkl" in n else c
    )
    file = tmp_path / "o.pkl"
    file.write_bytes(loading(inner.read_bytes()))
    with open_checkpoint(file) as checkpoint:
        assert verdicts(checkpoint)["os.system"] == "dangerous"


def test_what_cannot_be_opened_stays_dangerous(tmp_path: Path) -> None:
    file = tmp_path / "o.pkl"
    file.write_bytes(loading(b"no torch file"))
    with open_checkpoint(file) as checkpoint:
        assert verdicts(checkpoint)["torch.storage._load_from_bytes"] == "dangerous"
        assert not checkpoint.complete
        assert isinstance(checkpoint.tree, Record)
        assert "inside the pickle" in checkpoint.problems[0].text


def test_one_bad_file_is_not_excused_by_a_good_one(tmp_path: Path) -> None:
    good = saved_bytes([1])
    body = b"".join(loading(content)[2:-1] for content in (good, b"bad", good + b""))
    file = tmp_path / "o.pkl"
    file.write_bytes(b"\x80\x03(" + body + b"t.")
    with open_checkpoint(file) as checkpoint:
        assert verdicts(checkpoint)["torch.storage._load_from_bytes"] == "dangerous"


def test_nesting_ends(tmp_path: Path) -> None:
    content = saved_bytes([1])
    for _ in range(12):
        content = loading(content)
    file = tmp_path / "deep.pkl"
    file.write_bytes(content)
    with open_checkpoint(file) as checkpoint:
        assert not checkpoint.complete
        assert any("--limit nested_depth=N" in problem.text for problem in checkpoint.problems)
        assert verdicts(checkpoint)["torch.storage._load_from_bytes"] == "dangerous"


def test_the_number_of_files_is_limited(tmp_path: Path) -> None:
    one = loading(saved_bytes(1))[2:-1]
    file = tmp_path / "many.pkl"
    file.write_bytes(b"\x80\x03(" + one * 30 + b"t.")
    with open_checkpoint(file, replace(Limits(), nested_files=10)) as checkpoint:
        assert any("--limit nested_files=N" in problem.text for problem in checkpoint.problems)
        assert checkpoint.tree[:10] == (1,) * 10


def test_the_same_bytes_are_opened_once(tmp_path: Path) -> None:
    content = saved_bytes(torch.ones(2))
    head = b"\x80\x03(" + LOAD + b"q\x01B" + len(content).to_bytes(4, "little") + content + b"q\x02\x85R"
    file = tmp_path / "same.pkl"
    file.write_bytes(head + b"h\x01h\x02\x85R" * 20_000 + b"t.")
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.complete
        assert len(checkpoint.tree) == 20_001
        assert len(checkpoint.tensors) == 1


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_in_a_byte_string_is_named(protocol: int, tmp_path: Path) -> None:
    with open_checkpoint(pickled(tmp_path, {"a": {"blob": EVILS[protocol]}})) as checkpoint:
        (found,) = [one for one in checkpoint.imports if one.name == "system"]
        assert found.verdict == "dangerous"
        assert found.uses == ("inside bytes",)
        assert found.places == ("a.blob",)
        assert "only unpickling that string" in found.why
        assert checkpoint.complete
        assert [problem.where for problem in checkpoint.problems] == ["a.blob"]


def test_other_byte_strings_are_left_alone(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pickle.dump([1, 2, {"a": 3}], buffer)
    values = {"plain": buffer.getvalue(), "noise": b"\x80\x02" + bytes(range(256)), "text": b"cat\ndog\n"}
    with open_checkpoint(pickled(tmp_path, values)) as checkpoint:
        assert checkpoint.imports == []
        assert checkpoint.problems == []


def test_a_file_inside_makes_no_second_archive_of_the_whole(tmp_path: Path) -> None:
    """Its end record stands close to the end of the pickle that holds it."""
    with open_checkpoint(pickled(tmp_path, {"blob": saved_bytes(torch.ones(2))})) as checkpoint:
        assert checkpoint.problems == []
