"""Optimizers that keep what others keep, or nothing of the usual form, in files that torch wrote."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import pthreport
from pthreport.anatomy.optimizer_kind import kind_of
from pthreport.document import Optimizer


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 2))


def reported(model: nn.Module, state: dict[str, Any], path: Path) -> Optimizer:
    torch.save({"model": model.state_dict(), "optimizer": state}, path / "run.pt")
    (found,) = pthreport.analyze(path / "run.pt").training.optimizers
    return found


def test_lbfgs(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1)
    inputs = torch.randn(8, 6)

    def closure() -> float:
        optimizer.zero_grad()
        loss = model(inputs).square().mean()
        loss.backward()
        return float(loss.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    found = reported(model, optimizer.state_dict(), tmp_path)
    assert (found.kind, found.parameters, found.matched) == ("LBFGS", 4, 4)
    made = optimizer.state[next(iter(optimizer.state))]["n_iter"]
    assert found.steps == (made, made)


def test_muon_leaves_the_vectors_to_another(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.Muon([p for p in model.parameters() if p.dim() == 2], lr=0.1)
    model(torch.randn(8, 6)).square().mean().backward()
    optimizer.step()  # type: ignore[no-untyped-call]
    found = reported(model, optimizer.state_dict(), tmp_path)
    assert (found.kind, found.matched, found.matched_by) == ("Muon", 2, "order and shape")
    assert [state.parameter for state in found.states] == ["model.0.weight", "model.2.weight"]
    assert [state.update_rms for state in found.states] == [None, None]


def test_sparse_adam(tmp_path: Path) -> None:
    model = nn.Embedding(10, 4, sparse=True)
    optimizer = torch.optim.SparseAdam(model.parameters(), lr=0.1)
    model(torch.tensor([1, 2])).sum().backward()
    optimizer.step()  # type: ignore[no-untyped-call]
    found = reported(model, optimizer.state_dict(), tmp_path)
    assert found.kind == "SparseAdam"
    assert found.states[0].zero_share == pytest.approx(0.8)


def test_radam_s_last_step(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.RAdam(model.parameters(), lr=0.05)
    before = next(model.parameters()).detach().clone()
    for _ in range(9):
        before = next(model.parameters()).detach().clone()
        optimizer.zero_grad()
        model(torch.randn(8, 6)).square().mean().backward()
        optimizer.step()
    state = reported(model, optimizer.state_dict(), tmp_path).states[0]
    made = (next(model.parameters()).detach() - before).double()
    assert state.update_rms == pytest.approx(float(made.square().mean().sqrt()), rel=1e-4)
    assert state.ratio_basis == "computed"


def test_apex_counts_in_its_groups(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.randn(8, 6)).square().mean().backward()
    optimizer.step()
    state = optimizer.state_dict()
    ours = reported(model, state, tmp_path).states[0]
    group = state["param_groups"][0]
    group = {k: group[k] for k in ("lr", "betas", "eps", "weight_decay", "params")}
    moments = {k: {n: t for n, t in v.items() if n != "step"} for k, v in state["state"].items()}
    apex = {"state": moments, "param_groups": [group | {"bias_correction": True, "step": 1}]}
    found = reported(model, apex, tmp_path)
    assert (found.kind, found.steps) == ("Adam or AdamW", (1, 1))
    assert found.states[0].update_rms == ours.update_rms
    plain = {"state": moments, "param_groups": [group | {"bias_correction": False, "step": 1}]}
    assert reported(model, plain, tmp_path).states[0].update_rms is None


@pytest.mark.parametrize(
    ("slots", "options", "kind"),
    [
        ({"exp_avg", "exp_avg_sq"}, {"lr", "betas", "eps", "weight_decay", "correct_bias"}, "AdamW"),
        ({"exp_avg", "exp_avg_sq"}, {"lr", "betas", "eps", "weight_decay"}, "Adam family"),
        (
            {"exp_avg", "exp_avg_sq"},
            {"betas", "bias_correction", "grad_averaging", "max_grad_norm"},
            "LAMB",
        ),
        (set(), {"lr", "betas", "eps", "weight_decay", "amsgrad"}, "Adam or AdamW"),
        (set(), {"lr", "betas", "eps", "decoupled_weight_decay"}, "RAdam"),
        (set(), {"lr", "betas", "momentum_decay", "decoupled_weight_decay"}, "NAdam"),
        ({"exp_avg"}, {"lr", "betas", "weight_decay"}, "Lion"),
        (set(), {"lr"}, "not recognised"),
        (set(), set(), "not recognised"),
    ],
)
def test_what_slots_and_options_tell(slots: set[str], options: set[str], kind: str) -> None:
    group: dict[object, object] = dict.fromkeys(options, 0.5)
    assert kind_of(frozenset(slots), [group], options)[0] == kind


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"args": {"optimizer": "Adam"}}, "Adam"),
        ({"args": {"optim": "adamw_torch"}}, "AdamW"),
        ({"hparams": {"optimizer_class": "torch.optim.AdamW"}}, "AdamW"),
        ({"args": {"optimizer": "adam"}, "config": {"optim": "adamw"}}, "Adam or AdamW"),
        ({"args": {"optimizer": "sgd"}}, "Adam or AdamW"),
        ({"args": {"adam": "adam", "optimizer": "my_adamw2"}}, "Adam or AdamW"),
        ({}, "Adam or AdamW"),
    ],
)
def test_arguments_tell_adam_from_adamw(
    tmp_path: Path, arguments: dict[str, dict[str, str]], kind: str
) -> None:
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.randn(8, 6)).square().mean().backward()
    optimizer.step()
    state = optimizer.state_dict()
    del state["param_groups"][0]["decoupled_weight_decay"]  # as torch wrote before 2.7
    torch.save({"model": model.state_dict(), "optimizer": state, **arguments}, tmp_path / "run.pt")
    (found,) = pthreport.analyze(tmp_path / "run.pt").training.optimizers
    assert found.kind == kind
    assert found.groups[0].words.startswith(f"{kind}, learning rate 0.1")
    assert ("says" in found.evidence) == (kind != "Adam or AdamW")
