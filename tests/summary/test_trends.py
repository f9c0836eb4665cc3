"""How the figures of like layers go with depth."""

from pathlib import Path

import numpy as np
import pytest
import torch

import pthreport
from pthreport.document import Model, from_json, to_json
from pthreport.render.html import render_html


def model(spreads: list[float], path: Path, name: str = "layers.{}.fc.weight") -> Model:
    generator = torch.Generator().manual_seed(1)
    state = {name.format(at): s * torch.randn(40, 40, generator=generator) for at, s in enumerate(spreads)}
    torch.save(state, path / "x.pt")
    report = pthreport.analyze(path / "x.pt")
    assert to_json(from_json(to_json(report))) == to_json(report)
    return report.models[0]


def test_a_spread_that_falls(tmp_path: Path) -> None:
    found = model([2.0 ** (-at / 4) for at in range(12)], tmp_path)
    (trend,) = [one for one in found.trends if one.quantity == "spread"]
    spreads = [layer.profile.spread or 0.0 for layer in found.layers]
    assert (trend.layers, trend.count, trend.correlation) == ("layers.*.fc", 12, -1.0)
    assert trend.first == pytest.approx(np.median(spreads[:4]))
    assert trend.last == pytest.approx(np.median(spreads[-4:]))


def test_the_order_is_that_of_the_numbers(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    state = {f"b.{at}.fc.weight": 1.3**at * torch.randn(40, 40, generator=generator) for at in range(12)}
    torch.save(dict(sorted(state.items())), tmp_path / "x.pt")
    trends = pthreport.analyze(tmp_path / "x.pt").models[0].trends
    assert [one.correlation for one in trends if one.quantity == "spread"] == [1.0]


@pytest.mark.parametrize(
    "spreads",
    [
        [2.0 ** (-at) for at in range(5)],  # too few
        [1.0 + 0.01 * at for at in range(12)],  # too little
        [1.0, 8.0] * 6,  # to and fro
        [0.0] * 12,
        [float("nan")] * 12,
    ],
)
def test_no_trend(tmp_path: Path, spreads: list[float]) -> None:
    assert [one for one in model(spreads, tmp_path).trends if one.quantity == "spread"] == []


def test_layers_outside_blocks_have_none(tmp_path: Path) -> None:
    assert model([2.0**at for at in range(12)], tmp_path, "fc{}.weight").trends == ()


def test_kurtosis_is_the_record_s_and_drawn(tmp_path: Path) -> None:
    found = model([2.0 ** (-at / 4) for at in range(8)], tmp_path)
    report = pthreport.analyze(tmp_path / "x.pt")
    for layer, record in zip(found.layers, report.tensors, strict=True):
        assert record.statistics is not None
        assert layer.profile.kurtosis == record.statistics.kurtosis
    page = render_html(report)
    assert "Tails: kurtosis, log scale" in page
    assert "The standard deviation of layers.*.fc falls with depth, from" in page
