"""`--model` on the command line: the user's own module in the working directory."""

import json
import subprocess
import sys
from pathlib import Path

from tests.checks.examples import saved, trained
from tests.command.command import run

MODULE = """
from torch import nn
from collections import OrderedDict

def make():
    return nn.Sequential(OrderedDict(
        conv=nn.Conv2d(3, 16, 3), bn=nn.BatchNorm2d(16), flat=nn.Flatten(), fc=nn.Linear(16 * 36, 7)
    ))
"""


def test_it_says_what_does_not_load_and_gates(tmp_path: Path) -> None:
    path = saved({"model": {f"module.{n}": t for n, t in trained().items()}})(tmp_path)
    (tmp_path / "mynet.py").write_text(MODULE)
    outputs = ("-o", "r.json", "-o", "r.html", "-o", "r.md", "-o", "r.sarif")
    ran = run(path, "--model", "py:mynet:make", "--fail-on", "error", *outputs, cwd=tmp_path)
    assert ran.returncode == 1
    assert "It does not load into the architecture: 7 of 9 tensors of py:mynet:make match" in ran.stderr
    report = json.loads((tmp_path / "r.json").read_bytes())
    assert report["architecture"]["strip"] == "module."
    assert report["provenance"]["options"]["architecture"] == "py:mynet:make"
    page = (tmp_path / "r.html").read_text()
    assert "Architecture match" in page
    assert "k = k.removeprefix(&#39;module.&#39;)" in page
    again = run("r.json", "-o", "again.html", cwd=tmp_path)
    assert again.returncode == 0
    assert (tmp_path / "again.html").read_text() == page


def test_errors_are_one_line(tmp_path: Path) -> None:
    path = saved(trained())(tmp_path)
    for spec in ("py:mynet:make", "resnet50", "timm:no_such_model"):
        refused = run(path, "--model", spec, cwd=tmp_path)
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"pthreport: --model {spec}: ")
        assert len(refused.stderr.splitlines()) == 1


def test_a_module_of_the_working_directory_does_not_take_the_place_of_others(tmp_path: Path) -> None:
    path = saved(trained())(tmp_path)
    (tmp_path / "mynet.py").write_text(MODULE.replace("(16 * 36, 7)", "(16 * 36, 10)"))
    (tmp_path / "jinja2.py").write_text("raise RuntimeError('this file was imported')")
    # As the console script runs: Python itself puts nothing of the working directory on the path.
    command = [
        sys.executable,
        "-P",
        "-m",
        "pthreport",
        str(path),
        "--model",
        "py:mynet:make",
        "-o",
        "r.html",
    ]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "It loads as it is." in (tmp_path / "r.html").read_text()
