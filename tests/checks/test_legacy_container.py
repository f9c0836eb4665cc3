"""Containers that torch no longer writes."""

from pathlib import Path

import pytest

import pthreport
from tests.checkpoint.files import save
from tests.checkpoint.old_tar import OldTar
from tests.checks.examples import Examples, finding, saved, weights


def old(folder: Path) -> Path:
    return save(folder / "file.pth", weights(), _use_new_zipfile_serialization=False)


EXAMPLES = Examples(faulty=old, sound=saved(weights()), found="info")


def test_before_1_6(tmp_path: Path) -> None:
    found = finding(pthreport.analyze(old(tmp_path)), "legacy-container")
    assert (found.status, found.severity) == ("info", "info")
    assert "before 1.6" in found.evidence


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated:UserWarning")
def test_before_0_1_10(tmp_path: Path) -> None:
    path = OldTar({"weight": weights()["conv.weight"]}).write(tmp_path / "file.pth")
    found = finding(pthreport.analyze(path), "legacy-container")
    assert "before 0.1.10" in found.evidence
