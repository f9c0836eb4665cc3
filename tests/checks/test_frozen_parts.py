"""Parameters that no optimizer holds."""

from pathlib import Path

from tests.checks.examples import Examples, analyzed, finding, saved
from tests.checks.runs import training_run

EXAMPLES = Examples(
    faulty=saved(training_run(named=True, frozen=2)), sound=saved(training_run(named=True)), found="info"
)


def test_it_names_what_is_left_out(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, training_run(named=True, frozen=2)), "frozen-parts")
    assert found.where == ("model.0.weight", "model.0.bias")
    assert "2 parameters" in found.evidence


def test_without_names_nothing_is_said(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, training_run(frozen=2)), "frozen-parts")
    assert found.status == "not-applicable"
