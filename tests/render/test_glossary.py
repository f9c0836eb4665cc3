"""The glossary: every figure that the page names has an entry, and its name leads there."""

import inspect
import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from msgspec.structs import replace

from pthreport.checks import CHECKS
from pthreport.document import definitions, from_json
from pthreport.render import OutputError, Surroundings, render
from pthreport.render.html import render_html
from pthreport.render.page import facts, layers, spectrum, tensor
from pthreport.render.page.adapters import HEAD as ADAPTERS
from pthreport.render.page.experts import HEAD as EXPERTS
from pthreport.render.page.glossary import entries
from pthreport.render.page.layers import COLUMNS
from pthreport.render.page.precision import HEAD as PRECISION
from pthreport.render.page.spectra import HEAD as SPECTRA
from pthreport.render.page.spectrum import PART_HEAD
from sample_reports.write_reports import CHECKPOINT
from tests.render.measured import measured_report
from tests.render.parts import finding
from tests.render.reports import small_report

FACTS = {
    "Kind", "Parameters", "Buffer elements", "Size", "Saved on", "Layout", "Shares storage with", "Not measured",
    "Note", "Matrix", "kernel",
}  # fmt: skip
"""What stands on a card and is no figure of the values."""


def names(group: str) -> set[str]:
    return {name for entry in entries()[group] for name in entry.names}


def test_every_column_has_an_entry() -> None:
    assert set(COLUMNS) <= names("Values")
    assert set(SPECTRA) <= names("Spectrum")
    assert set(PART_HEAD) - {"Shape"} <= names("Spectrum")
    assert set(PRECISION) <= names("Precision")
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
    known = {check.id for check in CHECKS}
    for found in entries().values():
        for entry in found:
            texts = (entry.what, entry.reading, entry.source)
            assert all((*entry.names, *texts, entry.formula, entry.id)), entry.id
            assert all(text.endswith(".") for text in texts), entry.id
            assert set(entry.checks) <= known, entry.id


def test_an_entry_names_the_thresholds_that_were_in_force() -> None:
    alpha = next(entry for entry in entries()["Spectrum"] if entry.id == "alpha")
    assert alpha.checks == ("odd-tails",)
    report = small_report()
    found = finding("odd-tails", "Odd", "info", "info", threshold="alpha below 1 or above 3")
    page = render_html(replace(report, findings=(*report.findings, found)))
    entry = page[page.index('id="term-alpha"') :].partition("</div>")[0]
    assert 'href="#finding-odd-tails"' in entry
    assert "alpha below 1 or above 3." in entry
    assert 'href="#finding-odd-tails"' not in render_html(report)


def test_a_glossary_of_one_s_own_is_read_and_a_mistake_in_it_told(tmp_path: Path) -> None:
    (tmp_path / "glossary.toml").write_text(
        '[[Values]]\nid = "mean"\nnames = ["Mean"]\nwhat = "Ours."\nformula = "m"\nreading = "So."\nsource = "Us."\n'
    )
    assert "Ours." in render_html(small_report(), tmp_path)
    for text in ("[[Values", '[[Values]]\nid = "mean"\n'):
        (tmp_path / "glossary.toml").write_text(text)
        with pytest.raises(OutputError, match=r"glossary\.toml"):
            render(small_report(), ".html", Surroundings(templates=tmp_path))


def test_the_texts_give_the_figures_by_which_the_report_counts() -> None:
    by_id = {entry.id: entry for found in entries().values() for entry in found}
    near = by_id["near-zero"]
    assert near.names == (f"|w| < {definitions.NEAR_ZERO:.0e} RMS".replace("e-03", "e-3"),)
    assert f"|w| < {definitions.NEAR_ZERO:g} · RMS" in near.formula
    assert f"‖w‖ < {definitions.DEAD_UNIT:g} · median" in by_id["dead-unit"].formula
    assert f"above {definitions.DUPLICATE:g} after" in by_id["duplicate"].what
    assert f"> {definitions.DUPLICATE:g}" in by_id["duplicate"].formula
    assert f"cosine > {definitions.DUPLICATE:g}" in by_id["expert-duplicates"].formula
