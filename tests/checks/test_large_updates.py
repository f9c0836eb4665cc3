"""Steps that were too large."""

from pathlib import Path

from tests.checks.examples import Examples, analyzed, finding, saved
from tests.checks.runs import training_run

EXAMPLES = Examples(
    faulty=saved(training_run(rate=0.5)), sound=saved(training_run(rate=1e-3)), found="warn"
)


def test_it_says_which_weight_and_by_how_much(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, training_run(rate=0.5)), "large-updates")
    assert set(found.where) <= {"model.0.weight", "model.2.weight"}
    assert found.where
    assert "moved by more than 0.03 of itself" in found.evidence


def test_an_optimizer_without_a_rule_says_nothing(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, training_run(kind="Adagrad")), "large-updates")
    assert found.status == "not-applicable"
