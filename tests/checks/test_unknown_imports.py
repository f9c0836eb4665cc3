"""Names that loading the file would import."""

from pathlib import Path
from typing import Any

from tests.checks.examples import Examples, analyzed, finding, saved, weights


class Evil:
    def __reduce__(self) -> Any:
        return (__import__, ("antigravity",))


class Stranger:
    """Its module is this test's: unknown to anybody else."""


EXAMPLES = Examples(
    faulty=saved({"model": weights(), "extra": Evil()}), sound=saved(weights()), found="fail"
)


def test_dangerous_imports_fail(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Evil()})
    found = finding(report, "unknown-imports")
    assert (found.status, found.severity) == ("fail", "error")
    assert "__import__" in found.evidence
    assert "extra" in " ".join(found.where)
    assert report.summary.safety.state == "bad"
    assert len(report.tensors) == 7


def test_unknown_code_that_would_run_fails(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Stranger()})
    found = finding(report, "unknown-imports")
    assert (found.status, found.severity) == ("fail", "error")
    assert report.summary.safety.state == "caution"


def test_unknown_names_that_are_only_imported_warn(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Stranger})
    found = finding(report, "unknown-imports")
    assert (found.status, found.severity) == ("warn", "warning")
    assert report.summary.safety.state == "caution"
