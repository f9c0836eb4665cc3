"""Content beside what is loaded."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import pthreport
from tests.checkpoint.files import add_member, save, saved_bytes
from tests.checks.examples import Examples, finding, saved, weights
from tests.checks.test_executing_imports import Evil


def trailed(folder: Path) -> Path:
    """A checkpoint of the old kind with text behind it, which torch loads without a word."""
    path = folder / "file.pth"
    old = saved_bytes(weights(), _use_new_zipfile_serialization=False)
    path.write_bytes(old + b"meet me behind the last storage")
    return path


EXAMPLES = Examples(faulty=trailed, sound=saved(weights()), found="warn")


def test_bytes_behind_the_last_storage_warn_and_torch_is_silent(tmp_path: Path) -> None:
    path = trailed(tmp_path)
    assert torch.load(path, weights_only=True).keys() == weights().keys()
    found = finding(pthreport.analyze(path), "hidden-content")
    assert (found.status, found.severity) == ("warn", "warning")
    assert "31 bytes" in found.evidence


def second_pickle(folder: Path) -> Path:
    path = trailed(folder)
    path.write_bytes(path.read_bytes() + pickle.dumps(Evil()))
    return path


def stray_pickle(folder: Path) -> Path:
    return add_member(
        save(folder / "w.pth", weights()), folder / "file.pth", "other/data.pkl", pickle.dumps(Evil(), 2)
    )


def same_name(folder: Path) -> Path:
    whole = save(folder / "w.pth", weights())
    with pytest.warns(UserWarning, match="Duplicate name"):
        return add_member(whole, folder / "file.pth", "w/data.pkl", pickle.dumps({}, 2))


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (second_pickle, "another pickle follows"),
        (stray_pickle, "another pickle in the archive"),
        (same_name, "another pickle in the archive"),
    ],
)
def test_what_another_reader_may_load_is_an_error(
    write: Callable[[Path], Path], words: str, tmp_path: Path
) -> None:
    report = pthreport.analyze(write(tmp_path))
    found = finding(report, "hidden-content")
    assert (found.status, found.severity) == ("fail", "error")
    assert words in found.evidence
    assert report.summary.safety.state in ("bad", "caution")


def test_a_storage_of_no_tensor_is_found(tmp_path: Path) -> None:
    path = add_member(save(tmp_path / "w.pth", weights()), tmp_path / "file.pth", "w/data/99", bytes(400))
    found = finding(pthreport.analyze(path), "hidden-content")
    assert found.status == "warn"
    assert "1 storage of together 400 bytes belong to no tensor" in found.evidence
