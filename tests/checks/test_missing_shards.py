"""Checkpoints of several files of which some are not there."""

from pathlib import Path

import pytest

import pthreport
from tests.checkpoint import folders
from tests.checks.examples import Examples, analyzed, finding, weights


def whole(folder: Path) -> Path:
    return folders.shard(folder / "model", folders.weights(), 3)


def incomplete(folder: Path) -> Path:
    place = whole(folder)
    (place / "model-00002-of-00003.safetensors").unlink()
    return place


EXAMPLES = Examples(faulty=incomplete, sound=whole, found="fail")


def test_it_names_the_file_and_the_tensors(tmp_path: Path) -> None:
    report = pthreport.analyze(incomplete(tmp_path))
    found = finding(report, "missing-shards")
    assert (found.status, found.severity) == ("fail", "error")
    assert "model-00002-of-00003.safetensors" in found.evidence
    assert "3 tensors not read" in str(found.details)
    assert report.summary.health.state == "bad"


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_shards_without_an_index_are_counted_by_their_names(kind: str, tmp_path: Path) -> None:
    place = folders.shard(tmp_path / "model", folders.weights(), 3, kind, index=False)
    next(place.glob(f"*-00003-of-00003.{kind}")).unlink()
    assert "1 shard of 3" in finding(pthreport.analyze(place), "missing-shards").evidence


def test_a_single_file_has_none(tmp_path: Path) -> None:
    assert finding(analyzed(tmp_path, weights()), "missing-shards").status == "not-applicable"
