"""Writes what DeepSpeed's engine saves under ZeRO, as `deepspeed/runtime/engine.py`
(`_save_checkpoint`, `_save_zero_checkpoint`), `runtime/zero/stage_1_and_2.py` and `stage3.py` do.

DeepSpeed itself needs a compiler and a launcher; the layout is what counts here.
"""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch

Weights = dict[str, torch.Tensor]


class Model:
    """Weights in full precision in two groups of parameters, a buffer, a frozen and a tied parameter."""

    def __init__(self) -> None:
        torch.manual_seed(11)
        self.groups: list[Weights] = [
            {
                "embed.weight": torch.randn(7, 3),
                "layer.weight": torch.randn(5, 3),
                "scale": torch.randn(()),
            },
            {"layer.bias": torch.randn(5), "norm.weight": torch.randn(9)},
        ]
        self.buffers: Weights = {"norm.running": torch.randn(4)}
        self.frozen: Weights = {"frozen.weight": torch.randn(3, 3)}
        self.tied = {"head.weight": "embed.weight"}

    @property
    def everything(self) -> Weights:
        """What a consolidated state dict has."""
        found = {**self.buffers, **self.frozen}
        for group in self.groups:
            found |= group
        return found | {name: found[same] for name, same in self.tied.items()}


def padded(flat: torch.Tensor, multiple: int) -> torch.Tensor:
    """Zeros behind, up to a multiple."""
    return torch.cat([flat, torch.zeros(-flat.numel() % multiple)])


def write(folder: Path, stage: int, world: int = 2, model: Model | None = None, bf16: bool = False) -> Path:
    """The files of every rank; the folder."""
    model = model or Model()
    folder.mkdir(parents=True, exist_ok=True)
    flat = (_stage3 if stage == 3 else _stage12)(model, world)
    for rank in range(world):
        optimizer: dict[str, Any] = {
            "zero_stage": stage,
            "loss_scaler": None,
            "partition_count": world if stage == 3 else [world] * len(model.groups),
            "base_optimizer_state": {"state": {}, "param_groups": [{"lr": 1e-3, "params": [0]}]},
        }
        if stage == 3:
            optimizer["fp32_flat_groups"] = flat[rank]
        else:
            optimizer["single_partition_of_fp32_groups"] = flat[rank]
        prefix = "bf16_" if bf16 else ""
        saved = {"optimizer_state_dict": optimizer, "ds_config": {"stage": stage}, "ds_version": "0.16.4"}
        torch.save(saved, folder / f"{prefix}zero_pp_rank_{rank}_mp_rank_00_optim_states.pt")
        if stage == 3:
            name = f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt"
            torch.save(_model_states(model, stage, rank, world), folder / name)
    if stage != 3:
        torch.save(_model_states(model, stage, 0, world), folder / "mp_rank_00_model_states.pt")
    return folder


def _stage12(model: Model, world: int) -> list[list[torch.Tensor]]:
    """Each group flattened, padded to 2 x world, and cut into one partition a rank."""
    ranks: list[list[torch.Tensor]] = [[] for _ in range(world)]
    for group in model.groups:
        run = padded(torch.cat([one.reshape(-1) for one in group.values()]), 2 * world)
        for rank, part in enumerate(run.chunk(world)):
            ranks[rank].append(part.clone())
    return ranks


def _stage3(model: Model, world: int) -> list[list[torch.Tensor]]:
    """Each parameter cut into one padded part a rank, a rank's parts one behind the other."""
    ranks: list[list[torch.Tensor]] = [[] for _ in range(world)]
    for group in model.groups:
        parts = [padded(one.reshape(-1), world).chunk(world) for one in group.values()]
        for rank in range(world):
            ranks[rank].append(torch.cat([part[rank] for part in parts]))
    return ranks


def _model_states(model: Model, stage: int, rank: int, world: int) -> dict[str, Any]:
    shapes = [OrderedDict((name, one.shape) for name, one in group.items()) for group in model.groups]
    module: dict[str, torch.Tensor] = OrderedDict()
    for name, one in model.everything.items():
        if name in model.buffers:
            module[name] = one
        else:
            module[name] = torch.empty(0, dtype=torch.bfloat16) if stage == 3 else one.bfloat16()
    fragments = dict(model.frozen)
    if stage == 3:
        fragments = {
            name: padded(one.reshape(-1), world).chunk(world)[rank].clone()
            for name, one in model.frozen.items()
        }
    return {
        "module": module,
        "buffer_names": list(model.buffers),
        "optimizer": None,
        "param_shapes": shapes,
        "frozen_param_shapes": OrderedDict((name, one.shape) for name, one in model.frozen.items()),
        "frozen_param_fragments": OrderedDict(fragments),
        "shared_params": model.tied,
        "lr_scheduler": {"last_batch_iteration": 9},
        "global_steps": 10,
        "dp_world_size": world,
        "mp_world_size": 1,
        "ds_config": {"zero_optimization": {"stage": stage}},
        "ds_version": "0.16.4",
    }
