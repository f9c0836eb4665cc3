"""The glossary: every figure that the page names has an entry, and its name leads there."""

import inspect
import re
from collections import Counter
from types import ModuleType

import pytest

from pthreport.document import from_json
from pthreport.render.html import render_html
from pthreport.render.page import facts, layers, spectrum, tensor
from pthreport.render.page.adapters import HEAD as ADAPTERS
from pthreport.render.page.experts import HEAD as EXPERTS
from pthreport.render.page.layers import COLUMNS
from pthreport.render.page.precision import HEAD as PRECISION
from pthreport.render.page.spectra import HEAD as SPECTRA
from pthreport.render.page.spectrum import PART_HEAD
from pthreport.render.templates import environment
from sample_reports.write_reports import CHECKPOINT
from tests.render.measured import measured_report
from tests.render.reports import small_report

FACTS = {
    "Kind", "Parameters", "Buffer elements", "Size", "Saved on", "Layout", "Shares storage with", "Not measured",
    "Note", "Matrix", "kernel",
}  # fmt: skip
"""What stands on a card and is no figure of the values."""


def entries() -> dict[str, list[dict[str, object]]]:
    """The entries by group, as the template has them."""
    module = environment().get_template("macros/glossary.html").make_module({"glossary_shown": True})
    return {title: list(found) for title, found in module.GLOSSARY}  # type: ignore[attr-defined]


def names(group: str) -> set[str]:
    return {str(name) for entry in entries()[group] for name in entry["names"]}  # type: ignore[attr-defined]


def test_every_column_has_an_entry() -> None:
    assert set(COLUMNS) <= names("Values")
    assert set(SPECTRA) <= names("Spectrum")
    assert set(PART_HEAD) - {"Shape"} <= names("Spectrum")
    assert {*PRECISION, "float16", "bfloat16"} <= names("Precision")
    assert set(ADAPTERS) <= names("Adapters")
    assert set(EXPERTS) <= names("Experts")


@pytest.mark.parametrize("module", [facts, spectrum, tensor, layers])
def test_every_figure_that_a_card_can_show_has_an_entry(module: ModuleType) -> None:
    """Also of layers that no sample has: their labels stand in the code as they are shown."""
    labels = set(re.findall(r'Figure\(\s*"([^"]+)"', inspect.getsource(module)))
    assert labels
    assert labels - FACTS <= set.union(*map(names, entries()))


@pytest.fixture(scope="module", params=["small", "measured", "sample"])
def page(request: pytest.FixtureRequest) -> str:
    if request.param == "sample":
        return render_html(from_json(CHECKPOINT.with_suffix(".json").read_bytes()))
    return render_html(small_report() if request.param == "small" else measured_report())


def test_every_figure_on_a_card_leads_to_its_entry(page: str) -> None:
    cards = re.findall(r'<div class="card">(.*?)</div>\n</details></td></tr>', page, re.DOTALL)
    assert cards
    quantile = re.compile(r"[\d.]+ %")
    for card in cards:
        for label in re.findall(r"<dt>(.*?)</dt>", card, re.DOTALL):
            if label.startswith("<a "):
                continue
            assert label in FACTS or quantile.fullmatch(label) or label.islower(), (
                f"{label!r} is not explained"
            )


def test_each_name_leads_to_one_entry_and_no_entry_is_twice(page: str) -> None:
    for names_below in re.findall(r'<p class="terms">What they mean: (.*?)</p>', page, re.DOTALL):
        assert re.sub(r'<a class="term"[^>]*>[^<]*</a>', "", names_below).strip(" ,\n") == "", names_below
    ids = Counter(re.findall(r'id="(term-[\w-]+)"', page))
    assert ids
    assert max(ids.values()) == 1
    led = set(re.findall(r'<a class="term" href="#(term-[\w-]+)"', page))
    assert {"term-mean", "term-std", "term-zeros", "term-rms"} <= led
    assert led <= ids.keys()


def test_an_entry_is_complete() -> None:
    for found in entries().values():
        for entry in found:
            assert set(entry) == {"id", "names", "what", "formula", "reading", "source"}
            assert all(entry.values()), entry["id"]
            for text in ("what", "reading", "source"):
                assert str(entry[text]).endswith("."), (entry["id"], text)
