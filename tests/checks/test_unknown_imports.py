"""Names that loading the file would import and that nobody here knows."""

from pathlib import Path

from tests.checks.examples import Examples, analyzed, finding, saved, weights
from tests.checks.test_executing_imports import Evil, Stranger

EXAMPLES = Examples(
    faulty=saved({"model": weights(), "extra": Stranger()}), sound=saved(weights()), found="fail"
)


def test_unknown_code_that_would_run_fails(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Stranger()})
    found = finding(report, "unknown-imports")
    assert (found.status, found.severity) == ("fail", "error")
    assert "1 of 5 names" in found.evidence
    assert "test_executing_imports.Stranger" in found.evidence
    assert report.summary.safety.state == "caution"


def test_unknown_names_that_are_only_imported_warn(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Stranger})
    found = finding(report, "unknown-imports")
    assert (found.status, found.severity) == ("warn", "warning")
    assert report.summary.safety.state == "caution"


def test_a_dangerous_name_is_left_to_the_other_check(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Evil()})
    assert finding(report, "unknown-imports").status == "pass"
