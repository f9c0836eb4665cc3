"""Schedules' curves against torch's own schedulers, step by step."""

import copy
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as torch_schedulers

from pthreport.anatomy import curve as curves
from pthreport.anatomy.curve import curve
from pthreport.anatomy.schedule import describe, kind_of, scaler

Scheduler = Any
Make = Callable[[torch.optim.Optimizer], Scheduler]

LR = torch_schedulers
MAKES: dict[str, Make] = {
    "StepLR": lambda o: LR.StepLR(o, 7, 0.3),
    "MultiStepLR": lambda o: LR.MultiStepLR(o, [5, 12, 12, 30], 0.2),
    "ExponentialLR": lambda o: LR.ExponentialLR(o, 0.93),
    "CosineAnnealingLR": lambda o: LR.CosineAnnealingLR(o, 30, 1e-3),
    "CosineAnnealingWarmRestarts": lambda o: LR.CosineAnnealingWarmRestarts(o, 5, 2, 1e-4),
    "CosineAnnealingWarmRestarts, even": lambda o: LR.CosineAnnealingWarmRestarts(o, 5, 1),
    "OneCycleLR": lambda o: LR.OneCycleLR(o, 0.5, total_steps=50),
    "OneCycleLR, linear": lambda o: LR.OneCycleLR(
        o, 0.5, total_steps=50, anneal_strategy="linear", three_phase=True
    ),
    "LinearLR": lambda o: LR.LinearLR(o, 0.1, 0.8, 9),
    "PolynomialLR": lambda o: LR.PolynomialLR(o, 20, 2.0),
    "ConstantLR": lambda o: LR.ConstantLR(o, 0.25, 6),
    "CyclicLR": lambda o: LR.CyclicLR(o, 0.01, 0.1, 6, 9, cycle_momentum=False),
    "CyclicLR, halving": lambda o: LR.CyclicLR(o, 0.01, 0.1, 6, mode="triangular2", cycle_momentum=False),
    "CyclicLR, shrinking": lambda o: LR.CyclicLR(
        o, 0.01, 0.1, 6, mode="exp_range", gamma=0.97, cycle_momentum=False
    ),
    "ChainedScheduler": lambda o: LR.ChainedScheduler(
        [LR.ConstantLR(o, 0.1, 3), LR.ExponentialLR(o, 0.9), LR.StepLR(o, 6, 0.5)]
    ),
    "SWALR": lambda o: torch.optim.swa_utils.SWALR(o, swa_lr=0.02, anneal_epochs=50),
    "SWALR, linear": lambda o: torch.optim.swa_utils.SWALR(
        o, swa_lr=0.5, anneal_epochs=8, anneal_strategy="linear"
    ),
    "SequentialLR": lambda o: LR.SequentialLR(
        o, [LR.LinearLR(o, 0.1, 1.0, 5), LR.CosineAnnealingLR(o, 30)], [5]
    ),
}


def run(make: Make, steps: int) -> tuple[dict[Any, Any], dict[Any, Any], list[float]]:
    """The scheduler's state and its group's options after `steps`, and the rates on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        scheduler = make(optimizer)
        rates = [float(optimizer.param_groups[0]["lr"])]
        for _ in range(steps):
            optimizer.step()
            scheduler.step()
            rates.append(float(optimizer.param_groups[0]["lr"]))
        state = copy.deepcopy(scheduler.state_dict())
    return state, dict(optimizer.param_groups[0]), rates


@pytest.mark.parametrize("name", MAKES)
def test_curves_are_torchs(name: str) -> None:
    state, group, rates = run(MAKES[name], 40)
    kind = name.partition(",")[0]
    assert kind_of(state)[0] == kind
    found = curve(kind, state, group)
    assert found is not None
    assert found.at == 40
    assert found.steps[:40] == tuple(range(40))
    assert list(found.rates[:41]) == pytest.approx(rates, rel=1e-9, abs=1e-12)
    assert found.now == pytest.approx(rates[-1], rel=1e-9, abs=1e-12)
    assert found.peak == pytest.approx(max(found.rates))


def test_long_curves_have_few_points_and_keep_their_jumps() -> None:
    state, group, _ = run(lambda o: LR.MultiStepLR(o, [30_000, 60_000], 0.1), 3)
    state["last_epoch"] = 45_000
    found = curve("MultiStepLR", state, group)
    assert found is not None
    assert len(found.steps) <= curves.POINTS
    assert found.steps[-1] == 60_000
    assert {29_999, 30_000, 45_000, 59_999} <= set(found.steps)
    assert found.now == pytest.approx(0.01)
    assert found.ends
    assert list(found.steps) == sorted(set(found.steps))


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("CosineAnnealingLR", {"T_max": 0, "eta_min": 0, "base_lrs": [0.1], "last_epoch": 3}),
        ("CosineAnnealingLR", {"T_max": float("nan"), "eta_min": 0, "base_lrs": [0.1], "last_epoch": 3}),
        ("CosineAnnealingLR", {"T_max": 9, "eta_min": "x", "base_lrs": [0.1], "last_epoch": 3}),
        ("CosineAnnealingLR", {"T_max": 9, "eta_min": 0, "base_lrs": [], "last_epoch": 3}),
        ("StepLR", {"step_size": 0, "gamma": 0.1, "base_lrs": [0.1], "last_epoch": 3}),
        ("StepLR", {"step_size": 2, "gamma": 1e300, "base_lrs": [0.1], "last_epoch": 30}),
        ("ExponentialLR", {"gamma": 10**400, "base_lrs": [0.1], "last_epoch": 3}),
        ("MultiStepLR", {"milestones": {"a": 1}, "gamma": 0.1, "base_lrs": [0.1], "last_epoch": 3}),
        ("PolynomialLR", {"total_iters": 9, "power": -1.0, "base_lrs": [0.1], "last_epoch": 9}),
        ("CyclicLR", {"base_lrs": [1], "total_size": 0, "step_ratio": 1, "mode": "triangular", "gamma": 1}),
        ("OneCycleLR", {"total_steps": 9, "_schedule_phases": [3], "last_epoch": 1}),
        ("ChainedScheduler", {"_schedulers": [], "_last_lr": [0.1]}),
        ("ChainedScheduler", {"_schedulers": [3], "_last_lr": [0.1]}),
        (
            "ChainedScheduler",
            {"_schedulers": [{"T_max": 9, "eta_min": 0, "base_lrs": [1], "last_epoch": 1}]},
        ),
        ("SWALR", {"anneal_epochs": 5, "base_lrs": [0.1], "last_epoch": 1}),
        ("SequentialLR", {"_schedulers": [{}], "_milestones": [], "last_epoch": 1}),
        ("LambdaLR", {"lr_lambdas": [None], "base_lrs": [0.1], "last_epoch": 1}),
        (
            "CosineAnnealingWarmRestarts",
            {"T_0": 1, "T_mult": 1, "eta_min": 0, "base_lrs": [1], "last_epoch": 10**18},
        ),
    ],
)
def test_settings_that_make_no_sense_give_no_curve(kind: str, state: dict[object, object]) -> None:
    assert curve(kind, state, None) is None


def test_words_say_where_on_the_curve() -> None:
    state, group, _ = run(MAKES["CosineAnnealingLR"], 15)
    found = describe("scheduler", state, group)
    assert found.at == 15
    assert found.words == "step 15 of 30, learning rate 0.0505, 0.505 of its peak 0.1"
    plateau = describe("s", {"num_bad_epochs": 2, "patience": 10, "last_epoch": 4, "best": 1.0})
    assert plateau.kind == "ReduceLROnPlateau"
    assert plateau.curve is None
    assert plateau.words == "2 epochs without improvement, patience 10, best value 1"
    state, group, rates = run(lambda o: LR.LambdaLR(o, lambda t: 0.9**t), 4)
    assert describe("s", state, group).words == (
        f"step 4, learning rate {rates[-1]:.3g}, by a function that the file does not hold"
    )


def test_scalers() -> None:
    state: dict[object, object] = dict(torch.amp.GradScaler("cpu", enabled=True).state_dict().items())
    found = scaler("scaler", state)
    assert (found.scale, found.growth_factor, found.backoff_factor) == (65536.0, 2.0, 0.5)
    assert (found.growth_interval, found.growth_tracker) == (2000, 0)
    assert scaler("s", {"scale": "x", "growth_interval": True}).scale is None
