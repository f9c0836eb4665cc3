"""What the caller adds to a report and keeps out of it: --title, --meta, --no-values."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import pthreport
from pthreport.document import from_json
from pthreport.document.adjusted import adjusted
from pthreport.render import FORMATS, render
from pthreport.render.terminal import print_report
from sample_reports.write_reports import CHECKPOINT
from tests.render.reports import small_report

SECRET = "0.123456789"
"""A value that no statistic has: it stands in the middle of others."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pthreport", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def confidential(tmp_path: Path) -> Path:
    path = tmp_path / "confidential.pth"
    weights = torch.linspace(-1, 1, 64, dtype=torch.float64).reshape(8, 8)
    weights[0, 1] = float(SECRET)
    kernels = torch.linspace(-1, 1, 8 * 3 * 5 * 5).reshape(8, 3, 5, 5)
    torch.save(
        {"fc.weight": weights, "conv.weight": kernels, "temperature": torch.tensor(2.718281828)}, path
    )
    return path


def test_meta_is_recorded_and_shown(tmp_path: Path) -> None:
    target = tmp_path / "report"
    done = run(
        str(CHECKPOINT), "-o", f"{target}.html", "-o", f"{target}.json", "-o", f"{target}.md", "--quiet",
        "--meta", "run=42", "--meta", "licence=<b>MIT=2", "--title", "Digits & co",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    saved = json.loads((tmp_path / "report.json").read_text())
    assert saved["title"] == "Digits & co"
    assert saved["provenance"]["meta"] == {"run": "42", "licence": "<b>MIT=2"}
    page = (tmp_path / "report.html").read_text()
    assert "&lt;b&gt;MIT=2" in page
    assert "<b>MIT" not in page
    assert "<title>Digits &amp; co" in page
    assert "**run:** 42" in (tmp_path / "report.md").read_text()
    # A saved report takes more of it, and another title.
    again = run(f"{target}.json", "-o", f"{target}.json", "--meta", "commit=abc", "--title", "Again")
    assert again.returncode == 2  # the file to be read would be overwritten
    again = run(
        f"{target}.json", "-o", f"{target}2.json", "--meta", "commit=abc", "--title", "Again", "--quiet"
    )
    assert again.returncode == 0, again.stderr
    saved = json.loads((tmp_path / "report2.json").read_text())
    assert saved["provenance"]["meta"] == {"run": "42", "licence": "<b>MIT=2", "commit": "abc"}
    assert saved["title"] == "Again"


@pytest.mark.parametrize("wrong", ["run", "=42", " =x"])
def test_meta_without_a_key_or_a_value_is_refused(wrong: str) -> None:
    done = run(str(CHECKPOINT), "--meta", wrong)
    assert done.returncode == 2
    assert "KEY=VALUE" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_values_no_output_holds_one(confidential: Path) -> None:
    open_report = pthreport.analyze(confidential)
    closed = pthreport.analyze(confidential, values=False)
    # Where they are not kept out they are there to be found.
    assert SECRET in render(open_report, ".json").decode()
    assert any(tensor.picture for tensor in open_report.tensors)
    for tensor in closed.tensors:
        assert tensor.picture is None
        assert tensor.excerpt is None
        assert tensor.statistics is not None
    for ending in FORMATS:
        if ending == ".pdf":
            continue
        written = render(closed, ending).decode()
        assert SECRET not in written, ending
        assert "data:image/png" not in written, ending
        assert "Exact values" not in written, ending
    assert closed.provenance.options["values"] == "left out"


def test_a_saved_report_loses_its_values_too(confidential: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.json"
    pthreport.analyze(confidential).save(source)
    target = tmp_path / "closed.json"
    assert run(str(source), "-o", str(target), "--no-values", "--quiet").returncode == 0
    assert SECRET in source.read_text()
    assert SECRET not in target.read_text()
    assert all(tensor.picture is None for tensor in from_json(target.read_bytes()).tensors)


@pytest.mark.parametrize("option", [("--show", "fc.weight"), ("--export", "weights")])
def test_without_values_there_is_nothing_to_show(confidential: Path, option: tuple[str, str]) -> None:
    done = run(str(confidential), "--no-values", *option)
    assert done.returncode == 2
    assert "--no-values" in done.stderr


def test_the_terminal_shows_what_was_given() -> None:
    from io import StringIO

    from rich.console import Console

    report = small_report()
    report = adjusted(report, meta={"run": "42"})
    written = StringIO()
    print_report(report, Console(file=written, width=120))
    assert "run" in written.getvalue()
    assert "42" in written.getvalue()
