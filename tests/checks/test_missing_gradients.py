"""Parameters to which no gradient ever came."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from tests.checks.examples import Examples, analyzed, finding, saved
from tests.checks.runs import training_run


def cut_off(leaf: int) -> dict[str, Any]:
    """A run in which parameter number `leaf` (0 a matrix, 1 its bias) never had a gradient."""
    run = training_run()
    for slot in ("exp_avg", "exp_avg_sq"):
        run["optimizer"]["state"][leaf][slot].zero_()
    return run


EXAMPLES = Examples(faulty=saved(cut_off(0)), sound=saved(training_run()), found="warn")


def test_it_names_the_parameter(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, cut_off(0)), "missing-gradients")
    assert found.where == ("model.0.weight",)
    assert "1 of 4 parameters never had a gradient other than zero: 0.weight" in found.evidence


def test_a_bias_alone_is_a_note(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, cut_off(1)), "missing-gradients")
    assert (found.status, found.where) == ("info", ("model.0.bias",))


def test_a_parameter_without_state_among_others_that_have_one(tmp_path: Path) -> None:
    """torch makes the state of a parameter when it first has a gradient."""
    model = nn.ModuleDict({"used": nn.Linear(8, 8), "unused": nn.Linear(8, 4)})
    optimizer = torch.optim.Adam(model.parameters())
    model["used"](torch.randn(4, 8)).sum().backward()
    optimizer.step()
    run = {"model": dict(model.state_dict()), "optimizer": optimizer.state_dict()}
    found = finding(analyzed(tmp_path, run), "missing-gradients")
    assert found.status == "warn"
    assert found.where == ("model.unused.weight", "model.unused.bias")
    assert "2 of 4 parameters" in found.evidence
    assert "the optimizer has no state of it" in str(found.details)


def test_an_optimizer_that_keeps_no_state_says_nothing(tmp_path: Path) -> None:
    run = training_run(kind="SGD")
    assert finding(analyzed(tmp_path, run), "missing-gradients").status == "not-applicable"
