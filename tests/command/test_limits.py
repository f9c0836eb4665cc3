"""`--limit`: listed, refused where it is wrong, followed everywhere, and recorded."""

from pathlib import Path

import pytest

import pthreport
from pthreport.command.main import main
from tests.command.test_refusals import refused


def test_help_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--limit", "help"]) == 0
    shown = capsys.readouterr().out
    for name in ("opcodes", "header_bytes", "inflated_bytes", "rank"):
        assert name in shown
    assert "20,000,000" in shown


def test_a_wrong_limit_is_refused(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nearest: opcodes" in refused(capsys, [checkpoint, "--limit", "opcode=5"])
    assert "whole number" in refused(capsys, [checkpoint, "--limit", "opcodes"])
    assert "opcodes" in refused(capsys, [checkpoint, "--limit", "opcodes=1"])


def test_limits_hold_for_every_command(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--limit", "tensors=2"]
    report = tmp_path / "report.json"
    assert main([str(checkpoint), *few, "--fail-on", "error", "-o", str(report), "--quiet"]) == 1
    assert "limit tensors is 2: --limit tensors=N raises it" in capsys.readouterr().err
    saved = pthreport.from_json(report.read_bytes())
    assert not saved.checkpoint.complete
    assert saved.provenance.options["limit tensors"] == "2"
    assert "--limit" in refused(capsys, [report, *few, "-o", tmp_path / "again.html"])
    assert "no tensor" in refused(capsys, [checkpoint, *few, "--show", "state_dict.3.weight"])
    assert main([str(checkpoint), "--show", "state_dict.3.weight"]) == 0
    assert main([str(checkpoint), *few, "--export", str(tmp_path / "out"), "--quiet"]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_limits_from_python(checkpoint: Path) -> None:
    report = pthreport.analyze(checkpoint, limits=pthreport.Limits(tensors=2))
    assert len(report.tensors) == 2
    assert "limit tensors" not in pthreport.analyze(checkpoint).provenance.options


def test_short_keys_and_a_flat_walk_do_no_harm(checkpoint: Path) -> None:
    """Every room walks the tree within the same limits."""
    whole = pthreport.analyze(checkpoint)
    short = pthreport.analyze(checkpoint, limits=pthreport.Limits(key_characters=12, path_characters=40))
    assert len(short.tensors) == len(whole.tensors)
    assert sum(len(model.layers) for model in short.models)
    assert any("…" in record.path for record in short.tensors)
    flat = pthreport.analyze(checkpoint, limits=pthreport.Limits(depth=1))
    assert not flat.tensors
    assert not flat.checkpoint.complete
