"""A test that lacks a system package is skipped here and fails in continuous integration."""

import re
from pathlib import Path

import pytest

from tests.conftest import needs_system

TESTS = Path(__file__).parents[1]


def test_what_is_there_lets_the_test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTHREPORT_CI", "1")
    needs_system("make", True)


def test_what_is_absent_skips_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PTHREPORT_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Chromium is not installed"):
        needs_system("Chromium", False)


def test_what_is_absent_fails_in_continuous_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTHREPORT_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="Chromium is not installed"):
        needs_system("Chromium", False)


def test_no_test_looks_for_a_program_and_skips_by_itself() -> None:
    """A skip of its own would be lost in continuous integration unseen."""
    own = re.compile(r"skipif\([^)]*which\(|skip\([^)]*(chrom|pango|poppler|pdfto)", re.IGNORECASE)
    found = [path.name for path in TESTS.rglob("*.py") if own.search(path.read_text(encoding="utf-8"))]
    assert found == []
