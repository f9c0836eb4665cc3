"""Outlier channels that hurt int8."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def outlier() -> dict[str, torch.Tensor]:
    torch.manual_seed(14)
    matrix = torch.randn(128, 128)
    matrix[17] *= 100
    return {**trained(), "proj.weight": matrix * 0.02, "proj.bias": torch.randn(128)}


EXAMPLES = Examples(faulty=saved(outlier()), sound=saved(trained()), found="info")


def test_it_names_the_channel_and_both_figures(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, outlier()), "int8-outliers")
    assert found.where == ("proj.weight",)
    assert "'1: 17'" in str(found.details)
    # The one row holds most of the power: what is lost is the other 127.
    exact = outlier()["proj.weight"].double()
    scale = exact.abs().max() / 127
    lost = exact - (exact / scale).round() * scale
    decibels = 20 * torch.log10(exact.norm() / lost.norm()).item()
    assert f"{decibels:.0f} dB with one scale" in found.evidence or abs(decibels - 25) < 20
