"""Weights that stand still."""

from pathlib import Path

from tests.checks.examples import Examples, analyzed, finding, saved
from tests.checks.runs import training_run

EXAMPLES = Examples(
    faulty=saved(training_run(rate=1e-9)), sound=saved(training_run(rate=1e-3)), found="warn"
)


def test_a_rate_that_a_schedule_brought_down_is_allowed_for(tmp_path: Path) -> None:
    run = training_run(rate=1e-3)
    run["optimizer"]["param_groups"][0]["initial_lr"] = 1e-3
    run["optimizer"]["param_groups"][0]["lr"] = 1e-9
    assert finding(analyzed(tmp_path, run), "small-updates").status == "pass"
    del run["optimizer"]["param_groups"][0]["initial_lr"]
    assert finding(analyzed(tmp_path, run), "small-updates").status == "warn"
