"""An optimizer's state beside the weights."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from tests.checks.examples import Examples, analyzed, finding, saved


def training() -> dict[str, Any]:
    torch.manual_seed(0)
    model = nn.Linear(16, 16)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 16)).sum().backward()
    optimizer.step()
    return {"model": model.state_dict(), "optimizer": optimizer.state_dict()}


EXAMPLES = Examples(faulty=saved(training()), sound=saved(training()["model"]), found="info")


def test_it_says_how_much_of_the_file_it_is(tmp_path: Path) -> None:
    report = analyzed(tmp_path, training())
    found = finding(report, "shipped-optimizer")
    assert (found.status, found.severity) == ("info", "info")
    assert "67% of the bytes" in found.evidence
    assert found.where == ("optimizer",)
    assert report.summary.health.state == "good"


def test_an_optimizer_alone_is_no_model_that_carries_one(tmp_path: Path) -> None:
    report = analyzed(tmp_path, training()["optimizer"])
    assert finding(report, "shipped-optimizer").status == "not-applicable"
