"""torch.distributed.checkpoint: written by torch, and with two ranks' chunks by torch's own classes."""

import json
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as save_safetensors
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.state_dict_saver import save as save_distributed

from pthreport.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from tests.checkpoint.files import same, saved_bytes

torch.manual_seed(3)
ROWS, COLUMNS = torch.randn(7, 5), torch.randn(4, 6, 3).to(torch.bfloat16)
CHUNKS: dict[str, tuple[torch.Tensor, list[Any]]] = {
    "model.rows": (ROWS, [(0, (0, 0), (4, 5)), (1, (4, 0), (3, 5))]),
    "model.grid": (
        COLUMNS,
        [
            (0, (0, 0, 0), (2, 3, 3)),
            (1, (0, 3, 0), (2, 3, 3)),
            (0, (2, 0, 0), (2, 2, 3)),
            (1, (2, 2, 0), (2, 4, 3)),
        ],
    ),
}


class Ranks:
    """Writes what two ranks of `dcp.save` write: files of chunks, and the metadata of all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.items: dict[str, Any] = {}
        self.stored: dict[MetadataIndex, _StorageInfo] = {}

    def put(self, index: MetadataIndex, rank: int, content: bytes, **changes: Any) -> None:
        name = f"__{rank}_0.distcp"
        before = self.files.get(name, b"")
        info: dict[str, Any] = {
            "relative_path": name,
            "offset": len(before),
            "length": len(content),
        } | changes
        self.files[name] = before + content
        self.stored[index] = _StorageInfo(**info)

    def tensor(self, name: str, value: torch.Tensor, chunks: list[Any], **changes: Any) -> None:
        layout = [ChunkStorageMetadata(torch.Size(o), torch.Size(s)) for _, o, s in chunks]
        properties = TensorProperties.create_from_tensor(value)
        self.items[name] = TensorStorageMetadata(properties, value.size(), layout)
        for rank, offsets, sizes in chunks:
            index = tuple(slice(o, o + s) for o, s in zip(offsets, sizes, strict=True))
            content = saved_bytes(value[index].clone())
            self.put(MetadataIndex(name, torch.Size(offsets), 0), rank, content, **changes)

    def value(self, name: str, value: object) -> None:
        self.items[name] = BytesStorageMetadata()
        self.put(MetadataIndex(name), 0, saved_bytes(value))

    def write(self, name: str = ".metadata", protocol: int = 4) -> Path:
        self.folder.mkdir(exist_ok=True)
        paths = {item: tuple(item.split(".", 1)) for item in self.items}
        metadata = Metadata(self.items, paths, self.stored, version="1.0.0")
        (self.folder / name).write_bytes(pickle.dumps(metadata, protocol=protocol))
        for file, content in self.files.items():
            (self.folder / file).write_bytes(content)
        return self.folder


def two_ranks(folder: Path) -> Ranks:
    ranks = Ranks(folder)
    for name, (value, chunks) in CHUNKS.items():
        ranks.tensor(name, value, chunks)
    ranks.value("epoch", 7)
    return ranks


def test_what_torch_saves(tmp_path: Path) -> None:
    layer = torch.nn.Linear(4, 3)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    state: dict[str, Any] = {
        "model": layer.state_dict(),
        "optimizer": optimizer.state_dict(),
        "list": [torch.ones(2, dtype=torch.float64), 5, "text"],
        "epoch": 7,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no process group is what is meant here
        save_distributed(state, checkpoint_id=tmp_path / "c")
    with open_checkpoint(tmp_path / "c") as checkpoint:
        assert checkpoint.container == "dcp"
        assert checkpoint.complete
        assert checkpoint.problems == []
        assert {one.verdict for one in checkpoint.imports} == {"known"}
        assert same(checkpoint.tensors["model.weight"].torch(), layer.weight)
        assert same(checkpoint.tensors["model.bias"].torch(), layer.bias)
        moments = optimizer.state_dict()["state"][0]["exp_avg"]
        assert same(checkpoint.tensors["optimizer.state.0.exp_avg"].torch(), moments)
        assert checkpoint.tree["list"][1:] == [5, "text"]
        assert same(checkpoint.tensors["list.0"].torch(), state["list"][0])
        assert checkpoint.tree["epoch"] == 7
        assert checkpoint.tree["optimizer"]["param_groups"][0]["lr"] == 1e-3
        assert checkpoint.verify() == []
        assert {one.name for one in checkpoint.files} == {".metadata", "__0_0.distcp"}


@pytest.mark.parametrize("name", [".metadata", "metadata"])
def test_chunks_of_two_ranks(tmp_path: Path, name: str) -> None:
    with open_checkpoint(two_ranks(tmp_path / "c").write(name)) as checkpoint:
        assert checkpoint.complete
        for path, (value, _) in CHUNKS.items():
            tensor = checkpoint.tensors[path]
            assert same(tensor.torch(), value)
            raw = value.reshape(-1).view(torch.uint8).numpy().tobytes()
            size = tensor.dtype.itemsize
            assert tensor.read(5, 17).tobytes() == raw[5 * size : 17 * size]
        assert checkpoint.tree["epoch"] == 7
        assert checkpoint.verify() == []


def test_chunks_as_safetensors(tmp_path: Path) -> None:
    ranks = Ranks(tmp_path / "c")
    ranks.tensor("w", ROWS, [(0, (0, 0), (7, 5))])
    ranks.files.clear()
    ranks.put(MetadataIndex("w", torch.Size((0, 0)), 0), 0, save_safetensors({"0": ROWS}))
    with open_checkpoint(ranks.write()) as checkpoint:
        assert same(checkpoint.tensors["w"].torch(), ROWS)


def test_a_missing_rank_costs_its_tensors(tmp_path: Path) -> None:
    ranks = two_ranks(tmp_path / "c")
    ranks.tensor("whole", ROWS, [(0, (0, 0), (7, 5))])
    folder = ranks.write()
    (folder / "__1_0.distcp").unlink()
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        assert same(checkpoint.tensors["whole"].torch(), ROWS)
        assert "chunk at (4, 0) is missing or unread" in (checkpoint.tensors["model.rows"].problem or "")
        assert checkpoint.tensors["model.rows"].shape == (7, 5)
        assert any("'__1_0.distcp' is not in the folder" in one.text for one in checkpoint.problems)


def test_a_cut_file_costs_what_stood_behind_the_cut(tmp_path: Path) -> None:
    folder = two_ranks(tmp_path / "c").write()
    file = folder / "__0_0.distcp"
    file.write_bytes(file.read_bytes()[:-10])
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        assert same(checkpoint.tensors["model.rows"].torch(), ROWS)
        assert any("'epoch' ends beyond the end" in one.text for one in checkpoint.problems)


@pytest.mark.parametrize(
    "place",
    ["../secret.distcp", "/etc/passwd", "a\0b", "..", "link", 7, None, "x" * 300],
)
def test_paths_lead_nowhere_else(tmp_path: Path, place: Any) -> None:
    (tmp_path / "secret.distcp").write_bytes(saved_bytes(ROWS))
    ranks = Ranks(tmp_path / "c")
    ranks.tensor("bad", ROWS, [(0, (0, 0), (7, 5))], relative_path=place)
    ranks.value("good", 1)
    folder = ranks.write()
    (folder / "link").symlink_to(tmp_path / "secret.distcp")
    with open_checkpoint(folder) as checkpoint:
        assert checkpoint.tree["good"] == 1
        assert not checkpoint.complete
        assert "missing or unread" in (checkpoint.tensors["bad"].problem or "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"offset": 10**18}, "ends beyond the end"),
        ({"offset": -1}, "gives 'bad' no place"),
        ({"offset": 2**70}, "ends beyond the end"),
        ({"length": 10**30}, "ends beyond the end"),
        ({"offset": "0"}, "gives 'bad' no place"),
        ({"transform_descriptors": ["zstd"]}, "compressed or encrypted"),
    ],
)
def test_places_that_lie(tmp_path: Path, changes: Any, words: str) -> None:
    ranks = Ranks(tmp_path / "c")
    ranks.tensor("bad", ROWS, [(0, (0, 0), (7, 5))], **changes)
    ranks.value("good", 1)
    with open_checkpoint(ranks.write()) as checkpoint:
        assert not checkpoint.complete
        assert any(words in one.text for one in checkpoint.problems)


def test_items_that_overlap_are_read_once(tmp_path: Path) -> None:
    ranks = Ranks(tmp_path / "c")
    ranks.tensor("a", ROWS, [(0, (0, 0), (7, 5))])
    ranks.tensor("b", ROWS, [(0, (0, 0), (7, 5))], offset=1)
    with open_checkpoint(ranks.write()) as checkpoint:
        assert same(checkpoint.tensors["a"].torch(), ROWS)
        assert not checkpoint.complete
        assert any("1 item overlap" in one.text for one in checkpoint.problems)


def test_a_chunk_with_other_sizes(tmp_path: Path) -> None:
    ranks = Ranks(tmp_path / "c")
    ranks.tensor("a", ROWS, [(0, (0, 0), (7, 5))])
    ranks.items["a"].chunks[0].sizes = torch.Size((5, 7))
    with open_checkpoint(ranks.write()) as checkpoint:
        assert "other sizes" in (checkpoint.tensors["a"].problem or "")
        assert not checkpoint.complete


def test_imports_of_every_item_are_listed(tmp_path: Path) -> None:
    ranks = Ranks(tmp_path / "c")
    ranks.tensor("a", ROWS, [(0, (0, 0), (7, 5))])
    ranks.items["evil"] = BytesStorageMetadata()
    ranks.put(MetadataIndex("evil"), 0, b"cos\nsystem\n(S'true'\ntR.")
    with open_checkpoint(ranks.write()) as checkpoint:
        assert ("os", "system", "dangerous") in judged(checkpoint)


@pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"\x80\x04}.", b"\x80"])
def test_metadata_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".metadata").write_bytes(content)
    (tmp_path / "__0_0.distcp").write_bytes(b"")
    with pytest.raises(CheckpointError) as error:
        open_checkpoint(tmp_path)
    assert "\n" not in error.value.message


def test_saving_that_was_not_finished(tmp_path: Path) -> None:
    (tmp_path / "__0_0.distcp").write_bytes(saved_bytes(ROWS))
    with pytest.raises(CheckpointError, match="saving it was not finished"):
        open_checkpoint(tmp_path)


def test_megatron_keeps_what_is_common_beside(tmp_path: Path) -> None:
    folder = two_ranks(tmp_path / "c").write()
    torch.save({"args": {"lr": 0.1}, "iteration": 5}, folder / "common.pt")
    (folder / "metadata.json").write_text(json.dumps({"sharded_backend": "torch_dist"}))
    with open_checkpoint(folder) as checkpoint:
        assert checkpoint.tree["common"] == {"args": {"lr": 0.1}, "iteration": 5}
        assert checkpoint.complete


def test_the_metadata_alone_names_what_it_would_run(tmp_path: Path) -> None:
    folder = two_ranks(tmp_path / "c").write(protocol=2)
    metadata = folder / ".metadata"
    metadata.write_bytes(metadata.read_bytes()[:-1] + b"cposix\nsystem\n0.")
    with open_checkpoint(folder) as checkpoint:
        assert ("posix", "system", "dangerous") in judged(checkpoint)
        assert same(checkpoint.tensors["model.rows"].torch(), ROWS)


@pytest.mark.parametrize("start", [b"", b"\x80\x02"])
def test_metadata_that_only_runs_something(tmp_path: Path, start: bytes) -> None:
    (tmp_path / ".metadata").write_bytes(start + b"cposix\nsystem\n(S'true'\ntR.")
    (tmp_path / "__0_0.distcp").write_bytes(b"")
    with open_checkpoint(tmp_path) as checkpoint:
        assert ("posix", "system", "dangerous") in judged(checkpoint)
        assert not checkpoint.complete


def judged(checkpoint: Checkpoint) -> set[tuple[str, str, str]]:
    """What the checkpoint would import, and the verdicts."""
    return {(one.module, one.name, one.verdict) for one in checkpoint.imports}
