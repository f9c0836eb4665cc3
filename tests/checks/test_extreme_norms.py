"""Scales of norm layers that have vanished or blown up."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def scaled(value: float) -> dict[str, torch.Tensor]:
    torch.manual_seed(9)
    return {**trained(), "norm.weight": torch.rand(32) * value, "norm.bias": torch.randn(32)}


EXAMPLES = Examples(faulty=saved(scaled(1e-5)), sound=saved(scaled(2.0)), found="warn")


def test_both_ends_are_found(tmp_path: Path) -> None:
    for value, word in ((1e-5, "vanished"), (1e4, "huge")):
        found = finding(analyzed(tmp_path, scaled(value)), "extreme-norms")
        assert (found.status, found.where) == ("warn", ("norm.weight",))
        assert word in found.evidence


def test_a_scale_of_zero_belongs_to_the_constants(tmp_path: Path) -> None:
    report = analyzed(tmp_path, scaled(0.0))
    assert finding(report, "extreme-norms").status == "pass"
    assert finding(report, "constant-tensors").status == "warn"
