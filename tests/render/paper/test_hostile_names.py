"""Names from the file on paper: shown, not obeyed, and in faces that the report brings along."""

from pathlib import Path

import pytest

from tests.render.paper.opened import FACES, Opened, needs_pango, nothing_in_the_margins, opened
from tests.render.parts import HOSTILE
from tests.render.reports import named_report


@pytest.fixture(scope="module", autouse=True)
def pango() -> None:
    needs_pango()


HOSTILE_NAMES = [
    HOSTILE,
    "</style><script>alert(1)</script>",
    "</p></body></html>",
    "url(http://localhost/x)",
    "a\x00b\x1b[31m\r\nc",
    "\u202egpj.exe\u2066",
    "中文层.权重",
    "🙂🙃",
    "עברית.weight",
    "x" * 10_000,
    "a." * 5_000,
    "\ud800",
    "",
    "'\"{{ report }}{% raw %}&amp;",
]


@pytest.fixture(scope="module")
def hostile() -> Opened:
    return opened(named_report(HOSTILE_NAMES))


def test_names_from_the_file_are_shown_and_not_obeyed(hostile: Opened) -> None:
    joined = "".join(hostile.text.split())
    for name in (
        "<imgsrc=xonerror=alert(1)>",
        "</style><script>alert(1)</script>",
        "url(http://localhost/x)",
    ):
        assert name in joined.replace("\u200b", "")
    assert "{{report}}{%raw%}&amp;" in joined.replace("\u200b", "")
    assert list(hostile.acting()) == []


def test_what_hides_in_names_is_written_out(hostile: Opened) -> None:
    joined = "".join(hostile.text.replace("\u200b", "").split())
    for written in ("a\\x00b\\x1b[31m", "\\u202egpj.exe\\u2066", "\\ud800"):
        assert written in joined
    assert not {"\x1b", "\u202e", "\u2066"} & set(hostile.text)


def test_letters_that_no_face_has_are_code_points_and_no_other_font_helps(hostile: Opened) -> None:
    joined = "".join(hostile.text.replace("\u200b", "").split())
    assert "\\u4e2d\\u6587\\u5c42" in joined
    assert "\\U0001f642" in joined
    names = {str(font["/FontName"]).partition("+")[2] for font in hostile.fonts()}
    assert names <= FACES


def test_a_name_of_ten_thousand_letters_is_cut_and_runs_off_no_sheet(
    hostile: Opened, tmp_path: Path
) -> None:
    assert "…" in hostile.text
    nothing_in_the_margins(hostile.content, tmp_path)
