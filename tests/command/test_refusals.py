"""What goes wrong is one line with the right exit code, and nothing is lost."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pthreport.command.arguments import LATER
from pthreport.command.main import main
from tests.command.command import run


def refused(capsys: pytest.CaptureFixture[str], arguments: Sequence[str | Path], code: int = 2) -> str:
    assert main([str(a) for a in arguments]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 1, shown.err
    assert lines[0].startswith("pthreport: ")
    return lines[0]


FOREIGN: list[tuple[str, bytes, str]] = [
    ("page.pth", b"<!DOCTYPE html><html><body>404</body></html>", "HTML"),
    ("pointer.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git LFS"),
    ("empty.pth", b"", "empty"),
    ("noise.pth", b"\x00\x01\x02\x03 nothing in particular", ""),
    ("text.pth", b"hello, world\n", ""),
]


@pytest.mark.parametrize(("name", "content", "word"), FOREIGN)
def test_what_is_no_checkpoint_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, word: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    line = refused(capsys, [path])
    assert word in line
    assert name in line


def test_places_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in refused(capsys, [tmp_path / "missing.pth"])
    assert "folder" in refused(capsys, [tmp_path])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "locked.pth"
    path.write_bytes(checkpoint.read_bytes())
    path.chmod(0)
    assert "permission" in refused(capsys, [path])


def test_a_truncated_file_is_named_as_such(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.pth"
    path.write_bytes(checkpoint.read_bytes()[:3000])
    done = run(path, "-o", tmp_path / "r.json", "--fail-on", "error")
    if done.returncode == 2:
        assert len(done.stderr.splitlines()) == 1
    else:
        assert done.returncode == 1
        assert json.loads((tmp_path / "r.json").read_text())["checkpoint"]["complete"] is False


def test_outputs_that_cannot_be_written(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "does not exist" in refused(capsys, [checkpoint, "-o", tmp_path / "no" / "r.html"])
    (tmp_path / "d.html").mkdir()
    assert "is a folder" in refused(capsys, [checkpoint, "-o", tmp_path / "d.html"])
    assert "ending" in refused(capsys, [checkpoint, "-o", tmp_path / "r.docx"])
    same = tmp_path / "r.json"
    same.write_bytes(checkpoint.read_bytes())
    assert "overwritten" in refused(capsys, [same, "-o", same])
    assert same.read_bytes() == checkpoint.read_bytes()


@pytest.mark.parametrize("option", sorted(LATER))
def test_options_of_the_contract_that_are_not_there_yet_say_so(
    checkpoint: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert "not there yet" in refused(capsys, [checkpoint, option])


def test_wrong_usage(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, [])
    refused(capsys, [checkpoint, "--no-such-option"])
    refused(capsys, [checkpoint, "--jobs", "0"])
    refused(capsys, [checkpoint, "-o", "-"])
    refused(capsys, [checkpoint, "--format", "json"])
    refused(capsys, [checkpoint, "-o", "-", "--format", "docx"])


def test_a_report_that_is_broken_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"schema_version": "1.0", "tool": 3}')
    assert "not a pthreport report" in refused(capsys, [path])


def test_gate(tmp_path: Path) -> None:
    weights = nn.Linear(20, 4).state_dict()
    torch.save(weights, tmp_path / "good.pth")
    weights["weight"][0, 0] = float("nan")
    torch.save(weights, tmp_path / "bad.pth")
    assert run(tmp_path / "good.pth", "--fail-on", "warning").returncode == 0
    assert run(tmp_path / "bad.pth").returncode == 0
    done = run(tmp_path / "bad.pth", "--fail-on", "error", "-o", tmp_path / "r.html")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "NaN" in done.stderr
    assert (tmp_path / "r.html").exists()


def test_an_error_of_ours_is_one_line(
    checkpoint: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pthreport.analysis

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("nought")

    monkeypatch.setattr(pthreport.analysis, "describe", broken)
    monkeypatch.delenv("PTHREPORT_DEBUG", raising=False)
    assert "ZeroDivisionError: nought" in refused(capsys, [checkpoint], code=3)
    monkeypatch.setenv("PTHREPORT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main([str(checkpoint)])


def test_interrupted(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pthreport.analysis

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pthreport.analysis, "measure", interrupt)
    refused(capsys, [checkpoint, "-o", tmp_path / "r.html"], code=130)
    assert list(tmp_path.iterdir()) == []
