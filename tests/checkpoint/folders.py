"""Sharded checkpoints as `save_pretrained` of transformers writes them: shards, and an index with
`metadata.total_size` and `weight_map`."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from pthreport.checkpoint import Checkpoint
from tests.checkpoint.files import same

Weights = dict[str, torch.Tensor]


def weights(layers: int = 4) -> Weights:
    """A small state dict, no two tensors alike."""
    torch.manual_seed(7)
    names = [f"model.layers.{layer}.{part}" for layer in range(layers) for part in ("weight", "bias")]
    return {
        name: torch.randn((3, 5) if name.endswith("weight") else (3,)).to(
            torch.bfloat16 if ".1." in name else torch.float32
        )
        for name in names
    }


def shard(folder: Path, value: Weights, count: int, kind: str = "safetensors", index: bool = True) -> Path:
    """Write `value` in `count` shards; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = "model" if kind == "safetensors" else "pytorch_model"
    names = list(value)
    step = -(-len(names) // count)
    weight_map: dict[str, str] = {}
    for number in range(count):
        part = {name: value[name] for name in names[number * step : (number + 1) * step]}
        name = f"{stem}-{number + 1:05}-of-{count:05}.{kind}"
        weight_map |= dict.fromkeys(part, name)
        if kind == "safetensors":
            save_file(part, folder / name, metadata={"format": "pt"})
        else:
            torch.save(part, folder / name)
    if index:
        total = sum(one.numel() * one.element_size() for one in value.values())
        write_index(folder / f"{stem}.{kind}.index.json", weight_map, {"total_size": total})
    return folder


def write_index(path: Path, weight_map: Any, metadata: Any = None) -> Path:
    """An index file."""
    text = json.dumps({"metadata": metadata or {}, "weight_map": weight_map}, indent=2, sort_keys=True)
    path.write_text(text + "\n")
    return path


def holds(checkpoint: Checkpoint, expected: Weights, prefix: str = "") -> None:
    """The checkpoint has these tensors, bit by bit, under their own names."""
    for name, value in expected.items():
        assert same(checkpoint.tensors[prefix + name].torch(), value), name
