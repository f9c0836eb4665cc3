"""Choosing, listing and explaining checks on the command line, and the settings file."""

import json
from pathlib import Path

import pytest
import torch

from pthreport.checks import CHECKS
from tests.command.command import run


@pytest.fixture
def ill(tmp_path: Path) -> Path:
    path = tmp_path / "ill.pth"
    torch.save({"fc.weight": torch.full((4, 4), torch.nan), "fc.bias": torch.randn(4)}, path)
    return path


def checks_of(tmp_path: Path, *arguments: str | Path, **options: object) -> list[str]:
    ran = run(*arguments, "-o", tmp_path / "r.json", "--quiet", **options)
    assert ran.returncode == 0, ran.stderr
    return [f["check"] for f in json.loads((tmp_path / "r.json").read_bytes())["findings"]]


def test_every_check_is_listed_and_explained() -> None:
    listed = run("--list-checks")
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:-1]] == [c.id for c in CHECKS]
    explained = run("--explain", "dead-units")
    assert explained.returncode == 0
    assert "large-share = 0.1" in explained.stdout
    assert "arXiv:1903.06733" in explained.stdout


def test_a_check_that_is_not_there_gets_the_nearest(ill: Path) -> None:
    for arguments in (("--explain", "dead-unit"), (ill, "--select", "dead-unit")):
        refused = run(*arguments)
        assert refused.returncode == 2
        assert "nearest: dead-units" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_select_and_ignore(ill: Path, tmp_path: Path) -> None:
    assert checks_of(
        tmp_path, ill, "--select", "nonfinite-weights,dead-units", "--ignore", "dead-units"
    ) == ["nonfinite-weights"]


def test_the_gate_obeys_the_selection(ill: Path) -> None:
    failed = run(ill, "--fail-on", "error")
    assert failed.returncode == 1
    assert failed.stderr.startswith("pthreport: --fail-on error: Weights are NaN or infinite: ")
    assert len(failed.stderr.splitlines()) == 1
    assert run(ill, "--fail-on", "error", "--select", "safety").returncode == 0


def test_a_settings_file_is_found_from_the_working_directory(ill: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "project" / "deep"
    elsewhere.mkdir(parents=True)
    (elsewhere.parent / "pthreport.toml").write_text(
        'fail-on = "error"\nselect = ["nonfinite-weights", "dead-units"]\n'
        "[thresholds.dead-units]\nlarge-share = 0.5\n"
    )
    gated = run(ill, "-o", elsewhere / "r.json", "--quiet", cwd=elsewhere)
    assert gated.returncode == 1
    report = json.loads((elsewhere / "r.json").read_bytes())
    assert {f["check"] for f in report["findings"]} == {"nonfinite-weights", "dead-units"}
    assert report["provenance"]["options"]["threshold dead-units large-share"] == "0.5"
    assert str(tmp_path) not in (elsewhere / "r.json").read_text()
    assert run(ill, "--fail-on", "never", cwd=elsewhere).returncode == 0


def test_a_settings_file_beside_the_checkpoint_is_not_read(ill: Path, tmp_path: Path) -> None:
    (ill.parent / "pthreport.toml").write_text('ignore = ["nonfinite-weights"]\n')
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    inside = elsewhere / "work"
    inside.mkdir()
    # The working directory lies below the checkpoint's folder here: its own settings must stop the search.
    (inside / "pthreport.toml").write_text("")
    assert run(ill, "--fail-on", "error", cwd=inside).returncode == 1


def test_a_settings_file_that_is_wrong_is_one_line(ill: Path, tmp_path: Path) -> None:
    (tmp_path / "pthreport.toml").write_text('select = ["sfety"]\n')
    refused = run(ill, cwd=tmp_path)
    assert refused.returncode == 2
    assert "nearest: safety" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_saved_report_has_been_examined(ill: Path, tmp_path: Path) -> None:
    saved = tmp_path / "r.json"
    run(ill, "-o", saved, "--quiet")
    refused = run(saved, "--select", "safety")
    assert refused.returncode == 2
    assert "when it was made" in refused.stderr
    assert run(saved, "--fail-on", "error").returncode == 1
