"""Layers that look as their initialisation left them."""

from pathlib import Path

import torch
from torch import nn

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def new_head() -> dict[str, torch.Tensor]:
    """A trained body with a head that nobody trained."""
    torch.manual_seed(1)
    head = nn.Linear(64, 100).state_dict()
    return {**trained(), "head.weight": head["weight"], "head.bias": head["bias"]}


EXAMPLES = Examples(faulty=saved(new_head()), sound=saved(trained()), found="warn")


def test_it_names_the_layer_and_its_law(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, new_head()), "untrained-layers")
    assert found.where == ("head.weight",)
    assert "head" in found.evidence
    assert "U(-0.125, 0.125)" in str(found.details)


def test_a_bell_of_a_usual_spread_is_no_proof(tmp_path: Path) -> None:
    torch.manual_seed(2)
    state = {"fc.weight": torch.randn(64, 64) * 0.02 + torch.ones(64, 1) @ torch.randn(1, 64) * 0.005}
    state["fc.bias"] = torch.randn(64)
    assert finding(analyzed(tmp_path, state), "untrained-layers").status == "pass"


def test_a_normal_weight_with_a_zero_bias_counts(tmp_path: Path) -> None:
    torch.manual_seed(2)
    state = {"fc.weight": torch.randn(64, 64) * 0.02, "fc.bias": torch.zeros(64)}
    assert finding(analyzed(tmp_path, state), "untrained-layers").status == "warn"


def test_norm_layers_alone_are_a_note(tmp_path: Path) -> None:
    state = {**trained(), "norm.weight": torch.ones(32), "norm.bias": torch.zeros(32)}
    found = finding(analyzed(tmp_path, state), "untrained-layers")
    assert (found.status, found.where) == ("info", ("norm.weight",))
