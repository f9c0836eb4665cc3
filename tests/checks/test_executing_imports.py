"""Names that run whatever their arguments say."""

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


def test_a_dangerous_name_fails_and_the_weights_are_read_all_the_same(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Evil()})
    found = finding(report, "executing-imports")
    assert (found.status, found.severity) == ("fail", "error")
    assert "__import__" in found.evidence
    assert "extra" in " ".join(found.where)
    assert report.summary.safety.state == "bad"
    assert len(report.tensors) == 7


def test_an_unknown_name_is_left_to_the_other_check(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Stranger()})
    assert finding(report, "executing-imports").status == "pass"
    assert finding(report, "unknown-imports").status == "fail"
