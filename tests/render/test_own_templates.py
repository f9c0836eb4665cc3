"""Templates of one's own: each stands for ours, a mistake is told in one line, the policy holds all the same."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pthreport.render import OutputError, Surroundings, check_templates, render
from pthreport.render.html import policy, render_html
from tests.render.browser import Opened, console
from tests.render.reports import small_report

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "templates.md"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    (folder / "sections").mkdir(parents=True)
    return folder


def page_with(own: Path) -> str:
    return render(small_report(), ".html", Surroundings(templates=own)).decode()


def test_a_folder_adds_colours_a_logo_and_a_section(own: Path) -> None:
    (own / "own.css").write_text(":root { --accent: #7a2e8e; }")
    (own / "masthead.html").write_text("<p>Example Ltd</p>")
    (own / "own.html").write_text(
        '{% from "macros/parts.html" import heading with context %}<section aria-labelledby="approval">'
        '{{ heading(2, "approval", "Approval") }}<p>{{ report.title }} <b>{{ "<i>" }}</b></p></section>'
    )
    page = page_with(own)
    assert (
        page.index("Example Ltd")
        < page.index("<h1>")
        < page.index('id="approval"')
        < page.index('id="provenance"')
    )
    assert "<p>small.pth <b>&lt;i&gt;</b></p>" in page
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)[0]
    assert style.endswith(":root { --accent: #7a2e8e; }")
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[0]
    assert policy(style, script) in page.replace("&#39;", "'")
    # Without the folder everything is as before.
    assert "Example Ltd" not in render_html(small_report())


def test_a_file_stands_for_ours_and_can_lead_to_it(own: Path) -> None:
    (own / "sections" / "safety.html").write_text(
        '{% include "original/sections/safety.html" %}<p>Questions: security</p>'
    )
    (own / "sections" / "provenance.html").write_text("<p>nothing to say</p>")
    page = page_with(own)
    assert 'id="safety"' in page
    assert "Questions: security" in page
    assert "nothing to say" in page
    assert 'id="provenance"' not in page


def test_a_changed_style_is_the_only_one_that_acts(
    own: Path, open_page: Callable[..., Opened], tmp_path: Path
) -> None:
    (own / "style.css").write_text("body { background: rgb(1, 2, 3) }")
    (own / "own.html").write_text('<p style="color: red" id="stray">x</p>')
    file = tmp_path / "page.html"
    file.write_text(page_with(own), encoding="utf-8")
    opened = open_page(file.as_uri())
    assert opened.run("return getComputedStyle(document.body).backgroundColor") == "rgb(1, 2, 3)"
    assert opened.run("return getComputedStyle(document.getElementById('stray')).color") == "rgb(0, 0, 0)"
    assert any("style-src" in said for said in console(opened.driver))


def test_the_pdf_has_them_too(own: Path) -> None:
    (own / "own.html").write_text("<p>{{ report.undefined_thing }}</p>")
    with pytest.raises(OutputError, match="undefined_thing"):
        render(small_report(), ".pdf", Surroundings(templates=own))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<p>\n{% if %}</p>", "own.html, line 2"),
        ("{{ nothing_like_it }}", "nothing_like_it"),
        ('{% include "absent.html" %}', "absent.html"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(own: Path, text: str, said: str) -> None:
    (own / "own.html").write_text(text)
    with pytest.raises(OutputError) as caught:
        page_with(own)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_would_do_nothing_is_refused(own: Path, tmp_path: Path) -> None:
    (own / "style.cs").write_text("")
    with pytest.raises(OutputError, match="no file that would be used"):
        check_templates(own)
    with pytest.raises(OutputError, match="is not a folder"):
        check_templates(tmp_path / "absent")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pthreport",
            "x.pth",
            "-o",
            str(tmp_path / "x.html"),
            "--template-dir",
            str(own),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_what_the_documentation_shows_works(own: Path) -> None:
    """Its examples, as they stand there."""
    blocks = re.findall(r"(?:^    .*\n?)+", DOCS.read_text("utf-8"), re.MULTILINE)
    examples = [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in blocks]
    section = next(example for example in examples if "approval" in example)
    added = next(example for example in examples if "original/" in example)
    colours = next(example for example in examples if "--accent" in example)
    (own / "own.html").write_text(section)
    (own / "sections" / "safety.html").write_text(added)
    (own / "own.css").write_text(colours)
    page = page_with(own)
    assert "Run unknown, licence unknown" in page
    assert "security@example.com" in page
    assert "#7a2e8e" in page
