"""Optimizer state that is not of the model."""

from pathlib import Path
from typing import Any

import torch

from tests.checks.examples import Examples, analyzed, finding, saved
from tests.checks.runs import training_run


def resized() -> dict[str, Any]:
    """A model that got a larger output after its optimizer was made."""
    run = training_run()
    run["model"]["2.weight"] = torch.randn(20, 16)
    run["model"]["2.bias"] = torch.randn(20)
    return run


EXAMPLES = Examples(faulty=saved(resized()), sound=saved(training_run()), found="warn")


def test_it_names_the_shapes(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, resized()), "mismatched-optimizer")
    assert found.status == "warn"
    assert "(10, 16)" in found.evidence
    assert "optimizer.state.2.exp_avg" in found.where


def test_state_without_names_that_fits_is_a_note(tmp_path: Path) -> None:
    run = training_run()
    run["model"] = dict(reversed(run["model"].items()))
    found = finding(analyzed(tmp_path, run), "mismatched-optimizer")
    assert (found.status, found.severity) == ("info", "info")
    assert "fits by its shapes" in found.evidence


def test_scalar_state_and_factored_averages_have_no_shape_to_compare(tmp_path: Path) -> None:
    run = training_run(kind="Adafactor")
    assert finding(analyzed(tmp_path, run), "mismatched-optimizer").status in ("pass", "info")
