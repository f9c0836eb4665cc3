"""DeepSpeed ZeRO, stages 1 to 3: the weights come out of the partitions as they went in."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from pthreport.checkpoint import CheckpointError, Tensor, open_checkpoint
from tests.checkpoint.files import same
from tests.checkpoint.zero import Model, write

OPTIMIZER = "zero_pp_rank_1_mp_rank_00_optim_states.pt"


def change(file: Path, key: str, value: Any) -> None:
    """Another value for a key of the optimizer state, or of the file."""
    tree = torch.load(file, weights_only=True)
    states = tree.get("optimizer_state_dict", {})
    (states if key in states else tree)[key] = value
    torch.save(tree, file)


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("world", [1, 2, 3])
def test_weights_are_put_together(tmp_path: Path, stage: int, world: int) -> None:
    model = Model()
    with open_checkpoint(write(tmp_path / "global_step10", stage, world, model)) as checkpoint:
        assert checkpoint.container == "deepspeed"
        assert checkpoint.complete
        assert checkpoint.problems == []
        assert checkpoint.format["ZeRO stage"] == str(stage)
        assert checkpoint.format["world size"] == str(world)
        module = checkpoint.tree["module"]
        assert list(module) == list(model.everything)
        for name, value in model.everything.items():
            tensor = checkpoint.tensors[f"module.{name}"]
            assert same(tensor.torch(), value), name
            flat = value.reshape(-1)
            assert tensor.read(1, flat.numel()).tolist() == flat[1:].tolist()
        tied = checkpoint.tensors["module.head.weight"].storage_key
        assert tied == checkpoint.tensors["module.embed.weight"].storage_key
        keys = {module[name].storage_key for group in model.groups for name in group}
        assert len(keys) == 5
        assert module["norm.running"].role == "buffer"
        assert module["layer.weight"].role == "parameter"
        assert len(checkpoint.files) == (2 * world if stage == 3 else world + 1)


def test_the_partitions_are_not_shown_again(tmp_path: Path) -> None:
    with open_checkpoint(write(tmp_path, 2)) as checkpoint:
        state = checkpoint.tree["zero_pp_rank_1_mp_rank_00_optim_states"]["optimizer_state_dict"]
        assert "single_partition_of_fp32_groups" not in state
        assert state["base_optimizer_state"]["param_groups"][0]["lr"] == 1e-3
        assert checkpoint.tree["mp_rank_00_model_states"]["global_steps"] == 10


@pytest.mark.parametrize("stage", [2, 3])
def test_the_folder_above_names_it_in_latest(tmp_path: Path, stage: int) -> None:
    write(tmp_path / "global_step10", stage, bf16=True)
    (tmp_path / "latest").write_text("global_step10\n")
    (tmp_path / "zero_to_fp32.py").write_text("raise SystemExit('never run')")
    with open_checkpoint(tmp_path) as checkpoint:
        assert checkpoint.container == "deepspeed"
        assert checkpoint.complete
        assert "module.layer.weight" in checkpoint.tensors
        assert {one.name.split("/")[0] for one in checkpoint.files} == {"global_step10", "latest"}
        assert checkpoint.size == sum(one.size for one in checkpoint.files)
        assert len(checkpoint.sha256()) == 64


@pytest.mark.parametrize(
    "tag", ["../outside", "/tmp", "..", ".", "", "a\0b", "gone", "link", "x" * 2000, "\udcff"]
)
def test_latest_leads_nowhere_else(tmp_path: Path, tag: str) -> None:
    write(tmp_path / "outside", 2)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "outside")
    (inside / "latest").write_bytes(tag.encode("utf-8", "surrogateescape"))
    with pytest.raises(CheckpointError) as error:
        open_checkpoint(inside)
    assert "\n" not in error.value.message


@pytest.mark.parametrize("stage", [1, 3])
def test_a_missing_rank_costs_what_it_had(tmp_path: Path, stage: int) -> None:
    model = Model()
    folder = write(tmp_path, stage, 3, model)
    (folder / OPTIMIZER).unlink()
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        assert any("1 rank of 3 are missing" in one.text for one in checkpoint.problems)
        readable = [
            one for one in checkpoint.tensors.values() if one.path.startswith("module.") and not one.problem
        ]
        for tensor in readable:
            assert same(tensor.torch(), model.everything[tensor.path.removeprefix("module.")])
        assert len(readable) == {1: 4, 3: 3}[stage]
        broken = checkpoint.tensors["module.layer.weight"]
        assert "elements" in (broken.problem or "")
        assert broken.shape == (5, 3)


def test_more_ranks_missing_than_there(tmp_path: Path) -> None:
    folder = write(tmp_path, 2, 3)
    for rank in (0, 1):
        (folder / f"zero_pp_rank_{rank}_mp_rank_00_optim_states.pt").unlink()
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        assert "only 1 of the files of 3 ranks" in " ".join(one.text for one in checkpoint.problems)


@pytest.mark.parametrize(
    ("stage", "file", "key", "value", "words"),
    [
        (2, OPTIMIZER, "single_partition_of_fp32_groups", [torch.ones(3)] * 2, "need"),
        (2, OPTIMIZER, "single_partition_of_fp32_groups", [torch.ones(3)], "other numbers of partitions"),
        (2, OPTIMIZER, "single_partition_of_fp32_groups", [torch.ones(3, 1)] * 2, "not all flat"),
        (2, OPTIMIZER, "single_partition_of_fp32_groups", 7, "no list of flat tensors"),
        (3, OPTIMIZER, "fp32_flat_groups", [torch.ones(3)], "elements of each rank"),
        (2, "zero_pp_rank_0_mp_rank_00_optim_states.pt", "partition_count", 10**18, "does not fit"),
        (2, "zero_pp_rank_0_mp_rank_00_optim_states.pt", "partition_count", 1, "does not fit"),
        (2, "zero_pp_rank_0_mp_rank_00_optim_states.pt", "partition_count", "2", "does not fit"),
        (2, "zero_pp_rank_0_mp_rank_00_optim_states.pt", "partition_count", [], "does not fit"),
        (2, "zero_pp_rank_0_mp_rank_00_optim_states.pt", "zero_stage", 4, "is not known"),
        (2, "mp_rank_00_model_states.pt", "param_shapes", None, "no param_shapes"),
        (2, "mp_rank_00_model_states.pt", "param_shapes", [{"a": torch.Size([2**62, 8])}], "impossible"),
        (2, "mp_rank_00_model_states.pt", "param_shapes", [{"a": (-1,)}], "impossible"),
        (2, "mp_rank_00_model_states.pt", "param_shapes", [{"a": 3}], "no name and sizes"),
        (2, "mp_rank_00_model_states.pt", "frozen_param_fragments", {}, "is not there"),
        (3, "zero_pp_rank_0_mp_rank_00_model_states.pt", "frozen_param_shapes", {"a": (4,)}, "anything of 'a'"),
    ],
)  # fmt: skip
def test_files_that_lie(tmp_path: Path, stage: int, file: str, key: str, value: Any, words: str) -> None:
    folder = write(tmp_path, stage)
    change(folder / file, key, value)
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        texts = " ".join(one.text for one in checkpoint.problems)
        assert "cannot be assembled" in texts
        assert words in texts


def test_stage_3_without_its_optimizer_states(tmp_path: Path) -> None:
    folder = write(tmp_path, 3)
    for file in folder.glob("*_optim_states.pt"):
        file.unlink()
    with open_checkpoint(folder) as checkpoint:
        assert not checkpoint.complete
        assert "are in the optimizer states" in checkpoint.problems[0].text


def test_without_zero_the_module_is_whole(tmp_path: Path) -> None:
    value = OrderedDict(a=torch.ones(3))
    torch.save({"module": value, "global_steps": 4}, tmp_path / "mp_rank_00_model_states.pt")
    with open_checkpoint(tmp_path) as checkpoint:
        assert checkpoint.container == "deepspeed"
        assert checkpoint.complete
        assert isinstance(checkpoint.tree["mp_rank_00_model_states"]["module"]["a"], Tensor)


def test_tensor_parallel_slices_stay_apart(tmp_path: Path) -> None:
    model = Model()
    write(tmp_path, 2, 2, model)
    for file in list(tmp_path.iterdir()):
        (tmp_path / file.name.replace("mp_rank_00", "mp_rank_01")).write_bytes(file.read_bytes())
    with open_checkpoint(tmp_path) as checkpoint:
        for key in ("module of mp_rank_00", "module of mp_rank_01"):
            assert same(checkpoint.tensors[f"{key}.layer.weight"].torch(), model.groups[0]["layer.weight"])
        assert "2 tensor-parallel ranks are not joined" in checkpoint.problems[0].text


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "mp_rank_00_model_states.pt").write_bytes(b"PK\x03\x04")
    with pytest.raises(CheckpointError, match=r"mp_rank_00_model_states\.pt"):
        open_checkpoint(tmp_path)
