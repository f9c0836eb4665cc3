"""Mixtures of experts in a whole report: names of real models, figures against torch in float64."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch

import pthreport
from pthreport.checkpoint import open_checkpoint
from pthreport.document import Experts, from_json, to_json
from pthreport.measure import similarity

State = dict[str, torch.Tensor]
COUNT, WIDTH, INNER = 4, 12, 20


def experts(state: State, path: Path) -> tuple[Experts, ...]:
    torch.save(state, path / "moe.pt")
    report = pthreport.analyze(path / "moe.pt")
    assert to_json(from_json(to_json(report))) == to_json(report)
    return report.models[0].experts


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape)


def mixtral(at: str = "model.layers.0.block_sparse_moe") -> State:
    state = {f"{at}.gate.weight": random(COUNT, WIDTH)}
    for number in range(COUNT):
        for name, shape in (("w1", (INNER, WIDTH)), ("w2", (WIDTH, INNER)), ("w3", (INNER, WIDTH))):
            state[f"{at}.experts.{number}.{name}.weight"] = random(*shape)
    return state


def deepseek(at: str = "model.layers.3.mlp") -> State:
    state = {
        f"{at}.gate.weight": random(COUNT, WIDTH),
        f"{at}.gate.e_score_correction_bias": random(COUNT),
    }
    for owner in [*(f"experts.{number}" for number in range(COUNT)), "shared_experts"]:
        for name, shape in (
            ("gate_proj", (INNER, WIDTH)),
            ("up_proj", (INNER, WIDTH)),
            ("down_proj", (WIDTH, INNER)),
        ):
            state[f"{at}.{owner}.{name}.weight"] = random(*shape)
    return state


def qwen(at: str = "model.layers.0.mlp") -> State:
    state = {name.replace("shared_experts", "shared_expert"): t for name, t in deepseek(at).items()}
    del state[f"{at}.gate.e_score_correction_bias"]
    return state | {f"{at}.shared_expert_gate.weight": random(1, WIDTH)}


def switch(at: str = "encoder.block.1.layer.1.mlp") -> State:
    state = {f"{at}.router.classifier.weight": random(COUNT, WIDTH)}
    for number in range(COUNT):
        state[f"{at}.experts.expert_{number}.wi.weight"] = random(INNER, WIDTH)
        state[f"{at}.experts.expert_{number}.wo.weight"] = random(WIDTH, INNER)
    return state


def gpt_oss(at: str = "model.layers.0.mlp") -> State:
    return {
        f"{at}.router.weight": random(COUNT, WIDTH),
        f"{at}.router.bias": random(COUNT),
        f"{at}.experts.gate_up_proj": random(COUNT, WIDTH, 2 * INNER),
        f"{at}.experts.gate_up_proj_bias": random(COUNT, 2 * INNER),
        f"{at}.experts.down_proj": random(COUNT, INNER, WIDTH),
        f"{at}.experts.down_proj_bias": random(COUNT, WIDTH),
    }


def mixtral_five(at: str = "model.layers.0.mlp") -> State:
    return {
        f"{at}.gate.weight": random(COUNT, WIDTH),
        f"{at}.experts.gate_up_proj": random(COUNT, 2 * INNER, WIDTH),
        f"{at}.experts.down_proj": random(COUNT, WIDTH, INNER),
    }


def granite(at: str = "model.layers.0.block_sparse_moe") -> State:
    return {
        f"{at}.input_linear.weight": random(COUNT, 2 * INNER, WIDTH),
        f"{at}.output_linear.weight": random(COUNT, WIDTH, INNER),
        f"{at}.router.layer.weight": random(COUNT, WIDTH),
    }


def vectors(state: State, number: int, *, fused: bool) -> torch.Tensor:
    """All weights of one expert in float64."""
    if fused:
        parts = [t[number] for name, t in state.items() if "router" not in name and ".gate." not in name]
    else:
        parts = [
            t
            for name, t in state.items()
            if f".{number}." in name.replace("expert_", "").partition("experts")[2]
        ]
    return torch.cat([part.double().reshape(-1) for part in parts])


@pytest.mark.parametrize(
    ("make", "fused", "at", "router"),
    [
        (mixtral, False, "model.layers.0.block_sparse_moe", "model.layers.0.block_sparse_moe.gate"),
        (deepseek, False, "model.layers.3.mlp", "model.layers.3.mlp.gate"),
        (qwen, False, "model.layers.0.mlp", "model.layers.0.mlp.gate"),
        (switch, False, "encoder.block.1.layer.1.mlp", "encoder.block.1.layer.1.mlp.router.classifier"),
        (gpt_oss, True, "model.layers.0.mlp", "model.layers.0.mlp.router"),
        (mixtral_five, True, "model.layers.0.mlp", "model.layers.0.mlp.gate"),
        (granite, True, "model.layers.0.block_sparse_moe", "model.layers.0.block_sparse_moe.router.layer"),
    ],
)  # fmt: skip
def test_the_mixtures_of_real_models(
    tmp_path: Path, make: Callable[[], State], fused: bool, at: str, router: str
) -> None:
    state = make()
    (found,) = experts(state, tmp_path)
    assert (found.at, found.count, found.router, found.fused) == (at, COUNT, router, fused)
    assert found.numbers == tuple(range(COUNT))
    flat = [vectors(state, number, fused=fused) for number in range(COUNT)]
    assert found.parameters == flat[0].numel()
    assert found.norms == pytest.approx([float(one.norm()) for one in flat], rel=1e-5)
    cosines = [float(a @ b / a.norm() / b.norm()) for a, b in combinations(flat, 2)]
    assert found.cosine_min == pytest.approx(min(cosines), abs=1e-6)
    assert found.cosine_max == pytest.approx(max(cosines), abs=1e-6)
    assert found.cosine_mean == pytest.approx(sum(cosines) / len(cosines), abs=1e-6)
    assert (found.cosine_basis, found.sampled) == ("computed", found.parameters)
    assert (found.duplicate_pairs, found.duplicates, found.problem) == (0, (), "")
    weight = state[f"{router}.weight"].double()
    assert found.router_norms == pytest.approx(weight.norm(dim=1).tolist(), rel=1e-5)
    biases = state.get(f"{router}.bias", state.get(f"{router}.e_score_correction_bias"))
    assert found.router_biases == pytest.approx([] if biases is None else biases.tolist(), rel=1e-5)


def test_what_every_token_passes(tmp_path: Path) -> None:
    assert experts(deepseek(), tmp_path)[0].shared == ("model.layers.3.mlp.shared_experts",)
    assert experts(qwen(), tmp_path)[0].shared == ("model.layers.0.mlp.shared_expert",)
    assert experts(mixtral(), tmp_path)[0].shared == ()


def test_each_layer_has_its_own(tmp_path: Path) -> None:
    state: State = {}
    for at in range(12):
        state |= mixtral(f"model.layers.{at}.block_sparse_moe")
    found = experts(state, tmp_path)
    assert [one.at for one in found] == [f"model.layers.{at}.block_sparse_moe" for at in range(12)]


def test_experts_that_are_nearly_the_same(tmp_path: Path) -> None:
    state = mixtral()
    for name in list(state):
        if ".experts.2." in name:
            twin = state[name.replace(".experts.2.", ".experts.0.")]
            state[name] = 3 * twin + 0.01 * torch.randn_like(twin)
    (found,) = experts(state, tmp_path)
    assert found.duplicate_pairs == 1
    (pair,) = found.duplicates
    assert (pair.first, pair.second) == (0, 2)
    assert pair.cosine == found.cosine_max == found.nearest[0] == found.nearest[2]
    assert pair.cosine > 0.999
    assert found.norms[2] == pytest.approx(3 * found.norms[0], rel=1e-2)


def test_a_missing_expert_is_told_by_the_router(tmp_path: Path) -> None:
    state = {name: t for name, t in mixtral().items() if ".experts.1." not in name}
    (found,) = experts(state, tmp_path)
    assert (found.count, found.numbers, len(found.norms)) == (4, (0, 2, 3), 3)
    assert len(found.router_norms) == 4


def test_an_expert_of_another_shape_is_left_out(tmp_path: Path) -> None:
    state = mixtral()
    state["model.layers.0.block_sparse_moe.experts.3.w1.weight"] = random(INNER + 1, WIDTH)
    (found,) = experts(state, tmp_path)
    assert (found.count, found.numbers, len(found.norms)) == (4, (0, 1, 2), 3)


def test_nan_and_zeros_spoil_one_expert_only(tmp_path: Path) -> None:
    state = mixtral()
    state["model.layers.0.block_sparse_moe.experts.1.w1.weight"][0, 0] = torch.nan
    for name in ("w1", "w2", "w3"):
        state[f"model.layers.0.block_sparse_moe.experts.2.{name}.weight"].zero_()
    (found,) = experts(state, tmp_path)
    assert found.nearest[1] is found.nearest[2] is None
    assert found.norms[2] == 0.0
    assert found.norms[1] > 0
    a, b = vectors(state, 0, fused=False), vectors(state, 3, fused=False)
    assert (
        found.cosine_min == found.cosine_max == pytest.approx(float(a @ b / a.norm() / b.norm()), abs=1e-6)
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("make", [mixtral, gpt_oss])
def test_types_and_layouts(tmp_path: Path, make: Callable[[], State], dtype: torch.dtype) -> None:
    state = {
        name: t.to(dtype).transpose(-1, -2).contiguous().transpose(-1, -2) if t.dim() > 1 and "w2" not in name else t.to(dtype)
        for name, t in make().items()
    }  # fmt: skip
    (found,) = experts(state, tmp_path)
    flat = [vectors(state, number, fused=make is gpt_oss) for number in range(COUNT)]
    assert found.norms == pytest.approx([float(one.norm()) for one in flat], rel=1e-5)
    cosines = [float(a @ b / a.norm() / b.norm()) for a, b in combinations(flat, 2)]
    assert found.cosine_max == pytest.approx(max(cosines), abs=1e-6)


def test_integers_are_not_compared(tmp_path: Path) -> None:
    state = {name: t.to(torch.int8) if "experts" in name else t for name, t in mixtral().items()}
    (found,) = experts(state, tmp_path)
    assert found.problem.startswith("their types")
    assert len(found.router_norms) == COUNT


@pytest.mark.parametrize(
    "state",
    [
        {f"blocks.{n}.fc{m}.weight": torch.ones(4, 4) for n in range(4) for m in range(2)} | {"head.weight": torch.ones(4, 4)},
        {f"m.experts.{n}.w.weight": torch.ones(5, 6) for n in range(4)},
        {f"m.experts.{n}.w.weight": torch.ones(0, 0) for n in range(2)} | {"m.gate.weight": torch.ones(2, 0)},
        {"m.experts.a": torch.ones(2, 3, 4), "m.experts.b": torch.ones(3, 3, 4), "m.router.weight": torch.ones(2, 3)},
        {"m.experts.0.w.weight": torch.ones(5, 6), "m.gate.weight": torch.ones(1, 6)},
        {f"m.experts.{10**n}.w.weight": torch.ones(5, 6) for n in range(5)} | {"m.gate.weight": torch.ones(5, 6)},
        {"experts": torch.ones(2, 3, 4), "router.weight": torch.ones(2, 3)},
        {"m.experts.w1": torch.ones(2, 0, 4), "m.experts.w2": torch.ones(2, 4, 0), "m.router.weight": torch.ones(2, 4)},
    ],
)  # fmt: skip
def test_odd_files_do_no_harm(tmp_path: Path, state: State) -> None:
    for one in experts(state, tmp_path):
        assert one.cosine_max is None


def test_a_sample_is_close_to_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(3)
    common = torch.randn(300, 400, generator=generator)
    state = {f"w{n}": common + torch.randn(300, 400, generator=generator) for n in range(4)}
    torch.save(state, tmp_path / "x.pt")
    with open_checkpoint(tmp_path / "x.pt") as checkpoint:
        sets = [[checkpoint.tensors[f"w{n}"]] for n in range(4)]
        whole = similarity.compared(sets, 4)
        monkeypatch.setattr(similarity, "COST", 16 * 40_000)
        monkeypatch.setattr(similarity, "BLOCK", 4 * 4096)
        part = similarity.compared(sets, 4)
        assert similarity.compared(sets, 4, everything=True).sampled == 120_000
    assert whole.sampled == 120_000
    assert 30_000 < part.sampled <= 40_000
    error = (1 - whole.cosines**2) / np.sqrt(part.sampled)
    assert (np.abs(part.cosines - whole.cosines) <= 5 * error + 1e-12).all()
