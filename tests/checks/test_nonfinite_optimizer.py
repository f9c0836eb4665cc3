"""Broken optimizer state."""

from pathlib import Path
from typing import Any

import pytest

from tests.checks.examples import Examples, analyzed, finding, saved
from tests.checks.runs import training_run


def broken(slot: str, value: float) -> dict[str, Any]:
    run = training_run()
    run["optimizer"]["state"][0][slot][3, 3] = value
    return run


EXAMPLES = Examples(
    faulty=saved(broken("exp_avg", float("nan"))), sound=saved(training_run()), found="fail"
)


@pytest.mark.parametrize(
    ("slot", "value", "words"),
    [
        ("exp_avg", float("nan"), "1 NaN"),
        ("exp_avg", -float("inf"), "1 -Inf"),
        ("exp_avg_sq", -1.0, "an average of squares of -1"),
    ],
)
def test_it_says_what_is_wrong(tmp_path: Path, slot: str, value: float, words: str) -> None:
    report = analyzed(tmp_path, broken(slot, value))
    found = finding(report, "nonfinite-optimizer")
    assert (found.status, found.severity) == ("fail", "error")
    assert found.where == (f"optimizer.state.0.{slot}",)
    assert words in str(found.details)
    assert finding(report, "nonfinite-weights").status == "pass"


def test_a_first_moment_may_be_negative(tmp_path: Path) -> None:
    assert finding(analyzed(tmp_path, broken("exp_avg", -1.0)), "nonfinite-optimizer").status == "pass"
