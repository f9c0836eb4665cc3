"""Ten thousand tensors: the page is bounded, says what it leaves out, and carries the data of the rest."""

import base64
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pthreport.document import Report, from_json, numbers
from pthreport.render.html import render_html
from pthreport.render.page.bounds import PAGE
from tests.render import parts
from tests.render.browser import Opened
from tests.render.markup import Page, links_resolve
from tests.render.reports import named_report


@pytest.fixture(scope="module")
def many() -> tuple[Report, str]:
    """Ten thousand layers, no two with the same figures: what repeats would pack into nothing."""
    chance = random.Random(0)
    report = named_report(
        [f"encoder.blocks.{block}.part{part}.linear" for block in range(1000) for part in range(10)]
    )
    tensors = tuple(
        msgspec.structs.replace(
            record,
            statistics=parts.statistics(16, std=chance.uniform(0.01, 0.1)),
            histogram=msgspec.structs.replace(
                parts.histogram(), counts=tuple(chance.randrange(100) for _ in range(64))
            ),
        )
        for record in report.tensors
    )
    report = msgspec.structs.replace(report, tensors=tensors)
    return report, render_html(report)


def test_ten_thousand_layers_are_bounded_and_it_is_said(many: tuple[Report, str]) -> None:
    _, text = many
    page = Page(text)
    bodies = [
        attributes
        for tag, attributes in page.elements
        if (attributes.get("id") or "").startswith("layer-encoder")
    ]
    assert sum("opens" in (attributes.get("class") or "") for attributes in bodies) == PAGE.cards_of_many
    assert sum(tag == "tbody" and "id" in attributes for tag, attributes in page.elements) == PAGE.rows
    shown = " ".join(" ".join(page.text).split())
    assert "the table shows 500 of 10.0 k" in shown
    assert "the other 9,500 are in the JSON" in shown
    assert "all but" in shown
    assert "more in the file" in shown
    assert len(text.encode()) < 5_000_000
    assert len(page.elements) < 60_000
    links_resolve(page)


def test_the_rows_that_are_not_rendered_travel_as_data(many: tuple[Report, str]) -> None:
    report, text = many
    data = json.loads(Page(text).data[0])
    layers = report.models[0].layer_list
    assert [row[1] for row in data["rows"]] == [layer.name for layer in layers]
    assert [row[7] for row in data["rows"]] == [layer.parameters for layer in layers]
    by_path = {tensor.path: tensor for tensor in report.tensors}
    for row, layer in zip(data["rows"], layers, strict=True):
        measured = by_path[layer.weight or ""].statistics
        assert measured is not None
        four = (measured.mean, measured.std, measured.min, measured.max)
        assert row[9][:4] == pytest.approx(four, rel=1e-8)
    # What the page draws itself needs no sketch.
    assert {len(row) for row in data["rows"]} == {12, 14}


def test_the_packed_numbers_stay_within_their_bound(many: tuple[Report, str]) -> None:
    report, text = many
    address = next(value for value in Page(text).attributes("href") if value.startswith("data:application"))
    assert len(address) <= PAGE.download + 100
    packed = from_json(gzip.decompress(base64.b64decode(address.partition(",")[2])))
    kept = {tensor.path for tensor in packed.tensors}
    assert 1000 < len(kept) < len(report.tensors)
    assert f"all but {numbers.count(len(kept))} of its 10,000 tensors" in text
    for model in packed.models:
        assert all(kept.issuperset(layer.tensors) for layer in model.layer_list)


def test_a_browser_sorts_filters_and_finds_what_was_not_rendered(
    open_page: Callable[..., Opened], many: tuple[Report, str], tmp_path: Path
) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    report, text = many
    file = tmp_path / "many.html"
    file.write_text(text, encoding="utf-8")
    page = open_page(file.as_uri())
    assert len(page.rows()) == PAGE.rows
    spread = {tensor.name: tensor.statistics.std for tensor in report.tensors if tensor.statistics}
    widest = sorted(spread, key=lambda name: -(spread[name] or 0.0))
    assert page.sort("Std") == "descending"
    assert [f"{name}.weight" for name in page.rows()] == widest[:40]
    page.run("document.querySelector('.show-more').click()")
    assert [f"{name}.weight" for name in page.rows()] == widest[:80]
    page.filter("blocks.999.part7")
    assert page.rows() == ["encoder.blocks.999.part7.linear"]
    # As the template would write it: figures, a sketch of the distribution, a link to itself.
    drawn = page.run("return document.querySelector('#layers-table > tbody').outerHTML")
    measured = report.tensors[9997].statistics
    assert measured is not None
    assert f"<span>{numbers.at_point(numbers.value(measured.std))[1]}</span>" in drawn
    assert 'class="hist small"' in drawn
    assert 'href="#layer-encoder-blocks-999-part7-linear"' in drawn
    assert page.sort("Std") == "ascending"
    assert page.sort("Std") is None
    page.filter("")
    assert WebDriverWait(page.driver, 5).until(lambda _: len(page.rows()) == PAGE.rows)
    # A link to a layer without a row brings its row.
    missing = next(name for name in reversed(widest) if name.removesuffix(".weight") not in page.rows())
    anchor = "layer-" + missing.removesuffix(".weight").replace(".", "-")
    page.driver.get(f"{file.as_uri()}#{anchor}")
    page.driver.refresh()
    assert missing.removesuffix(".weight") in page.rows()
    assert page.run("return document.activeElement.id") == anchor
