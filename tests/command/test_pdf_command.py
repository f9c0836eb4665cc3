"""A PDF from the command line, and what is said where the system cannot make one."""

import os
from pathlib import Path

import pytest

from pthreport.document import from_json
from tests.command.command import run, write_checkpoint
from tests.render.paper.opened import Opened, needs_pango


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "model.pth")


def test_a_pdf_from_a_checkpoint_and_again_from_its_json(checkpoint: Path, tmp_path: Path) -> None:
    needs_pango()
    first, second, saved = tmp_path / "report.pdf", tmp_path / "Another Name.PDF", tmp_path / "report.json"
    done = run(checkpoint, "-o", first, "-o", saved)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"written: {first}" in done.stdout
    again = run(saved, "-o", second, "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert first.read_bytes() == second.read_bytes()
    opened = Opened(first.read_bytes())
    assert "model.pth" in opened.pages[0]
    attached = opened.attachments()["report.json"][1]
    assert attached == saved.read_bytes()
    assert from_json(attached).checkpoint.name == "model.pth"


@pytest.fixture
def without_pango(tmp_path: Path) -> dict[str, str]:
    """An environment in which WeasyPrint finds no Pango: it says so with an OSError when it is imported."""
    stand_in = tmp_path / "stand_in" / "weasyprint"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").write_text(
        "raise OSError(\"cannot load library 'libpango-1.0-0': error 0x7e\")\n", encoding="utf-8"
    )
    return {**os.environ, "PYTHONPATH": str(stand_in.parent)}


def test_without_pango_a_pdf_alone_is_refused_before_the_work(
    checkpoint: Path, tmp_path: Path, without_pango: dict[str, str]
) -> None:
    done = run(checkpoint, "-o", tmp_path / "report.pdf", env=without_pango)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "libpango-1.0-0" in line
    assert "libpangoft2-1.0-0" in line
    assert not (tmp_path / "report.pdf").exists()


@pytest.mark.parametrize("order", [("report.pdf", "report.html"), ("report.html", "report.pdf")])
def test_without_pango_the_page_is_written_all_the_same(
    checkpoint: Path, tmp_path: Path, without_pango: dict[str, str], order: tuple[str, str]
) -> None:
    alone = run(checkpoint, "-o", tmp_path / "alone.html", "--quiet")
    assert alone.returncode == 0
    done = run(checkpoint, *(part for name in order for part in ("-o", tmp_path / name)), env=without_pango)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "libpango-1.0-0" in line
    assert (tmp_path / "report.html").read_bytes() == (tmp_path / "alone.html").read_bytes()
    assert f"written: {tmp_path / 'report.html'}" in done.stdout
    assert "report.pdf" not in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "alone.html",
        "report.html",
    ]
