"""Layers of another scale than their siblings."""

from pathlib import Path

from pthreport.checks import Examination
from tests.checks.examples import Examples, analyzed, finding, saved
from tests.checks.test_exploding_scale import stack

EXAMPLES = Examples(
    faulty=saved(stack((1, 1, 0.01, 1, 12))), sound=saved(stack((1, 1, 2, 1, 0.5))), found="info"
)


def test_both_sides_are_named_the_farthest_first(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, stack((1, 1, 0.01, 1, 12))), "outlying-spread")
    assert found.where == ("fc2.weight", "fc4.weight")


def test_what_has_exploded_is_told_once(tmp_path: Path) -> None:
    report = analyzed(tmp_path, stack((1, 1, 50, 1, 1.5)))
    assert finding(report, "exploding-scale").status == "warn"
    assert finding(report, "outlying-spread").status == "pass"


def test_what_exploded_means_is_the_other_check_s_threshold_in_force(tmp_path: Path) -> None:
    lax = Examination(thresholds={"exploding-scale": {"ratio": 100}})
    report = analyzed(tmp_path, stack((1, 1, 50, 1, 1.5)), checks=lax)
    assert finding(report, "exploding-scale").status == "pass"
    assert finding(report, "outlying-spread").where == ("fc2.weight",)
