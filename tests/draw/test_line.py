"""Line charts: every point where its value is, gaps where there is none, bounded."""

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pthreport.draw import line


def _paths(drawn: str) -> list[str]:
    return [
        item.get("d") or ""
        for item in ElementTree.fromstring(drawn).iter()
        if (item.get("class") or "").startswith("curve")
    ]


def _words(drawn: str) -> list[str]:
    return [item.text or "" for item in ElementTree.fromstring(drawn).iter("text")]


def test_a_straight_line_runs_from_corner_to_corner() -> None:
    drawn = line.line_chart([line.Line((0.0, 1.0, 2.0), (0.0, 5.0, 10.0))], "rising", scale="zero")
    assert _paths(drawn) == ["M0 200l0 0 500 -100 500 -100"]
    assert {"0", "1", "2", "5", "10"} <= set(_words(drawn))


def test_what_is_not_finite_leaves_a_gap() -> None:
    drawn = line.line_chart([line.Line((1.0, 2.0, 3.0, 4.0), (1.0, math.nan, 2.0, math.inf))], "gap")
    (path,) = _paths(drawn)
    assert path.count("M") == 2
    assert "nan" not in drawn


def test_a_logarithmic_axis_gives_each_decade_the_same_height() -> None:
    drawn = line.line_chart([line.Line((0.0, 1.0, 2.0), (1.0, 0.1, 0.01))], "log", scale="log")
    steps = re.findall(r" (\d+) (-?\d+)", _paths(drawn)[0])
    assert abs(int(steps[-2][1]) - int(steps[-1][1])) <= 1


def test_the_present_place_is_marked_and_said() -> None:
    curve = line.Line((0.0, 10.0), (1.0, 0.0))
    drawn = line.line_chart([curve], "curve", line.Mark(5.0, 0.5, "saved here"), scale="zero")
    root = ElementTree.fromstring(drawn)
    (dot,) = root.iter("circle")
    assert dot.get("cx") == "50%"
    assert float(dot.get("cy") or 0) == pytest.approx(line.HEIGHT / 2)
    assert "saved here" in _words(drawn)


def test_words_at_the_ends_do_not_overlap_and_are_escaped() -> None:
    same = (1.0, 2.0)
    lines = [line.Line((0.0, 1.0), same, word) for word in ("train", "<b>", "test")]
    drawn = line.line_chart(lines, "three")
    heights = [
        float(item.get("y") or 0)
        for item in ElementTree.fromstring(drawn).iter("text")
        if (item.get("class") or "").startswith("word")
    ]
    assert len(heights) == 3
    assert min(b - a for a, b in zip(sorted(heights), sorted(heights)[1:], strict=False)) >= 12
    assert "<b>" not in drawn


def test_a_long_series_is_thinned_and_keeps_its_peaks() -> None:
    values = [0.0] * 100_000
    values[54_321] = 7.0
    drawn = line.line_chart([line.Line(tuple(map(float, range(100_000))), values)], "long", scale="zero")
    assert len(drawn) < 8000
    # The peak is drawn: the line goes up by 7 of the axis's 10 and comes down again.
    assert re.search(r" \d+ -\d{2,} ", _paths(drawn)[0])


@given(
    values=st.lists(st.floats(), min_size=1, max_size=40),
    scale=st.sampled_from(["zero", "around", "log"]),
)
def test_any_numbers_can_be_drawn(values: list[float], scale: str) -> None:
    xs = tuple(float(at) for at in range(len(values)))
    drawn = line.line_chart([line.Line(xs, values, "word")], "any", scale=scale)  # type: ignore[arg-type]
    ElementTree.fromstring(drawn)
    for path in _paths(drawn):
        assert not re.search(r"nan|inf|\.", path)
