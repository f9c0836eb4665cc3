"""Pictures written again for paper: coordinates, style, what is shown twice, what is only decoration."""

import base64
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
import tinyhtml5
from cssselect2 import ElementWrapper

from pthreport.draw import bars, histogram, strip
from pthreport.render.paper.fit import fit
from pthreport.render.paper.pictures import NAMESPACE, WIDE, scaled_path
from pthreport.render.paper.style import picture_style
from pthreport.render.templates import asset
from tests.render.parts import histogram as bell

STYLE = picture_style(asset("style.css"))


def fitted(body: str) -> Element:
    """The body of a document with `body` in it, made fit."""
    root: Element = tinyhtml5.parse(f"<body>{body}</body>", namespace_html_elements=False)
    fit(root, STYLE)
    found = root.find("body")
    assert found is not None
    return found


def pictures(body: Element) -> list[Element]:
    """The pictures in `body`, unpacked."""
    return [ElementTree.fromstring(_unpacked(image.get("src", ""))) for image in body.iter("img")]


def of(body: Element, kind: str) -> list[Element]:
    """The elements of one kind in all pictures."""
    return [element for picture in pictures(body) for element in picture.iter(f"{NAMESPACE}{kind}")]


def _unpacked(address: str) -> bytes:
    return base64.b64decode(address.partition("base64,")[2].removesuffix(")"))


@pytest.mark.parametrize(
    ("path", "scaled"),
    [
        ("M0 100V40h2v60z", "M 0 200 V 80 h 6 v 120 z"),
        ("M1 2l3 4 5-6", "M 3 4 l 9 8 15 -12"),
        ("M.5 1H2", "M 1.5 2 H 6"),
        ("M0 0A7 7 0 0 1 8 8z", None),
    ],
)
def test_a_path_of_straight_lines_is_stretched_by_its_numbers(path: str, scaled: str | None) -> None:
    assert scaled_path(path, 3.0, 2.0) == scaled


def test_a_picture_has_its_words_its_size_and_its_style() -> None:
    body = fitted(histogram.linear_histogram(bell(), {}, 0.0, "A bell & its <words>"))
    (image,) = body.iter("img")
    assert image.get("alt") == "A bell & its <words>"
    assert image.get("class") == "hist"
    (picture,) = pictures(body)
    assert picture.get("viewBox", "").startswith("0 0 400 ")
    assert not [item for item in ElementTree.tostring(picture, "unicode").split('"') if item.endswith("%")]
    assert {text.get("font-family") for text in of(body, "text")} == {"DejaVu Sans"}
    # The page's own colour for bars, without its variables.
    assert picture[0].get("fill") == STYLE.palette["--fill"]


def test_a_line_in_a_stretched_frame_keeps_its_thickness() -> None:
    columns = [strip.Column("a"), strip.Column("b")]
    rows = [strip.Row("Norm", (1.0, 10.0), "log")]
    body = fitted(strip.depth_strip(columns, rows, [], "Two layers").picture)
    caps = [path for path in of(body, "path") if path.get("stroke") == STYLE.palette["--cap"]]
    assert caps
    on_sheet, drawn_in = WIDE
    widths = [float(path.get("stroke-width", "")) for path in caps]
    assert widths == pytest.approx([2 * drawn_in / on_sheet] * len(caps), 1e-3)
    assert all(frame.get("viewBox") is None for frame in of(body, "svg")[1:])


def test_a_label_is_cut_to_its_box() -> None:
    line = [
        bars.Segment(95, "conv", "a_rather_long_name_of_a_block" * 5, ""),
        bars.Segment(5, "linear", "fc", ""),
    ]
    body = fitted(bars.budget([line], "Where the parameters are"))
    words = [text.text or "" for text in of(body, "text")]
    assert words[0].startswith("a_rather_long")
    assert words[0].endswith("…")
    assert words[1:] == ["fc"]
    assert of(body, "foreignObject") == []


def test_what_is_shown_again_is_there_and_gives_no_second_anchor() -> None:
    again = '<svg class="hist" width="100%" height="20" role="img" aria-label="x"><svg viewBox="0 0 4 100" preserveAspectRatio="none" width="100%" height="20"><use href="#bins"/></svg></svg>'
    first = '<svg class="hist small" viewBox="0 0 4 100" preserveAspectRatio="none" aria-hidden="true"><path id="bins" d="M0 100V0h4V100z"/></svg>'
    body = fitted(again + first)
    assert [path.get("d") for path in of(body, "path")] == ["M 0 20 V 0 h 400 V 20 z"]
    assert [element for element in body.iter() if element.get("id")] == []


def test_decoration_becomes_a_background_that_no_reader_stops_at() -> None:
    body = fitted(f"<p>3 %{bars.share_bar(0.03)} of all</p>")
    (mark,) = body.iter("span")
    assert pictures(body) == []
    assert mark.get("class") == "bar drawn"
    assert mark.tail == " of all"
    assert b'width="3"' in _unpacked(mark.get("style", ""))


def test_what_only_a_pointer_needs_is_left_out() -> None:
    drawn = strip.depth_strip(
        [strip.Column("a", "#a"), strip.Column("b", "#b")], [strip.Row("N", (1.0, 2.0), "log")], [], "Two"
    )
    body = fitted(drawn.picture + drawn.links + "<p>after</p>")
    assert len(pictures(body)) == 1
    assert "after" in "".join(body.itertext())


def test_links_lead_to_places_of_the_document_or_nowhere() -> None:
    body = fitted(
        '<h2 id="a">A <a class="here" href="#a">#</a></h2><a href="#a">in</a><a href="#gone">gone</a>'
        '<a href="https://example.org/">out</a>'
    )
    assert [(link.text, link.get("href")) for link in body.iter("a")] == [("in", "#a")]
    assert [element.text for element in body.iter("span")] == ["gone", "out"]
    assert "".join(body.itertext()) == "A ingoneout"


def test_variables_are_those_of_the_place() -> None:
    wrapped = ElementWrapper.from_html_root(
        tinyhtml5.parse('<svg class="budget"><rect class="k-conv"/></svg>', namespace_html_elements=False)
    )
    (rect,) = [node for node in wrapped.iter_subtree() if node.local_name == "rect"]
    declared, _ = STYLE.of(rect, STYLE.palette)
    assert declared["fill"] == STYLE.palette["--k-conv"]
