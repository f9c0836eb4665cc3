"""Units that put out a constant."""

from pathlib import Path

import torch

from pthreport.checks import Examination
from tests.checks.examples import Examples, analyzed, finding, saved, weights


def dead() -> dict[str, torch.Tensor]:
    state = weights()
    state["conv.weight"][5] = 0
    state["conv.weight"][7] *= 1e-6
    return state


EXAMPLES = Examples(faulty=saved(dead()), sound=saved(weights()), found="warn")


def test_it_names_the_units(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, dead()), "dead-units")
    assert found.status == "warn"
    assert found.where == ("conv.weight",)
    assert "2 units in 1 of" in found.evidence
    assert "5, 7" in str(found.details)


def test_a_dead_scale_of_a_norm_is_a_dead_unit(tmp_path: Path) -> None:
    state = weights()
    state["bn.weight"][3] = 1e-9
    found = finding(analyzed(tmp_path, state), "dead-units")
    assert found.where == ("bn.weight",)


def test_a_share_below_the_threshold_is_a_note(tmp_path: Path) -> None:
    asked = Examination(thresholds={"dead-units": {"large-share": 0.2}})
    found = finding(analyzed(tmp_path, dead(), checks=asked), "dead-units")
    assert (found.status, found.severity) == ("info", "info")
    assert found.title == "Units are dead"
    assert "a warning from 20% of a layer on (adjusted: large-share 0.2, usually 0.1)" in found.threshold
