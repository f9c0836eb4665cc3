"""Running variances that are impossible or next to zero."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def with_variance(channels: int, value: float) -> dict[str, torch.Tensor]:
    state = trained()
    state["bn.running_var"][:channels] = value
    return state


EXAMPLES = Examples(faulty=saved(with_variance(4, 1e-9)), sound=saved(trained()), found="warn")


def test_a_negative_variance_is_an_error(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, with_variance(1, -0.5)), "collapsed-variance")
    assert (found.status, found.severity) == ("fail", "error")
    assert "impossible in bn: 1 of 16 (6%), least variance -0.5" in found.evidence


def test_a_single_channel_is_a_note(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, with_variance(1, 0.0)), "collapsed-variance")
    assert (found.status, found.severity) == ("info", "info")
    assert found.where == ("bn.running_var",)
