"""torch.save before 1.6: what its first versions wrote otherwise than today's, and files that lie."""

import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pthreport.checkpoint import CheckpointError, Global, open_checkpoint
from tests.checkpoint.files import same, saved_bytes

MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


class _Pickler(pickle.Pickler):
    """Writes storages by ids of its caller's."""

    def __init__(self, file: Any, identity: Callable[[Any], Any]) -> None:
        super().__init__(file, 2)
        self._identity = identity

    def persistent_id(self, obj: Any) -> Any:
        return self._identity(obj)


class Storage:
    """Stands for a storage in what is pickled."""

    def __init__(self, *identity: Any) -> None:
        self.identity = ("storage", *identity)


class View:
    """A tensor over it, as torch of that time rebuilt one."""

    def __init__(
        self, storage: Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...]
    ) -> None:
        self.args = (storage, offset, size, stride)

    def __reduce__(self) -> Any:
        return torch._utils._rebuild_tensor, self.args


def write(file: Path, value: Any, keys: list[str], storages: list[tuple[int, bytes]]) -> Path:
    """The stream, with a pickle each for the first four parts and the keys."""

    def identity(obj: Any) -> Any:
        return obj.identity if isinstance(obj, Storage) else None

    with file.open("wb") as out:
        for one in (MAGIC, 1001, SYSTEM):
            pickle.dump(one, out, 2)
        _Pickler(out, identity).dump(value)
        pickle.dump(keys, out, 2)
        for count, raw in storages:
            out.write(struct.pack("<q", count) + raw)
    return file


FLOATS = struct.pack("<6f", *range(6))


def test_storages_that_are_parts_of_others(tmp_path: Path) -> None:
    """Until 1.3 an id ended in (key of the view, offset, length)."""
    whole = ("root", "cpu", 6)
    value = {
        "whole": View(Storage(torch.FloatStorage, *whole, None), 0, (2, 3), (3, 1)),
        "part": View(Storage(torch.FloatStorage, *whole, ("v1", 2, 4)), 1, (3,), (1,)),
    }
    file = write(tmp_path / "views.pth", value, ["root"], [(6, FLOATS)])
    theirs = torch.load(file, weights_only=True)
    with open_checkpoint(file) as checkpoint:
        assert [problem.where for problem in checkpoint.problems] == ["whole"]  # they overlap
        for name, tensor in theirs.items():
            assert same(checkpoint.tensors[name].torch(), tensor), name
        assert checkpoint.tensors["part"].numpy().tolist() == [3.0, 4.0, 5.0]
        assert checkpoint.tensors["part"].storage_key == checkpoint.tensors["whole"].storage_key
        view = checkpoint.torch_view
        assert view is not None
        assert view.weights_only


@pytest.mark.parametrize("view", [("v", 4, 4), ("v", -1, 2), ("v", 0), "v", ("v", 0, 2**63)])
def test_parts_that_reach_beyond(tmp_path: Path, view: Any) -> None:
    value = View(Storage(torch.FloatStorage, "root", "cpu", 6, view), 0, (4,), (1,))
    with open_checkpoint(write(tmp_path / "v.pth", {"a": value}, ["root"], [(6, FLOATS)])) as checkpoint:
        assert not checkpoint.complete
        assert all(tensor.check() is not None for tensor in checkpoint.tensors.values())


def test_a_class_comes_with_its_source(tmp_path: Path) -> None:
    """Once for each class; today's torch still writes it where the source can be had."""
    file = tmp_path / "layer.pth"
    file.write_bytes(saved_bytes(torch.nn.Linear(2, 1), _use_new_zipfile_serialization=False))
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tree.type_name == "torch.nn.modules.linear.Linear"
        assert checkpoint.tree.source.startswith("class Linear(Module):")
        assert checkpoint.tree.source_file.endswith("linear.py")
    file.write_bytes(saved_bytes([torch.nn.Linear, torch.nn.Linear], _use_new_zipfile_serialization=False))
    with open_checkpoint(file) as checkpoint:
        assert all(isinstance(one, Global) for one in checkpoint.tree)
        assert checkpoint.tree[0].source.startswith("class Linear(Module):")


@pytest.mark.parametrize(
    ("keys", "storages", "words"),
    [
        (["root"], [(6, FLOATS[:-4])], "cut short: 20 of 24 bytes"),
        (["root"], [(7, FLOATS)], "6 elements in the pickle and 7"),
        (["root"], [(-1, FLOATS)], "before its bytes"),
        (["root"], [(2**60, FLOATS)], "cut short"),
        (["other", "root"], [(6, FLOATS)], "no tensor names"),
        (["root"], [], "ends before all storages"),
        ([], [], "the list of storages lacks it"),
        ([b"root"], [(6, FLOATS), (1, b"....")], "after the last storage"),
        ("root", [(6, FLOATS)], "list of storages is none"),
    ],
)
def test_storages_that_lie(tmp_path: Path, keys: Any, storages: Any, words: str) -> None:
    value = {"a": View(Storage(torch.FloatStorage, "root", "cpu", 6, None), 0, (6,), (1,))}
    with open_checkpoint(write(tmp_path / "lies.pth", value, keys, storages)) as checkpoint:
        texts = " | ".join(one.text for one in checkpoint.problems)
        assert words in texts
        assert checkpoint.complete == (words == "after the last storage")
        there = storages and len(storages[0][1]) == 24 and storages[0][0] >= 6 and "root" in str(keys[:1])
        assert (checkpoint.tensors["a"].check() is None) == bool(there)


def test_every_prefix_says_what_is_missing(tmp_path: Path) -> None:
    content = saved_bytes({"a": torch.ones(3), "n": 1}, _use_new_zipfile_serialization=False)
    file = tmp_path / "cut.pth"
    for length in range(14, len(content)):
        file.write_bytes(content[:length])
        try:
            with open_checkpoint(file) as checkpoint:
                complete = checkpoint.complete
        except CheckpointError:
            continue
        assert not complete
