"""Weights in several files, by an index or by their names; indexes that lie."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from pthreport.checkpoint import CheckpointError, Limits, open_checkpoint
from pthreport.checkpoint.folders import folder as folder_module
from tests.checkpoint.folders import holds, shard, weights, write_index


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
@pytest.mark.parametrize("by_index", [True, False])
def test_by_folder_and_by_index(tmp_path: Path, kind: str, by_index: bool) -> None:
    value = weights()
    folder = shard(tmp_path / "m", value, 3, kind)
    with open_checkpoint(next(folder.glob("*.index.json")) if by_index else folder) as checkpoint:
        assert checkpoint.container == "sharded"
        assert checkpoint.complete
        assert checkpoint.problems == []
        assert checkpoint.tensors.keys() == value.keys()
        holds(checkpoint, value)
        assert checkpoint.tree["__metadata__"]["total_size"] == sum(
            one.numel() * one.element_size() for one in value.values()
        )
        keys = {tensor.storage_key for tensor in checkpoint.tensors.values()}
        assert len(keys) == len(value)
        assert checkpoint.torch_view is None


def test_size_and_digest_are_of_all_files(tmp_path: Path) -> None:
    folder = shard(tmp_path / "m", weights(), 2)
    (folder / "README.md").write_text("not read")
    with open_checkpoint(folder) as checkpoint:
        files = sorted(one for one in folder.iterdir() if one.name != "README.md")
        assert checkpoint.size == sum(one.stat().st_size for one in files)
        assert [one.name for one in checkpoint.files] == [one.name for one in files]
        assert all(one.sha256 is None for one in checkpoint.files)
        digests = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}
        lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
        assert checkpoint.sha256() == hashlib.sha256(lines.encode()).hexdigest()
        assert {one.name: one.sha256 for one in checkpoint.files} == digests


def test_one_file_has_its_own_digest(tmp_path: Path) -> None:
    save_file(weights(), tmp_path / "m")
    with open_checkpoint(tmp_path / "m") as checkpoint:
        digest = checkpoint.sha256()
        assert [(one.name, one.size, one.sha256) for one in checkpoint.files] == [
            ("m", checkpoint.size, digest)
        ]


def test_shards_without_an_index(tmp_path: Path) -> None:
    value = weights()
    folder = shard(tmp_path / "m", value, 3, index=False)
    with open_checkpoint(folder) as checkpoint:
        assert checkpoint.container == "sharded"
        assert checkpoint.complete
        holds(checkpoint, value)
    (folder / "model-00002-of-00003.safetensors").unlink()
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        assert [one.text for one in checkpoint.problems] == ["1 shard of 3 not in the folder"]
        assert 0 < len(checkpoint.tensors) < len(value)


def test_a_missing_shard_is_named_with_its_tensors(tmp_path: Path) -> None:
    value = weights()
    folder = shard(tmp_path / "m", value, 2)
    (folder / "model-00001-of-00002.safetensors").unlink()
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        texts = [one.text for one in checkpoint.problems if one.partial]
        assert "'model-00001-of-00002.safetensors' is not in the folder" in texts
        assert any(text.startswith("4 tensors not read: 'model.layers.0.bias'") for text in texts)
        assert len(checkpoint.tensors) == 4


def test_a_broken_shard_costs_only_itself(tmp_path: Path) -> None:
    value = weights()
    folder = shard(tmp_path / "m", value, 2, "bin")
    first = folder / "pytorch_model-00001-of-00002.bin"
    first.write_bytes(first.read_bytes()[:40])
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        assert any(one.text.startswith(first.name) for one in checkpoint.problems)
        assert len(checkpoint.tensors) == 4


def test_tensors_that_are_not_where_the_index_says(tmp_path: Path) -> None:
    value = weights()
    folder = shard(tmp_path / "m", value, 2)
    index = folder / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    content["weight_map"]["ghost"] = "model-00001-of-00002.safetensors"
    del content["weight_map"]["model.layers.3.bias"]
    write_index(index, content["weight_map"])
    with open_checkpoint(folder) as checkpoint:
        texts = [one.text for one in checkpoint.problems]
        assert any("lacks what the index names for it; 1 tensor not read: 'ghost'" in one for one in texts)
        assert any("holds 1 tensor that the index does not name" in one for one in texts)
        assert not checkpoint.complete
        holds(checkpoint, value)


def test_the_same_tensor_in_two_shards(tmp_path: Path) -> None:
    for number in (1, 2):
        save_file({"a": torch.full((2,), float(number))}, tmp_path / f"m-0000{number}-of-00002.safetensors")
    with open_checkpoint(tmp_path) as checkpoint:
        assert checkpoint.tensors["a"].numpy().tolist() == [1, 1]
        assert "is in two shards" in checkpoint.problems[0].text
        assert not checkpoint.complete


@pytest.mark.parametrize(
    "name",
    [
        "../model.safetensors",
        "/etc/passwd",
        "/dev/zero",
        "a\0b",
        "\\\\evil\\share\\x",
        "C:x",
        "..",
        ".",
        "",
        "sub/m",
        "x" * 300,
        "\ud800",
        "m.safetensors.index.json",
        7,
        None,
        ["m"],
        "fifo",
        "link",
        "folder",
        "gone",
    ],
)
def test_an_index_leads_to_plain_files_of_its_folder_only(tmp_path: Path, name: Any) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    save_file({"secret": torch.ones(1)}, tmp_path / "model.safetensors")
    save_file({"good": torch.ones(1)}, folder / "good.safetensors")
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to(tmp_path / "model.safetensors")
    (folder / "folder").mkdir()
    index = write_index(folder / "m.safetensors.index.json", {"bad": name, "good": "good.safetensors"})
    with open_checkpoint(index) as checkpoint:
        assert list(checkpoint.tensors) == ["good"]
        assert not checkpoint.complete
        assert "'bad'" in " ".join(one.text for one in checkpoint.problems)
    write_index(index, {"bad": name})
    with pytest.raises(CheckpointError, match="none of the shards"):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "no weight_map"),
        ('{"weight_map": []}', "no weight_map"),
        ('{"weight_map": {', "not JSON"),
        ('{"weight_map": ' + "[" * 100_000, "nesting too large|not JSON"),
        ('{"weight_map": ' + "1" * 5_000 + "}", "number or nesting too large"),
        ('{"weight_map": {}}', "none of the shards"),
    ],
)
def test_an_index_that_is_none(tmp_path: Path, text: str, words: str) -> None:
    index = tmp_path / "m.safetensors.index.json"
    index.write_text(text)
    with pytest.raises(CheckpointError, match=words) as error:
        open_checkpoint(index)
    assert "\n" not in error.value.message


def test_an_index_is_not_read_beyond_its_limit(tmp_path: Path) -> None:
    folder = shard(tmp_path / "m", weights(), 2)
    with pytest.raises(CheckpointError, match="at most 100 are read"):
        open_checkpoint(folder, Limits(header_bytes=100))


def test_links_of_the_hugging_face_cache_are_followed(tmp_path: Path) -> None:
    value = weights()
    plain = shard(tmp_path / "plain", value, 2)
    snapshot = tmp_path / "models--x" / "snapshots" / "abc"
    blobs = tmp_path / "models--x" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for file in plain.iterdir():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        file.rename(blobs / digest)
        (snapshot / file.name).symlink_to(f"../../blobs/{digest}")
    with open_checkpoint(snapshot) as checkpoint:
        assert checkpoint.complete
        holds(checkpoint, value)
    for link in snapshot.glob("model-*"):
        target = link.readlink()
        link.unlink()
        link.symlink_to((snapshot / target).resolve())
    with pytest.raises(CheckpointError, match="a symbolic link, which is not followed"):
        open_checkpoint(snapshot)


def test_more_shards_than_files_stay_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "KEPT_OPEN", 2)
    value = weights()
    folder = shard(tmp_path / "m", value, 4)
    with open_checkpoint(folder) as checkpoint:
        holds(checkpoint, value)
        last = folder / "model-00004-of-00004.safetensors"
        copy = last.read_bytes()
        last.unlink()
        last.write_bytes(copy + b"\0")
        with pytest.raises(Exception, match="replaced since it was opened"):
            checkpoint.tensors["model.layers.3.weight"].numpy()
    with pytest.raises(Exception, match="closed"):
        checkpoint.tensors["model.layers.2.weight"].numpy()


def test_a_folder_without_a_checkpoint_is_told_by_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="an empty folder"):
        open_checkpoint(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "sub").mkdir()
    with pytest.raises(CheckpointError, match=r"2 entries: 'notes\.txt', 'sub'"):
        open_checkpoint(tmp_path)
    save_file({"a": torch.ones(1)}, tmp_path / "one")
    with open_checkpoint(tmp_path) as checkpoint:
        assert (checkpoint.container, list(checkpoint.tensors)) == ("safetensors", ["a"])
    torch.save({"a": torch.ones(1)}, tmp_path / "two")
    with pytest.raises(CheckpointError, match="a folder of 2 checkpoints, name one of them: 'one', 'two'"):
        open_checkpoint(tmp_path)
