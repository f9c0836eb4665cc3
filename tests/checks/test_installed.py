"""Checks that other packages add: the example package, installed, and packages that are broken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.command.command import run

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_checks"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that has the example package installed."""
    target = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    options = ["--no-build-isolation", "--target", str(target), str(EXAMPLE)]
    subprocess.run([*command, *options], check=True, timeout=300)
    return with_path(target)


def with_path(folder: Path) -> dict[str, str]:
    old = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *([old] if old else [])])}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.pth"
    torch.save({"fc.weight": torch.randn(600, 600), "fc.bias": torch.randn(600)}, path)
    return path


def test_the_example_is_listed_and_explained(installed: dict[str, str]) -> None:
    listed = run("--list-checks", env=installed)
    assert "large-model" in listed.stdout
    explained = run("--explain", "large-model", env=installed)
    assert explained.returncode == 0
    assert "most-megabytes = 100 (MiB of parameters and buffers)" in explained.stdout


def test_the_example_finds_and_can_be_adjusted(
    installed: dict[str, str], model: Path, tmp_path: Path
) -> None:
    assert run(model, "--fail-on", "warning", "--select", "large-model", env=installed).returncode == 0
    (tmp_path / "pthreport.toml").write_text("[thresholds.large-model]\nmost-megabytes = 1\n")
    out = tmp_path / "r.json"
    options = ("--fail-on", "warning", "--select", "large-model", "-o", out, "--quiet")
    ran = run(model, *options, env=installed, cwd=tmp_path)
    assert ran.returncode == 1, ran.stderr
    (found,) = json.loads(out.read_bytes())["findings"]
    assert (found["check"], found["status"], found["where"]) == ("large-model", "warn", ["fc.weight"])
    assert "1.4 MiB, of 1 that are allowed" in found["evidence"]
    # The page of a saved report needs no package that made it.
    assert run(out, "-o", tmp_path / "r.html").returncode == 0
    assert "The models are too large" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ImportError('not today')", "ImportError: not today"),
        ("CHECKS = 3", "TypeError"),
        ("CHECKS = ['dead-units']", "gives str, not a Check"),
        ("from pthreport.checks import CHECKS", "the id 'executing-imports' is taken"),
    ],
)
def test_a_broken_package_is_a_row_and_no_more(code: str, words: str, model: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "broken-1.dist-info").mkdir(parents=True)
    (site / "broken.py").write_text(code)
    (site / "broken-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: broken\nVersion: 1\n"
    )
    (site / "broken-1.dist-info" / "entry_points.txt").write_text(
        "[pthreport.checks]\nbroken = broken:CHECKS\n"
    )
    out = tmp_path / "r.json"
    ran = run(model, "-o", out, "--quiet", env=with_path(site))
    assert ran.returncode == 0, ran.stderr
    findings = {f["check"]: f for f in json.loads(out.read_bytes())["findings"]}
    assert findings["plug-in-broken"]["status"] == "error"
    assert words in findings["plug-in-broken"]["evidence"]
    assert findings["nonfinite-weights"]["status"] == "pass"
