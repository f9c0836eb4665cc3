"""Content for which torch.load with its default refuses the file."""

import argparse
import pickle
from pathlib import Path

import pytest
import torch

import pthreport
from tests.checks.examples import Examples, analyzed, finding, saved, weights
from tests.checks.test_executing_imports import Stranger


def with_arguments() -> dict[str, object]:
    return {"model": weights(), "args": argparse.Namespace(lr=0.1)}


EXAMPLES = Examples(faulty=saved(with_arguments()), sound=saved(weights()), found="warn")


def test_torch_refuses_what_is_warned_of(tmp_path: Path) -> None:
    path = saved(with_arguments())(tmp_path)
    found = finding(pthreport.analyze(path), "weights-only-refusal")
    assert (found.status, found.where) == ("warn", ("args",))
    assert "argparse.Namespace" in found.evidence
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path)


def test_a_name_that_a_check_of_safety_tells_of_is_a_note(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": weights(), "extra": Stranger()})
    assert finding(report, "weights-only-refusal").status == "info"


def test_what_torch_load_is_not_for_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps({"epoch": 3}))
    report = pthreport.analyze(tmp_path / "plain.pkl")
    assert finding(report, "weights-only-refusal").status == "not-applicable"
