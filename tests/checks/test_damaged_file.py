"""Files that are cut short or changed."""

from pathlib import Path

import pytest

import pthreport
from tests.checkpoint.files import rezip, save, saved_bytes
from tests.checks.examples import Examples, finding, saved, weights


def cut(folder: Path) -> Path:
    """A download that broke off: the end of the archive is missing."""
    path = save(folder / "file.pth", weights())
    path.write_bytes(path.read_bytes()[:-200])
    return path


EXAMPLES = Examples(faulty=cut, sound=saved(weights()), found="fail")


def test_a_file_that_is_cut_short_is_no_healthy_model(tmp_path: Path) -> None:
    report = pthreport.analyze(cut(tmp_path))
    found = finding(report, "damaged-file")
    assert (found.status, found.severity) == ("fail", "error")
    assert report.summary.health.state == "bad"
    assert "cut short" in str(found.details)


def test_an_old_file_that_is_cut_short_says_how_much_is_there(tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    # Two bytes, which any storage has: which one is last depends on where torch's memory lay.
    path.write_bytes(saved_bytes(weights(), _use_new_zipfile_serialization=False)[:-2])
    assert "is cut short" in finding(pthreport.analyze(path), "damaged-file").evidence


def test_a_flipped_bit_is_found_by_the_checksum(tmp_path: Path) -> None:
    path = save(tmp_path / "file.pth", weights())
    content = bytearray(path.read_bytes())
    at = content.find(b"file/data/0") + 200
    content[at] ^= 1
    path.write_bytes(content)
    found = finding(pthreport.analyze(path), "damaged-file")
    assert "CRC-32" in found.evidence
    assert found.where == ("file/data/0",)
    at_summary = finding(pthreport.analyze(path, depth="summary"), "damaged-file")
    assert (at_summary.status, "not compared" in at_summary.evidence) == ("pass", True)


def test_a_storage_that_is_not_there_is_named(tmp_path: Path) -> None:
    whole = save(tmp_path / "w.pth", weights())
    path = rezip(
        whole, tmp_path / "file.pth", rename=lambda name: None if name.endswith("data/1") else name
    )
    found = finding(pthreport.analyze(path), "damaged-file")
    assert "a storage that the file does not hold" in found.evidence
    assert "conv.bias" in found.where


@pytest.mark.parametrize("name", ["silent.pth"])
def test_what_is_only_odd_is_no_damage(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(saved_bytes(weights(), _use_new_zipfile_serialization=False) + b"more")
    assert finding(pthreport.analyze(path), "damaged-file").status == "pass"
