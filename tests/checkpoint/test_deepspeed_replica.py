"""DeepSpeed ZeRO against plain torch: what `zero_to_fp32.py` computes, written down a second time with
`cat` and `narrow`, on random shapes, groups, ranks and cuts.

With `PTHREPORT_DEEPSPEED` naming an unpacked source distribution of deepspeed, its own script is asked too:
`pip download --no-deps --no-binary :all: --no-build-isolation deepspeed` (needs torch in the environment).
"""

import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pthreport.checkpoint import open_checkpoint
from tests.checkpoint.files import same
from tests.checkpoint.zero import Model, Weights, write

SOURCES = os.environ.get("PTHREPORT_DEEPSPEED", "")
ROOT = Path(__file__).parents[2]

SHAPES = st.lists(st.integers(1, 7), max_size=3).map(tuple)


@st.composite
def models(draw: st.DrawFn) -> Model:
    """One to three groups of random shapes, scalars among them."""
    model = Model()
    model.groups = []
    for number in range(draw(st.integers(1, 3))):
        shapes = draw(st.lists(SHAPES, min_size=1, max_size=5))
        model.groups.append({f"g{number}.p{at}": torch.randn(shape) for at, shape in enumerate(shapes)})
    model.frozen = {
        f"f{at}": torch.randn(shape) for at, shape in enumerate(draw(st.lists(SHAPES, max_size=2)))
    }
    model.tied = {"tied": "g0.p0"}
    return model


def cut_again(folder: Path, world: int, model: Model, together: int) -> None:
    """Stage 3 keeps a rank's parts in sub-groups of so many parameters, whatever their group."""
    parts = [math.ceil(one.numel() / world) for group in model.groups for one in group.values()]
    lengths = [sum(parts[at : at + together]) for at in range(0, len(parts), together)]
    for rank in range(world):
        file = folder / f"zero_pp_rank_{rank}_mp_rank_00_optim_states.pt"
        saved = torch.load(file, weights_only=True)
        flat = torch.cat(saved["optimizer_state_dict"]["fp32_flat_groups"])
        pieces = [piece.clone() for piece in torch.split(flat, lengths)]
        saved["optimizer_state_dict"]["fp32_flat_groups"] = pieces
        torch.save(saved, file)


def replica(folder: Path, stage: int, world: int) -> Weights:
    """The consolidated weights, from the files alone."""

    def loaded(name: str) -> Any:
        return torch.load(folder / name, weights_only=True)

    ranks = [
        loaded(f"zero_pp_rank_{rank}_mp_rank_00_optim_states.pt")["optimizer_state_dict"]
        for rank in range(world)
    ]
    first = "zero_pp_rank_{}_mp_rank_00_model_states.pt" if stage == 3 else "mp_rank_00_model_states.pt"
    states = [loaded(first.format(rank)) for rank in range(world if stage == 3 else 1)]
    model = states[0]
    found: Weights = {name: model["module"][name] for name in model["buffer_names"]}
    if stage == 3:
        for name, shape in model["frozen_param_shapes"].items():
            whole = torch.cat([state["frozen_param_fragments"][name] for state in states])
            found[name] = whole[: shape.numel()].view(shape)
        flat = torch.stack([torch.cat(rank["fp32_flat_groups"]) for rank in ranks])
        at = 0
        for group in model["param_shapes"]:
            for name, shape in group.items():
                part = math.ceil(shape.numel() / world)
                found[name] = flat[:, at : at + part].reshape(-1)[: shape.numel()].view(shape)
                at += part
        assert at == flat.shape[1]
    else:
        found |= model["frozen_param_fragments"]
        for number, group in enumerate(model["param_shapes"]):
            run = torch.cat([rank["single_partition_of_fp32_groups"][number] for rank in ranks])
            for name, shape in group.items():
                found[name], run = run[: shape.numel()].view(shape), run[shape.numel() :]
            assert run.numel() < 2 * world
    return found | {name: found[other] for name, other in model["shared_params"].items()}


@settings(max_examples=25, deadline=None)
@given(
    model=models(),
    stage=st.sampled_from([1, 2, 3]),
    world=st.integers(1, 4),
    together=st.integers(1, 6),
)
def test_the_same_as_the_replica(model: Model, stage: int, world: int, together: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = write(Path(place) / "global_step10", stage, world, model)
        if stage == 3:
            cut_again(folder, world, model, together)
        expected = replica(folder, stage, world)
        with open_checkpoint(folder) as checkpoint:
            assert checkpoint.problems == []
            module = checkpoint.tree["module"]
            assert set(module) == set(expected)
            for name, value in expected.items():
                assert same(module[name].torch(), value), name


@pytest.mark.skipif(not SOURCES, reason="PTHREPORT_DEEPSPEED names no sources of deepspeed")
@pytest.mark.parametrize("world", [1, 2, 3, 4])
@pytest.mark.parametrize("stage", [1, 2, 3])
def test_the_same_as_deepspeeds_own_script(tmp_path: Path, stage: int, world: int) -> None:
    model = Model()
    folder = write(tmp_path / "global_step10", stage, world, model)
    if stage == 3:
        cut_again(folder, world, model, 2)
    output = tmp_path / "consolidated.pt"
    command = [sys.executable, "-m", "tests.checkpoint.zero_to_fp32", SOURCES, str(folder), str(output)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr[-2000:]
    expected = torch.load(output, weights_only=True)
    with open_checkpoint(folder) as checkpoint:
        module = checkpoint.tree["module"]
        assert set(module) == set(expected)
        for name, value in expected.items():
            assert same(module[name].torch(), value), name
