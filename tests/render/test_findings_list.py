"""The list of findings: what each is about, where it points, what is folded away."""

import re

import msgspec

from pthreport.document import Finding, LayerDetail, Report, TableDetail
from pthreport.document.finding import Detail
from pthreport.render.html import render_html
from tests.render.parts import finding
from tests.render.reports import small_report

WHERE = ("net.conv1.weight", "net.fc.weight")


def list_of(*details: Detail, where: tuple[str, ...] = WHERE, **changes: object) -> str:
    """The section of findings of a report with one, about `where`."""
    one = finding("odd-tails", "Odd", "warn", "warning", where, details=details, **changes)
    return section(with_findings(one))


def with_findings(*findings: Finding) -> Report:
    report = small_report()
    summary = msgspec.structs.replace(report.summary, worst=())
    return msgspec.structs.replace(report, findings=findings, summary=summary)


def section(report: Report) -> str:
    page = render_html(report)
    start = page.index('<section aria-labelledby="findings">')
    return page[start : page.index("</section>", start)]


def table(*names: str, left_out: int = 0) -> TableDetail:
    rows = tuple((name, "1,024", "a word") for name in names)
    return TableDetail(head=("layer", "values", "word"), rows=rows, left_out=left_out)


def test_a_layer_that_a_table_names_is_linked_there_and_not_named_twice() -> None:
    text = list_of(table("conv1"))
    assert re.search(r'<td><a class="m" href="#layer-conv1"><bdi>conv1</bdi></a></td>', text)
    places = re.findall(r'<li><a class="m" href="#([\w-]+)"', text)
    assert places == ["layer-fc"]


def test_what_a_table_counts_is_not_listed_before_it() -> None:
    text = list_of(table("conv1", left_out=1))
    assert 'class="places"' not in text
    assert "1 more row in the JSON" in text


def test_a_tensor_is_linked_by_its_name_too() -> None:
    text = list_of(table("conv1.weight", "net.fc.weight"))
    assert re.findall(r'<td><a class="m" href="#([\w-]+)"', text) == ["layer-conv1", "layer-fc"]
    assert 'class="places"' not in text


def test_a_name_of_two_models_leads_to_neither() -> None:
    report = small_report()
    twin = msgspec.structs.replace(
        report.models[0],
        key="twin",
        layer_list=tuple(
            msgspec.structs.replace(layer, tensors=tuple(f"twin.{path}" for path in layer.tensors))
            for layer in report.models[0].layer_list
        ),
    )
    where = ("net.conv1.weight", "twin.net.conv1.weight")
    one = finding("odd-tails", "Odd", "warn", "warning", where, details=(table("conv1"),))
    text = section(msgspec.structs.replace(with_findings(one), models=(report.models[0], twin)))
    assert "<td><bdi>conv1</bdi></td>" in text
    assert 'class="places"' in text


def test_a_place_with_a_note_stays() -> None:
    text = list_of(LayerDetail(path=WHERE[0], note="the worst"), table("conv1", "fc"))
    assert re.findall(r'<li><a class="m" href="#([\w-]+)"', text) == ["layer-conv1"]


def test_columns_of_figures_stand_to_the_right() -> None:
    text = list_of(table("conv1", "fc"))
    assert '<th scope="col" class="n">Values</th>' in text
    assert '<td class="n"><bdi>1,024</bdi></td>' in text
    assert "<td><bdi>a word</bdi></td>" in text


def test_a_finding_says_what_it_is_about() -> None:
    assert '<span class="category">spectra</span>' in list_of(category="spectra")


def test_what_passed_is_folded_by_category() -> None:
    checks = (
        finding("a", "First", "pass", "warning", category="hygiene"),
        finding("b", "Second", "not-applicable", "warning", category="safety"),
        finding("c", "Third", "pass", "warning", category="safety"),
    )
    text = section(with_findings(*checks))
    assert "2 checks passed, 1 not applicable" in text
    order = re.findall(r'<p class="category">(\w+)</p>|<h3>(\w+)</h3>', text)
    assert ["".join(pair) for pair in order] == ["Safety", "Third", "Second", "Hygiene", "First"]


def test_how_all_of_a_file_was_saved_marks_no_layer() -> None:
    """It would hide what tells them apart."""
    everywhere = [tensor.path for tensor in small_report().tensors]

    def strip(category: str) -> str:
        one = finding("x", "Odd", "warn", "warning", everywhere, category=category)
        page = render_html(with_findings(one))
        return page[page.index('class="strip"') : page.index("</figure>")]

    assert strip("training").count('class="mark warning"') > 2
    assert "mark warning" not in strip("hygiene")
