"""What every check keeps to: it describes itself, finds its fault, is silent without it, and never raises."""

import importlib
import re
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

import pthreport
from pthreport.checks import CHECKS, Check, Facts
from pthreport.checks.check import run
from pthreport.document import CheckpointFacts, Training, to_json
from pthreport.document.finding import Category
from tests.checks.examples import Examples, finding

every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.id)

NOTHING = Facts(
    checkpoint=CheckpointFacts(name="x", size=0, sha256=None, container="pickle", complete=True),
    imports=(),
    models=(),
    tensors={},
    training=Training(),
)


def examples(check: Check) -> Examples:
    """`EXAMPLES` of the check's own test file."""
    module = importlib.import_module(f"tests.checks.test_{check.id.replace('-', '_')}")
    found = module.EXAMPLES
    assert isinstance(found, Examples)
    return found


def test_ids_are_unique_and_in_the_order_of_their_categories() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    order = [get_args(Category).index(check.category) for check in CHECKS]
    assert order == sorted(order)


@every_check
def test_it_describes_itself(check: Check) -> None:
    texts = (check.passed, check.failed, check.judges, check.why, check.remedy, check.reference)
    for text in texts:
        assert text
        assert text == text.strip()
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", check.id)
    module = check.examine.__module__.rpartition(".")[2]
    assert check.id == module.replace("_", "-"), "a check's file is named after what it finds"
    assert check.category in get_args(Category)
    assert check.category != "other", "ours have a category of their own"
    assert check.passed != check.failed
    assert check.failed.endswith((".", "!")) is False, "a title is no sentence with a period"
    assert len(check.why) >= 60
    assert len(check.remedy) >= 40


@every_check
def test_its_thresholds_are_told(check: Check) -> None:
    named = {name for _, name, _, _ in Formatter().parse(check.judges) if name}
    assert named == {t.name for t in check.thresholds}, "every threshold stands in the words, and no other"
    for threshold in check.thresholds:
        assert threshold.unit
        assert len(threshold.source) >= 10
    assert check.judged_by(check.limits()) == check.judges.format_map(check.limits())


@every_check
def test_where_there_is_nothing_it_finds_nothing(check: Check) -> None:
    assert run(check, NOTHING).status in ("pass", "not-applicable")


@every_check
def test_it_finds_its_fault_and_only_it(check: Check, tmp_path: Path) -> None:
    own = examples(check)
    for name in ("faulty", "sound"):
        (tmp_path / name).mkdir()
    faulty = pthreport.analyze(own.faulty(tmp_path / "faulty"), jobs=1, **own.options)
    found = finding(faulty, check.id)
    assert (found.status, found.title) == (own.found, check.failed), found.evidence
    assert found.evidence
    assert "  " not in found.evidence
    sound = finding(pthreport.analyze(own.sound(tmp_path / "sound"), jobs=1, **own.sound_options), check.id)
    assert (sound.status, sound.title) == ("pass", check.passed), sound.evidence
    assert sound.evidence


@every_check
def test_it_says_the_same_twice(check: Check, tmp_path: Path) -> None:
    path = examples(check).faulty(tmp_path)
    assert to_json(pthreport.analyze(path, jobs=1)) == to_json(pthreport.analyze(path, jobs=2))


@every_check
def test_without_values_it_does_not_raise(check: Check, tmp_path: Path) -> None:
    report = pthreport.analyze(examples(check).faulty(tmp_path), depth="summary")
    assert finding(report, check.id).status != "error"
