"""Histograms, the strip and bars: well-formed, complete, and without anything the policy forbids."""

import re
from xml.etree import ElementTree

import pytest

from pthreport.document import Histogram
from pthreport.draw import bars, histogram, strip

HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def _parsed(drawn: str) -> ElementTree.Element:
    assert "style=" not in drawn
    return ElementTree.fromstring(drawn)


def _histogram(counts: tuple[int, ...], low: float = -1.0, high: float = 1.0) -> Histogram:
    return Histogram(low=low, high=high, counts=counts, log_low=-3.0, log_step=1.0, log_counts=(1, 0, 2))


def test_a_histogram_s_outline_has_the_heights_of_its_bins() -> None:
    drawn = histogram.small_histogram(_histogram((0, 5, 10, 0)), "alt")
    path = _parsed(drawn)[0].attrib["d"]
    assert path == "M0 100h1v-50h1v-50h1v100h1V100z"


def test_a_bin_with_one_value_beside_a_million_is_still_seen() -> None:
    path = _parsed(histogram.small_histogram(_histogram((1_000_000, 1)), "alt"))[0].attrib["d"]
    assert path == "M0 100v-100h1v99h1V100z"


def test_equal_bins_share_a_step() -> None:
    path = _parsed(histogram.small_histogram(_histogram((3,) * 64), "alt"))[0].attrib["d"]
    assert path == "M0 100v-100h64V100z"


@pytest.mark.parametrize("counts", [(), (0,), (0, 0, 0)])
def test_an_empty_histogram_is_a_line(counts: tuple[int, ...]) -> None:
    _parsed(histogram.small_histogram(_histogram(counts), "alt"))


def test_the_large_histogram_marks_zero_mean_and_quantiles() -> None:
    quantiles = {"0.05": -0.8, "0.25": -0.3, "0.5": 0.1, "0.75": 0.4, "0.95": 0.9}
    root = _parsed(histogram.linear_histogram(_histogram((1, 2, 3)), quantiles, 0.0, HOSTILE))
    classes = {element.get("class") for element in root.iter()}
    assert {"zero", "mean", "whisker", "box", "median", "tick"} <= classes
    assert root.get("aria-label") == HOSTILE
    box = next(element for element in root if element.get("class") == "box")
    assert box.attrib["x"] == "35%"
    assert box.attrib["width"] == "35%"


def test_the_logarithmic_histogram_says_powers_of_two() -> None:
    drawn = histogram.log_histogram(_histogram((1,)), "alt")
    assert drawn is not None
    assert "2⁻³" in drawn
    assert histogram.log_histogram(Histogram(low=0, high=1, counts=(1,)), "alt") is None


def _strip(count: int, mark: int | None = None) -> strip.Strip:
    columns = [
        strip.Column(
            note=f"layer {index} {HOSTILE}", href=f"#layer-{index}", mark="error" if index == mark else None
        )
        for index in range(count)
    ]
    values = tuple(0.01 * (index + 1) for index in range(count))
    rows = [
        strip.Row("Norm", values, "log"),
        strip.Row("Spread", (None, *values[1:]), "log"),
        strip.Row("Zeros", (0.0,) * count, "share", "none has any"),
    ]
    return strip.depth_strip(columns, rows, [strip.Group(HOSTILE, HOSTILE, 0, count)], "alt")


def test_every_layer_is_a_column_in_every_row_that_knows_it() -> None:
    root = _parsed(_strip(5).picture)
    caps = [element.attrib["d"] for element in root.iter() if element.get("class") == "cap weight"]
    assert [path.count("M") for path in caps] == [5, 4]
    assert any(element.text == "none has any" for element in root.iter())


def test_a_click_on_a_column_leads_to_its_layer_and_a_finding_is_marked() -> None:
    drawn = _strip(5, mark=3)
    links = [element.get("href") for element in _parsed(drawn.links)]
    assert links == [f"#layer-{index}" for index in range(5)]
    marks = [element for element in _parsed(drawn.picture).iter() if element.get("href") == "#i-error"]
    assert len(marks) == 1


def test_a_very_deep_model_keeps_only_the_marked_links() -> None:
    drawn = _strip(1400, mark=7)
    assert re.findall(r'href="#layer-(\d+)"', drawn.links) == ["7"]


def test_a_budget_s_segments_add_up() -> None:
    segments = [bars.Segment(size, "conv", HOSTILE, HOSTILE) for size in (60, 30, 10)]
    root = _parsed(bars.budget([segments], "alt"))
    widths = [float(rect.attrib["width"].rstrip("%")) for rect in root.iter("rect")]
    assert sum(widths) == pytest.approx(100)
    assert bars.budget([], "alt") == ""
    assert bars.budget([[bars.Segment(0, "conv", "", "")]], "alt") == ""


def test_dead_units_are_marked_on_the_base_line() -> None:
    root = _parsed(bars.unit_norms([1.0, 0.0, 2.0], "alt", dead=[1, 99]))
    assert root[0].attrib["d"] == "M0 100v-50h1v50h1v-100h1V100z"
    assert root[1].get("class") == "dead"
    assert root[1].attrib["d"].count("M") == 1


@pytest.mark.parametrize(("share", "width"), [(0.5, "50%"), (2.0, "100%"), (-1.0, "0%")])
def test_a_bar_is_as_long_as_its_share(share: float, width: str) -> None:
    assert _parsed(bars.share_bar(share))[0].attrib["width"] == width
