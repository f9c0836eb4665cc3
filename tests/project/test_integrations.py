"""The pre-commit hook and the GitHub Action: what they call exists, and does what they say."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from pthreport.command.each import main as each

ROOT = Path(__file__).parents[2]


def hook() -> dict[str, Any]:
    (found,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.pth"
    torch.save({"fc.weight": torch.randn(8, 8), "fc.bias": torch.randn(8)}, path)
    return path


@pytest.fixture
def ill(tmp_path: Path) -> Path:
    path = tmp_path / "ill.pth"
    torch.save({"fc.weight": torch.full((8, 8), torch.nan), "fc.bias": torch.randn(8)}, path)
    return path


def test_the_hook_takes_checkpoints_and_nothing_else() -> None:
    files = re.compile(hook()["files"])
    for name in ("a/model.pth", "x.pt", "x.ckpt", "pytorch_model.bin", "m.safetensors", "e30.pth.tar"):
        assert files.search(name), name
    for name in ("a.py", "model.pth.md", "binary.txt"):
        assert not files.search(name), name


def test_the_hook_fails_on_an_ill_file_among_sound_ones(
    sound: Path, ill: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *options = shlex.split(hook()["entry"])
    assert f'{command} = "pthreport.command.each:main"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert each([*options, str(sound)]) == 0
    assert capsys.readouterr().err == ""
    assert each([*options, str(sound), str(ill), str(sound)]) == 1
    assert "Weights are NaN or infinite" in capsys.readouterr().err
    assert each(options) == 0
    assert each([*options, "--ignore", "integrity", "--no-hash", str(sound), str(ill)]) == 0


def test_what_the_command_refuses_is_refused(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--fail-on", "always"], ["--no-such-option"], ["--jobs", "0"]):
        assert each([*wrong, str(sound)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_file_that_looks_like_an_option_is_a_file(
    ill: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ill.rename(tmp_path / "--version.pth")
    assert each(["--fail-on", "error", "--quiet", "--", "--version.pth"]) == 1
    assert "NaN" in capsys.readouterr().err


def steps() -> list[dict[str, Any]]:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    assert action["runs"]["using"] == "composite"
    found: list[dict[str, Any]] = action["runs"]["steps"]
    return found


def test_the_actions_script_holds_nothing_of_the_workflows() -> None:
    for step in steps():
        assert "${{" not in step.get("run", ""), "inputs reach the shell as variables only"


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("never", 0)])
def test_the_actions_script_runs_and_gates(ill: Path, tmp_path: Path, fail_on: str, code: int) -> None:
    (report,) = [step for step in steps() if step.get("name") == "Report"]
    program = tmp_path / "pthreport" / "bin" / "pthreport"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pthreport "$@"\n')
    program.chmod(0o755)
    given = {
        "RUNNER_TEMP": str(tmp_path),
        "CHECKPOINT": str(ill.relative_to(tmp_path)),
        "FAIL_ON": fail_on,
        "OUTPUTS": "a report.html\nreport.md\n",
        "SARIF": "out.sarif",
        "OPTIONS": "--no-hash --ignore hygiene",
    }
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", report["run"]],
        env={**os.environ, **given, "PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    for name in ("a report.html", "report.md", "out.sarif"):
        assert (tmp_path / name).stat().st_size > 0
