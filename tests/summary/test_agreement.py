"""What the report says of a figure agrees with the finding about it, by whatever thresholds are in force."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

import pthreport
from pthreport.checks import Examination
from pthreport.document import Report, from_json, to_json
from pthreport.render.html import render_html
from sample_reports.write_reports import CHECKPOINT
from tests.checks.examples import analyzed, finding, trained, weights
from tests.checks.runs import training_run


def stack() -> dict[str, torch.Tensor]:
    """Linear layers of many kinds: noise, heavy tails, outlier channels, scales far apart."""
    torch.manual_seed(5)
    state: dict[str, torch.Tensor] = {}
    for at, scale in enumerate((0.01, 0.02, 0.02, 0.03, 0.5, 0.0005)):
        matrix = torch.randn(64, 96) * scale
        if at % 2:
            # A few directions above the noise, the tail of a power law.
            sizes = torch.arange(1, 65, dtype=torch.float32) ** -(0.3 + at / 4)
            matrix = torch.linalg.qr(torch.randn(64, 64))[0] @ torch.diag(sizes) @ matrix
        if at == 2:
            matrix[7] *= 60
        state[f"blocks.{at}.fc.weight"] = matrix
        state[f"blocks.{at}.fc.bias"] = torch.randn(64)
    return state


def decayed(rate: float) -> dict[str, Any]:
    run = training_run(rate=1e-3)
    run["optimizer"]["param_groups"][0]["initial_lr"] = 1e-3
    run["optimizer"]["param_groups"][0]["lr"] = rate
    return run


FILES: Mapping[str, Callable[[], Any]] = {
    "fresh": weights,
    "trained": trained,
    "stack": stack,
    "fast": lambda: training_run(rate=0.5),
    "slow": lambda: training_run(rate=1e-9),
    "decayed": lambda: decayed(1e-8),
    "sgd": lambda: training_run(kind="SGD"),
}
THRESHOLDS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "as they are": {},
    "tight": {
        "odd-tails": {"low": 1.7, "high": 1.8},
        "int8-outliers": {"least-db": 60.0, "gap-db": 0.5},
        "large-updates": {"ratio": 1e-3},
        "small-updates": {"ratio": 5e-4},
        "outlying-spread": {"ratio": 1.5},
    },
    "wide": {
        "odd-tails": {"low": 0.5, "high": 90.0},
        "int8-outliers": {"least-db": 1.0},
        "large-updates": {"ratio": 5.0},
        "small-updates": {"ratio": 1e-20},
    },
}


@pytest.fixture(params=[(file, by) for file in FILES for by in THRESHOLDS], ids="-".join)
def report(request: pytest.FixtureRequest, tmp_path: Path) -> Report:
    file, by = request.param
    return analyzed(tmp_path, FILES[file](), checks=Examination(thresholds=THRESHOLDS[by]))


@pytest.fixture(params=THRESHOLDS)
def bundled(request: pytest.FixtureRequest) -> Report:
    return pthreport.analyze(CHECKPOINT, jobs=1, checks=Examination(thresholds=THRESHOLDS[request.param]))


def open_places(report: Report, check: str) -> set[str]:
    """The paths that a check found fault with."""
    found = finding(report, check)
    return set(found.where) if found.status in ("info", "warn", "fail") else set()


def agrees(report: Report) -> None:
    layers = [layer for model in report.models for layer in model.layer_list]
    tails = {layer.weight for layer in layers if layer.states.tail in ("below", "above")}
    assert tails == open_places(report, "odd-tails")
    noise = {layer.weight for layer in layers if layer.states.spectrum == "like noise"}
    assert noise == open_places(report, "random-layers")
    channels = open_places(report, "int8-outliers")
    assert {layer.weight for layer in layers if layer.states.int8 == "outliers"} == channels
    for check, state in (("large-updates", "above"), ("small-updates", "below")):
        places = open_places(report, check)
        unusual = {
            path
            for said in report.captions.optimizers.values()
            for path, found in said.unusual.items()
            if found == state
        }
        assert unusual == places
        assert {layer.weight for layer in layers if layer.states.update == state} == places
    gains = open_places(report, "outlying-spread") | open_places(report, "exploding-scale")
    for model in report.models:
        of = {layer.name: layer.weight for layer in model.layer_list}
        for one in model.highlights:
            if one.kind in ("gain-high", "gain-low"):
                assert of[one.layer] in gains
            elif one.kind == "gain-usual":
                assert gains.isdisjoint(of.values())


def says_so(report: Report) -> None:
    """The page marks the same layers and names the same thresholds."""
    page = render_html(report)
    assert render_html(from_json(to_json(report))) == page
    layers = [layer for model in report.models for layer in model.layer_list]
    marked = [layer for layer in layers if layer.states.tail in ("below", "above")]
    outliers = [layer for layer in layers if layer.states.int8 == "outliers"]
    assert len(re.findall(r"\d [↑↓]</td>", page)) == len(marked) + len(outliers)
    alpha = finding(report, "odd-tails").threshold
    for model in report.models:
        usual = report.captions.models[model.key].alpha_range
        if usual is not None:
            assert f"alpha below {usual.low:g} or above {usual.high:g}" in alpha
            # Of a single spectrum there is no strip.
            if sum(layer.spectrum is not None for layer in model.layer_list) > 1:
                assert f"{usual.low:g} to {usual.high:g}: usual" in page
    padded = finding(report, "padded-precision").status in ("info", "warn")
    assert ("narrower type" in " ".join(report.captions.precision)) == padded
    assert ("outlier channels" in " ".join(report.captions.precision)) == bool(outliers)


def test_states_are_those_of_the_findings(report: Report) -> None:
    agrees(report)
    says_so(report)


def test_so_are_those_of_the_bundled_file(bundled: Report) -> None:
    agrees(bundled)
    says_so(bundled)


def test_the_files_have_what_is_compared(tmp_path: Path) -> None:
    """Each state occurs in one of them, so that agreement is no agreement about nothing."""
    layers = [
        layer
        for by in ("as they are", "tight")
        for name in ("stack", "fast", "slow", "trained")
        for model in analyzed(tmp_path, FILES[name](), checks=Examination(thresholds=THRESHOLDS[by])).models
        for layer in model.layer_list
    ]
    assert {layer.states.tail for layer in layers} >= {"below", "above", "unclear"}
    assert {layer.states.spectrum for layer in layers} >= {"like noise", "above noise"}
    assert {layer.states.int8 for layer in layers} >= {"no outliers", "outliers"}
    assert {layer.states.update for layer in layers} >= {"above", "below"}
