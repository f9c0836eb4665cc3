"""Every check on a file that has the fault and on one that has not, and the contract that all keep."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import pthreport
from pthreport.checks import CHECKS, Check, Facts, Outcome
from pthreport.checks.check import run
from pthreport.document import Finding, Report, Training


def finding(report: Report, check: str) -> Finding:
    (found,) = [f for f in report.findings if f.check == check]
    return found


def analyzed(tmp_path: Path, value: Any, **options: Any) -> Report:
    path = tmp_path / "file.pth"
    torch.save(value, path)
    return pthreport.analyze(path, jobs=1, **options)


def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 16, 3), bn=nn.BatchNorm2d(16))).state_dict()


def test_a_sound_file_passes_all(tmp_path: Path) -> None:
    report = analyzed(tmp_path, weights())
    assert {f.status for f in report.findings} == {"pass"}
    assert report.summary.passed == len(CHECKS)
    assert report.summary.health.state == "good"
    assert report.summary.safety.state == "good"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_nonfinite_weights(tmp_path: Path, value: float) -> None:
    bad = weights()
    bad["conv.weight"][3, 1, 2, 0] = value
    report = analyzed(tmp_path, {"model": bad})
    found = finding(report, "nonfinite-weights")
    assert (found.status, found.severity) == ("fail", "error")
    assert found.where == ("model.conv.weight",)
    assert "1 values in 1 of 7 tensors" in found.evidence
    assert report.summary.errors == 1
    assert report.summary.health.state == "bad"
    assert report.findings[report.summary.worst[0]] == found


def test_an_attention_mask_may_hold_minus_infinity(tmp_path: Path) -> None:
    class Masked(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 4)
            self.register_buffer("attn_mask", torch.full((4, 4), -torch.inf).triu(1))

    assert finding(analyzed(tmp_path, Masked().state_dict()), "nonfinite-weights").status == "pass"


def test_dead_units(tmp_path: Path) -> None:
    bad = weights()
    bad["conv.weight"][5] = 0
    bad["conv.weight"][7] *= 1e-6
    found = finding(analyzed(tmp_path, bad), "dead-units")
    assert found.status == "warn"
    assert found.where == ("conv.weight",)
    assert "2 units in 1 of" in found.evidence
    assert "5, 7" in str(found.details)


def test_a_dead_scale_of_a_norm_is_a_dead_unit(tmp_path: Path) -> None:
    bad = weights()
    bad["bn.weight"][3] = 1e-9
    found = finding(analyzed(tmp_path, bad), "dead-units")
    assert found.where == ("bn.weight",)


class Evil:
    def __reduce__(self) -> Any:
        return (__import__, ("antigravity",))


def test_dangerous_imports_fail(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Evil()})
    found = finding(report, "unknown-imports")
    assert (found.status, found.severity) == ("fail", "error")
    assert "__import__" in found.evidence
    assert "extra" in " ".join(found.where)
    assert report.summary.safety.state == "bad"
    assert len(report.tensors) == 7


class Stranger:
    """Its module is this test's: unknown to anybody else."""


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


def test_without_values_the_checks_of_values_do_not_apply(tmp_path: Path) -> None:
    report = analyzed(tmp_path, weights(), depth="summary")
    assert {f.check: f.status for f in report.findings} == {
        "unknown-imports": "pass",
        "nonfinite-weights": "not-applicable",
        "dead-units": "not-applicable",
    }


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)
def test_every_check_describes_itself(check: Check) -> None:
    for text in (
        check.id,
        check.passed,
        check.failed,
        check.threshold,
        check.why,
        check.remedy,
        check.reference,
    ):
        assert text
        assert text == text.strip()
    assert check.passed != check.failed
    module = check.examine.__module__.rpartition(".")[2]
    assert check.id == module.replace("_", "-"), "a check's file is named after what it finds"
    nothing = Facts(
        container="pickle",
        complete=True,
        problems=(),
        imports=(),
        models=(),
        tensors={},
        training=Training(),
    )
    assert run(check, nothing).status in ("pass", "not-applicable")


def test_a_check_that_raises_becomes_an_error_row() -> None:
    def broken(_: Facts) -> Outcome:
        raise ZeroDivisionError("nought")

    check = Check(
        id="x",
        passed="p",
        failed="f",
        severity="info",
        threshold="t",
        why="w",
        remedy="r",
        reference="s",
        examine=broken,
    )
    nothing = Facts(
        container="pickle",
        complete=True,
        problems=(),
        imports=(),
        models=(),
        tensors={},
        training=Training(),
    )
    found = run(check, nothing)
    assert found.status == "error"
    assert "ZeroDivisionError: nought" in found.evidence
