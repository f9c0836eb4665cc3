"""Which layers of many get the cards."""

from dataclasses import replace as bounded

from msgspec.structs import replace

from pthreport.render.page.bounds import PAGE
from pthreport.render.page.choose import by_interest, choose
from pthreport.render.page.index import index
from tests.render.parts import finding
from tests.render.reports import named_report


def test_what_is_wrong_with_its_numbers_comes_before_how_a_layer_was_saved() -> None:
    report = named_report([f"block.{at}" for at in range(9)])
    paths = [tensor.path for tensor in report.tensors]
    report = replace(
        report,
        findings=(
            finding("device-bound", "On a device", "warn", "warning", paths, category="hygiene"),
            finding("dead-units", "Units are dead", "info", "info", paths[7:8], category="training"),
        ),
    )
    looked_up = index(report)
    layers = [((model.key, layer.name), layer) for model in report.models for layer in model.layer_list]
    assert by_interest(layers, looked_up)[0][1].name == "block.7"
    cards = choose(report, looked_up, bounded(PAGE, cards=1)).cards
    assert [name for _, name in cards] == ["block.7"]


def test_a_row_is_marked_by_what_tells_its_layer_from_others() -> None:
    report = named_report([f"block.{at}" for at in range(9)])
    paths = [tensor.path for tensor in report.tensors]
    everywhere = finding("device-bound", "On a device", "warn", "warning", paths, category="hygiene")
    somewhere = finding("odd-strides", "Odd strides", "warn", "warning", paths[:3], category="hygiene")
    looked_up = index(replace(report, findings=(everywhere, somewhere)))
    keys = list(looked_up.layer_anchors)
    assert looked_up.findings_at[keys[0]] == (0, 1)
    assert looked_up.telling(keys[0]) == (1,)
    assert looked_up.telling(keys[8]) == ()
