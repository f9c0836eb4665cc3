"""Spectra, precision and training state on the page: what is there, what is not, what is escaped."""

import itertools
import re

import msgspec
import pytest
from msgspec.structs import replace

from pthreport.checks import Examination
from pthreport.document import CheckpointFacts, Report, TorchView, Training, from_json, to_json
from pthreport.render.html import render_html
from pthreport.render.page.history import history
from pthreport.render.page.safety import torch_says
from tests.render.judged import judged
from tests.render.markup import Page, links_resolve
from tests.render.measured import measured_report, precision, spectrum, training
from tests.render.parts import HOSTILE
from tests.render.reports import named_report, small_report

NEW = ("spectra", "precision", "training")


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render_html(measured_report()))


def _text(page: Page) -> str:
    return " ".join("".join(page.text).split())


def test_the_sections_stand_in_order_in_the_page_and_in_the_rail(page: Page) -> None:
    ids = page.attributes("id")
    order = [ids.index(name) for name in ("layers", "filters", *NEW, "provenance")]
    assert order == sorted(order)
    for name in NEW:
        assert page.attributes("href").count(f"#{name}") == 2
    links_resolve(page)


def test_what_was_not_measured_has_no_section() -> None:
    bare = replace(small_report(), training=Training())
    ids = set(Page(render_html(bare)).attributes("id"))
    assert ids.isdisjoint(NEW)
    assert "saved here" not in render_html(bare)


def test_headings_pictures_and_tables_keep_the_page_s_rules(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all(attributes.get("scope") for tag, attributes in page.elements if tag == "th")
    for tag, attributes in page.elements:
        assert "style" not in attributes
        if attributes.get("role") == "img":
            assert attributes.get("aria-label"), tag
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))


def test_the_card_shows_the_spectrum_with_its_figures_parts_and_reason(page: Page) -> None:
    text = _text(page)
    assert (
        "3.1 % of the 64 singular values lie beyond what random weights of this size would have, 2 above"
        in text
    )
    assert "its tail follows a power law of alpha 3.40 over 20 values, KS 0.040." in text
    assert "Spectral norm (of the reshaped matrix)" in text
    assert "3.40 ± 0.54" in text
    assert "3.25 ± 0.010" in text
    assert "62 of 64" in text
    assert "its tail fits no power law." in text
    assert "head 1" in text
    assert "No spectrum: a vector has no singular values worth drawing." in text
    drawn = [attributes for _, attributes in page.elements if attributes.get("class") == "hist axes"]
    assert len(drawn) == 3
    assert "Alpha, kernel slices pooled" in text


def test_the_spectra_s_table_marks_what_is_estimated(page: Page) -> None:
    text = _text(page)
    assert "The singular values of 3 weight matrices" in text
    assert "1 estimated, marked ≈" in text
    assert "≈ 3.25" in text
    assert (
        "One tail follows a power law, that of conv2, with alpha 3.40, in the usual range of 1.5 to 8."
        in text
    )
    assert "1.5 to 8: usual" in text
    assert "↓ ↑" not in text


def test_what_lies_outside_the_thresholds_in_force_is_marked() -> None:
    by = Examination(thresholds={"odd-tails": {"high": 3.0}, "large-updates": {"ratio": 3e-5}})
    text = _text(Page(render_html(judged(measured_report(), by))))
    assert "3.40 ↑" in text
    assert "↓ ↑ below and above the usual range" in text
    assert "KS 0.040, above the usual 3." in text
    assert "with alpha 3.40, above the usual 3." in text
    assert "1.5 to 3: usual" in text
    assert "1 of 2 matrices moved by a step larger than usual." in text


def test_the_depth_strip_has_rows_for_stable_rank_and_update_only_where_they_are(page: Page) -> None:
    assert "Stable rank, log scale" in page.text
    assert page.text.count("Last update over weight: root mean squares, log scale") == 2
    bare = render_html(small_report())
    assert "Stable rank, log scale" not in bare
    assert "Last update over weight: root" not in bare


def test_precision_says_what_each_choice_saves_and_costs(page: Page) -> None:
    text = _text(page)
    assert (
        "As int8, one scale a channel the model would take 2.94 kB instead of 11.8 kB and keep at least"
        in text
    )
    assert "keep at least 38.0 dB" in text
    assert "3 values overflow; 1 value vanishes" in text
    assert "rounding only: no value overflows or vanishes" in text
    assert "1 matrix has outlier channels" in text
    assert "it gains most in conv2.weight (16.5 dB)" in text
    assert "16.5 ↑" in text
    assert (
        "1 weight tensor of 640 B holds only values that a narrower type (bfloat16) holds exactly" in text
    )
    assert "3 overflow, 12 vanish, 100 subnormal" in text
    assert "≈ 24.0" in text
    assert "≈ estimated, 95 % within ±0.3 dB" in text


def test_figures_without_a_number_are_dashes_or_infinite() -> None:
    report = measured_report()
    odd = precision(int8_tensor=None, int8_channel=float("inf"), float16=None)
    report = replace(
        report,
        tensors=tuple(replace(item, precision=odd) if item.precision else item for item in report.tensors),
    )
    text = _text(Page(render_html(report)))
    assert "∞" in text


def test_the_training_state_is_drawn_and_explained(page: Page) -> None:
    text = _text(page)
    for said in (
        "Adam: the running mean of the gradient divided by the root of the running mean of its square.",
        "AdamW, learning rate 1e-4, weight decay 0.01, on 6 parameters; the peak was 0.0100.",
        "The last update of the median tensor is 4e-5 of its size, the largest is that of net.bn1.weight (8e-5).",
        "come down to 1.0 % of its peak, where the same update would be 0.0040.",
        "Some weights of 1 parameter tensor never had a gradient, most in net.conv2.weight (25.0 %).",
        "In the median tensor 90.0 % of the mean squared gradient is noise",
        "saved here",
        "10.0 % of the curve lies ahead.",
        "Losses are scaled by 65,536",
        "over 4 tensors the two differ by 3.1 % of the raw weights' norm.",
        "history.*_loss: 30 values in order, log scale",
        "Train falls from 2 to 0.00309.",
        "Val falls from 2 to 0.100",
    ):
        assert said in text, said
    assert "StepLR" in text


def test_histories_share_a_chart_by_phase_and_numbers_stay_a_list() -> None:
    facts = training(Training()).metrics
    charts = history(facts, {})
    assert [chart.title for chart in charts.charts] == ["history.*_loss: 30 values in order, log scale"]
    assert charts.facts == ()
    many = tuple(replace(facts[0], name=f"metric{number}") for number in range(100))
    assert len(history(many, {}).charts) == 24
    assert history(many, {}).left_out == 76
    lonely = replace(facts[0], series=(1.0,))
    assert history((lonely,), {}).facts == (lonely,)
    assert history((replace(facts[0], series=(), value="[]"),), {}).facts == ()


def test_what_torch_would_say() -> None:
    taken = torch_says(TorchView(weights_only=True, version="2.13"))
    assert [(said.level, said.text) for said in taken] == [
        ("pass", "torch.load(weights_only=True) of torch 2.13 would take it.")
    ]
    both = torch_says(
        TorchView(
            weights_only=False, stops_at="os.system", refuses_container="two members a name", version="2.13"
        )
    )
    assert "would refuse the file itself: two members a name." in both[0].text
    assert both[1].text == "torch.load(weights_only=True) would also stop at os.system."


def test_names_in_the_new_sections_are_text() -> None:
    report = measured_report()
    model = report.models[0]
    layers = tuple(
        replace(
            layer,
            name=HOSTILE + layer.name,
            spectra=tuple(replace(part, part=HOSTILE) for part in layer.spectra),
            spectrum_reason=HOSTILE if layer.spectrum_reason else None,
        )
        for layer in model.layer_list
    )
    found = report.training
    optimizer = replace(
        found.optimizers[0],
        kind=HOSTILE,
        groups=(replace(found.optimizers[0].groups[0], words=HOSTILE, settings={HOSTILE: HOSTILE}),),
        states=tuple(replace(state, parameter=HOSTILE) for state in found.optimizers[0].states),
    )
    report = replace(
        report,
        models=(
            replace(
                model,
                label=HOSTILE,
                layer_list=layers,
                savings=tuple(replace(s, worst=HOSTILE) for s in model.savings),
            ),
        ),
        checkpoint=_with_torch(report.checkpoint),
        training=replace(
            found,
            optimizers=(optimizer,),
            schedulers=tuple(replace(item, kind=HOSTILE, words=HOSTILE) for item in found.schedulers),
            metrics=tuple(replace(fact, name=HOSTILE + fact.name, value=HOSTILE) for fact in found.metrics),
            averages=tuple(
                replace(
                    item,
                    average=HOSTILE,
                    farthest=tuple(replace(far, name=HOSTILE) for far in item.farthest),
                )
                for item in found.averages
            ),
            scalers=tuple(replace(item, path=HOSTILE) for item in found.scalers),
        ),
    )
    shown = Page(render_html(report))
    assert not any(tag == "img" for tag, _ in shown.elements)
    assert not any(name.startswith("on") for _, attributes in shown.elements for name in attributes)
    links_resolve(shown)


def _with_torch(checkpoint: CheckpointFacts) -> CheckpointFacts:
    view = TorchView(weights_only=False, stops_at=HOSTILE, refuses_container=HOSTILE, version=HOSTILE)
    return replace(checkpoint, torch=view)


def test_a_measured_report_read_back_gives_the_same_page() -> None:
    report = measured_report()
    assert render_html(from_json(to_json(report))) == render_html(report)


def test_thousands_of_spectra_are_bounded_and_it_is_said() -> None:
    bare = named_report([f"blocks.{number}.linear" for number in range(3000)])
    model = bare.models[0]
    layers = tuple(replace(layer, spectrum=spectrum(4, 4)) for layer in model.layer_list)
    tensors = tuple(replace(record, precision=precision()) for record in bare.tensors)
    report: Report = msgspec.structs.replace(
        bare, models=(replace(model, layer_list=layers),), tensors=tensors
    )
    text = render_html(report)
    shown = _text(Page(text))
    assert "2,750 more spectra in the JSON." in shown
    assert "2,750 more layers in the JSON." in shown
    assert "The first 1500 of 3000 matrices" in shown
    assert len(text) < 4_500_000
