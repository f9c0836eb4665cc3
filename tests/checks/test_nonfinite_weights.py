"""NaN and infinities among the weights."""

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.checks.examples import Examples, analyzed, finding, saved, weights


def bad(value: float = float("nan")) -> dict[str, torch.Tensor]:
    state = weights()
    state["conv.weight"][3, 1, 2, 0] = value
    return state


EXAMPLES = Examples(faulty=saved({"model": bad()}), sound=saved(weights()), found="fail")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_it_names_the_tensor_and_counts_the_values(tmp_path: Path, value: float) -> None:
    report = analyzed(tmp_path, {"model": bad(value)})
    found = finding(report, "nonfinite-weights")
    assert (found.status, found.severity) == ("fail", "error")
    assert found.where == ("model.conv.weight",)
    assert "1 value in 1 of 7 tensors" in found.evidence
    assert report.summary.errors == 1
    assert report.summary.health.state == "bad"
    assert report.findings[report.summary.worst[0]] == found


def test_an_attention_mask_may_hold_minus_infinity(tmp_path: Path) -> None:
    class Masked(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 4)
            self.register_buffer("attn_mask", torch.full((4, 4), -torch.inf).triu(1))

    assert finding(analyzed(tmp_path, Masked().state_dict()), "nonfinite-weights").status == "pass"
