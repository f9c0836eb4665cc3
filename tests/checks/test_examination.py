"""Which checks are run, with which thresholds, and what happens to one that fails itself."""

from pathlib import Path

import pytest

import pthreport
from pthreport.checks import CHECKS, Check, Examination, Facts, Limits, Outcome, SettingsError, Threshold
from pthreport.checks.check import run
from tests.checks.examples import analyzed, saved, trained, weights
from tests.checks.test_contract import NOTHING


def made(examine: object = None, **changes: object) -> Check:
    given = {
        "id": "odd-thing",
        "category": "other",
        "passed": "Nothing odd",
        "failed": "Something odd",
        "severity": "info",
        "judges": "more than {most} things",
        "why": "w",
        "remedy": "r",
        "reference": "s",
        "examine": examine or (lambda facts, limits: Outcome(status="warn", evidence=str(limits["most"]))),
        "thresholds": (Threshold(name="most", value=3, unit="things", source="a test"),),
        **changes,
    }
    return Check(**given)  # type: ignore[arg-type]


def test_a_sound_file_passes(tmp_path: Path) -> None:
    report = analyzed(tmp_path, trained())
    assert not [f for f in report.findings if f.status in ("fail", "warn", "error")]
    assert report.summary.health.state == "good"
    assert report.summary.safety.state == "good"


def test_a_check_that_raises_becomes_an_error_row() -> None:
    def broken(_: Facts, __: Limits) -> Outcome:
        raise ZeroDivisionError("nought")

    found = run(made(broken), NOTHING)
    assert found.status == "error"
    assert found.title == "Odd thing"
    assert "ZeroDivisionError: nought" in found.evidence


def test_words_that_do_not_fit_the_thresholds_become_an_error_row() -> None:
    assert run(made(judges="more than {least}"), NOTHING).status == "error"


def test_an_adjusted_threshold_is_used_and_told() -> None:
    found = run(made(), NOTHING, {"most": 5})
    assert found.evidence == "5"
    assert found.threshold == "more than 5 things (adjusted: most 5, usually 3)"


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (Examination(), {c.id for c in CHECKS}),
        (Examination(select=("dead-units",)), {"dead-units"}),
        (Examination(select=("safety",)), {c.id for c in CHECKS if c.category == "safety"}),
        (Examination(select=("training",), ignore=("dead-units",)), None),
        (Examination(ignore=("safety", "dead-units")), None),
    ],
)
def test_select_and_ignore(asked: Examination, left: set[str] | None) -> None:
    ran = {c.id for c in asked.chosen(CHECKS)}
    if left is None:
        assert "dead-units" not in ran
        assert ran <= {c.id for c in CHECKS} - {"dead-units"}
    else:
        assert ran == left


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Examination(select=("dead-unit",)), "'dead-unit'; nearest: dead-units"),
        (Examination(ignore=("safty",)), "'safty'; nearest: safety"),
        (Examination(thresholds={"dead-unit": {}}), "nearest: dead-units"),
        (Examination(thresholds={"dead-units": {"share": 1}}), "no threshold 'share'; it has large-share"),
        (Examination(thresholds={"nonfinite-weights": {"share": 1}}), "it has none"),
    ],
)
def test_a_name_that_is_not_there_is_refused_before_the_work(
    asked: Examination, words: str, tmp_path: Path
) -> None:
    path = saved(weights())(tmp_path)
    with pytest.raises(SettingsError, match=words):
        pthreport.analyze(path, checks=asked)


def test_the_settings_stand_in_the_report(tmp_path: Path) -> None:
    asked = Examination(ignore=("safety",), thresholds={"dead-units": {"large-share": 0.5}})
    options = analyzed(tmp_path, weights(), checks=asked).provenance.options
    assert options["checks"] == "all"
    assert options["checks left out"] == "safety"
    assert options["threshold dead-units large-share"] == "0.5"
