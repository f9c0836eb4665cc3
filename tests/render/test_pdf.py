"""The report on paper, opened again: what the format promises, what is in it, what cannot get in."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from pthreport.document import from_json, to_json
from pthreport.render import pdf
from pthreport.render.csv import render_csv
from pthreport.render.page.bounds import PAPER
from pthreport.render.page.prepared import prepared
from pthreport.render.pdf import render_pdf
from pthreport.render.templates import asset
from tests.render.paper.opened import FACES, Opened, needs_pango, nothing_in_the_margins, opened
from tests.render.reports import named_report, small_report

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def pango() -> None:
    needs_pango()


@pytest.fixture(scope="module")
def small() -> Opened:
    return opened(small_report())


def test_it_is_archivable(small: Opened) -> None:
    """ISO 19005-3, level A: says so, carries its colours, its language and its structure."""
    assert small.content.startswith(b"%PDF-1.7\n")
    packet = small.root["/Metadata"].get_data()
    assert small.root["/Metadata"]["/Subtype"] == "/XML"
    about = {
        key: value
        for element in ElementTree.fromstring(packet).iter()
        for key, value in element.attrib.items()
    }
    assert about["{http://www.aiim.org/pdfa/ns/id/}part"] == "3"
    assert about["{http://www.aiim.org/pdfa/ns/id/}conformance"] == "A"
    (intent,) = small.root["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert b"acsp" in intent["/DestOutputProfile"].get_data()[:128]
    assert small.root["/Lang"] == "en"
    assert small.root["/MarkInfo"]["/Marked"]
    assert small.root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert len(small.trailer["/ID"]) == 2
    assert "/Encrypt" not in small.trailer


def test_pixels_stay_pixels(small: Opened) -> None:
    """Smoothing is left out, which the format forbids and which would blur a weight into its neighbours."""
    images = [item for item in small.objects() if item.get("/Subtype") == "/Image"]
    assert images
    assert {str(image["/Interpolate"]) for image in images} == {"False"}


def test_its_title_is_the_reports_in_both_places(small: Opened) -> None:
    assert small.reader.metadata is not None
    assert small.reader.metadata.title == "small.pth · pthreport"
    assert "small.pth · pthreport" in small.root["/Metadata"].get_data().decode()
    assert small.reader.metadata.creator == "pthreport 0.1.0"


def test_it_has_no_date_of_its_own_and_the_reports_where_there_is_one(small: Opened) -> None:
    assert small.reader.metadata is not None
    assert small.reader.metadata.creation_date_raw is None
    report = small_report()
    for given, shown in (
        ("2026-03-04T05:06:07Z", "D:20260304050607Z"),
        ("2026-03-04T06:06:07+01:00", "D:20260304050607Z"),
        ("early in March", None),
    ):
        provenance = msgspec.structs.replace(report.provenance, timestamp=given)
        dated = opened(msgspec.structs.replace(report, provenance=provenance))
        assert dated.reader.metadata is not None
        assert dated.reader.metadata.creation_date_raw == shown
        assert given in dated.text


def test_every_font_is_embedded_and_none_is_the_machines(small: Opened) -> None:
    names = {str(font["/FontName"]).partition("+")[2] for font in small.fonts()}
    assert names == FACES
    assert all("/FontFile2" in font for font in small.fonts())
    assert all("/ToUnicode" in item for item in small.objects() if item.get("/Subtype") == "/Type0")


def test_the_numbers_are_attached_as_data(small: Opened) -> None:
    report = small_report()
    files = small.attachments()
    assert {name: content for name, (_, content) in files.items()} == {
        "report.json": to_json(report),
        "tensors.csv": render_csv(report).encode(),
    }
    kinds = {"report.json": "/application/json", "tensors.csv": "/text/csv"}
    related = [reference.get_object() for reference in small.root["/AF"]]
    for name, (specification, content) in files.items():
        assert specification["/AFRelationship"] == "/Data"
        assert specification in related
        assert specification["/EF"]["/F"]["/Subtype"] == kinds[name]
        parameters = specification["/EF"]["/F"]["/Params"]
        assert parameters["/ModDate"] == parameters["/CreationDate"] == "D:19800101000000Z"
        assert parameters["/Size"] == len(content)


def test_the_attached_report_makes_the_same_document_again(small: Opened) -> None:
    again = from_json(small.attachments()["report.json"][1])
    assert render_pdf(again) == small.content


def test_nothing_in_it_acts_and_nothing_leads_outside(small: Opened) -> None:
    assert list(small.acting()) == []


def test_every_link_leads_to_a_place_in_it(small: Opened) -> None:
    names = small.root["/Names"]["/Dests"]["/Names"]
    places = {str(name) for name in names[::2]}
    links = small.links()
    assert len(links) > 20
    assert {str(link["/Dest"]) for link in links} <= places
    assert all(link["/F"] == 4 for link in links)


def test_a_screen_reader_finds_its_way(small: Opened) -> None:
    assert "/StructTreeRoot" in small.root
    headings = [len(small.structure(kind)) for kind in ("H1", "H2", "H3")]
    assert headings[0] == 1
    assert all(number > 5 for number in headings[1:])
    assert small.structure("TH")
    figures = small.structure("Figure")
    assert len(figures) > 10
    assert [figure for figure in figures if not str(figure.get("/Alt", "")).strip()] == []
    assert any("Histogram of" in str(figure["/Alt"]) for figure in figures)


def test_bookmarks_and_contents_name_the_sections_with_their_pages(small: Opened) -> None:
    bookmarks = dict(small.bookmarks())
    assert next(iter(bookmarks)).startswith("Every layer")
    for section in (
        "Findings",
        "Safety",
        "Contents",
        "Model",
        "Layers",
        "Filters",
        "Training state",
        "Provenance",
    ):
        assert section in small.pages[bookmarks[section] - 1]
    listed = {
        section: int(page)
        for sheet in small.pages[:2]
        for section, page in re.findall(r"^([A-Z]\w+(?: \w+)?)[ .]*\.[ .]*(\d+)$", sheet, re.M)
    }
    assert len(listed) >= 9
    for section, page in listed.items():
        assert bookmarks.get({"Training": "Training state"}.get(section, section), page) == page


def test_every_sheet_says_of_what_it_is_and_which_it_is(small: Opened) -> None:
    count = len(small.pages)
    for number, page in enumerate(small.pages, 1):
        assert f"{number} / {count}" in page
        assert "SHA-256 abababab" in page
        assert number == 1 or "small.pth" in page


def test_the_cover_holds_the_verdict(small: Opened) -> None:
    cover = " ".join(small.pages[0].split())
    for words in (
        "A small convolutional network",
        "Is it safe to load?",
        "Yes",
        "2 errors",
        "Weights are not finite",
    ):
        assert words in cover


def test_what_is_left_out_is_said_and_the_document_stays_short() -> None:
    found = opened(named_report([f"layer{number}" for number in range(3000)]))
    assert len(found.pages) <= 40
    text = " ".join(found.text.split())
    assert f"The table shows {PAPER.rows} of 3,000" in text
    assert f"{PAPER.cards} of 3,000, those with findings first" in text


def test_nothing_runs_off_a_sheet_and_no_sheet_is_empty(small: Opened, tmp_path: Path) -> None:
    nothing_in_the_margins(small.content, tmp_path)


def test_of_many_models_only_the_first_have_a_section() -> None:
    report = small_report()
    (one,) = report.models
    many = tuple(msgspec.structs.replace(one, key=f"m{at}", label=f"m{at}") for at in range(30))
    shown: Any = prepared(msgspec.structs.replace(report, models=many), PAPER)
    assert [view.heading for view in shown["models"]] == [f"m{at}" for at in range(PAPER.models)]
    assert shown["models_left_out"] == 30 - PAPER.models


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/x.png",
        "https://localhost/",
        "file:///etc/passwd",
        "ftp://localhost/a",
        "data:text/css,a{}",
    ],
)
def test_nothing_is_fetched_but_pictures_that_lie_in_it(url: str) -> None:
    weasyprint: Any = pdf._weasyprint()
    with pytest.raises(weasyprint.urls.FatalURLFetchingError, match="not in the document"):
        pdf._fetcher(weasyprint).fetch(url)


def test_a_document_that_asks_for_more_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "asset", lambda file, own: "body { background: url(http://localhost/x.png) }")
    with pytest.raises(RuntimeError, match="outside itself"):
        render_pdf(small_report())


def test_the_same_bytes_whatever_the_process(tmp_path: Path) -> None:
    program = (
        "import sys, hashlib; from tests.render.reports import small_report; "
        "from pthreport.render.pdf import render_pdf; "
        "print(hashlib.sha256(render_pdf(small_report())).hexdigest())"
    )
    digests = {hashlib.sha256(render_pdf(small_report())).hexdigest()}
    other = tmp_path / "elsewhere"
    other.mkdir()
    for seed, zone, language, folder in (("1", "UTC", "C", ROOT), ("2", "Asia/Tokyo", "C.UTF-8", other)):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": language,
            "TMPDIR": str(folder if folder == other else tmp_path),
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1


def test_paper_has_every_section_of_the_page() -> None:
    def sections(file: str) -> list[str]:
        return re.findall(r'include "(?:sections|print)/(\w+)\.html"', asset(file))

    on_page = [name for name in sections("report.html") if name != "rail"]
    assert [name for name in sections("print.html") if name != "outline"] == on_page
