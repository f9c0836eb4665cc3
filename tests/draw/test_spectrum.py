"""The spectrum's picture: bins, noise and law where they belong, whatever the figures."""

import itertools
import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pthreport.document.spectrum import RandomBaseline, SpectrumPoints
from pthreport.draw import spectrum
from pthreport.draw.histogram import UNITS


def _noise(low: float, high: float) -> RandomBaseline:
    return RandomBaseline(
        low=low, high=high, low_margin=low, high_margin=high, above=0, below=0, outside=0.0
    )


def _points(counts: tuple[int, ...], low: float = -2.0, high: float = 2.0) -> SpectrumPoints:
    return SpectrumPoints(ranks=(0,), values=(1.0,), log_low=low, log_high=high, counts=counts)


def _of_class(drawn: str, name: str) -> list[ElementTree.Element]:
    return [item for item in ElementTree.fromstring(drawn).iter() if item.get("class") == name]


def test_the_hill_of_noise_holds_all_eigenvalues() -> None:
    noise = _noise(0.5, 2.0)
    width = 0.01
    hill = spectrum._hill(noise, 1000, width)
    # The mean over equal steps of log10 x, times the number of bins, is the number of eigenvalues.
    total = 0.0
    for (x, y), (after, higher) in itertools.pairwise(hill):
        total += (after - x) * (y + higher) / 2 / width
    assert total == pytest.approx(1000, rel=0.02)
    assert 10 ** hill[0][0] == pytest.approx(0.25)
    assert 10 ** hill[-1][0] == pytest.approx(4.0)


def test_the_law_is_a_straight_line_of_its_slope_on_logarithmic_axes() -> None:
    first, last = spectrum._line(spectrum.PowerLaw(3.0, 0.1, 500), 0.05, 2.0)
    slope = (math.log10(last[1]) - math.log10(first[1])) / (last[0] - first[0])
    assert slope == pytest.approx(-2.0)
    assert first[0] == pytest.approx(-1.0)
    # The share of a tail in its first bin, from the distribution itself.
    share = 1 - 10 ** (-0.05 * 2.0)
    assert first[1] == pytest.approx(500 * share, rel=0.15)


def test_bins_band_line_and_labels_are_drawn() -> None:
    drawn = spectrum.density(
        _points(tuple(range(48))), 1128, _noise(0.2, 3.0), spectrum.PowerLaw(2.5, 1.0, 100), "words & more"
    )
    root = ElementTree.fromstring(drawn)
    assert root.get("aria-label") == "words & more"
    assert (
        len(_of_class(drawn, "band")) == len(_of_class(drawn, "noise")) == len(_of_class(drawn, "fit")) == 1
    )
    words = [item.text for item in root.iter("text")]
    assert "random" in words
    assert "α 2.50" in words
    assert {"1", "10"} <= set(words)
    assert len(drawn) < 3500


def test_few_values_stand_in_wide_bins() -> None:
    assert len(spectrum._merged((1,) * 48, 16)) == 8
    assert sum(spectrum._merged((1,) * 48, 16)) == 48
    assert len(spectrum._merged((1,) * 48, 4096)) == 48
    assert spectrum._merged((7,), 7) == [7]


@given(
    counts=st.lists(st.integers(0, 10**6), min_size=1, max_size=48),
    low=st.floats(-600, 600),
    span=st.floats(0, 12),
    edges=st.tuples(st.floats(0, 1e150), st.floats(0, 1e150)),
    alpha=st.floats(1.0001, 100),
    xmin=st.floats(1e-300, 1e300),
    tail=st.integers(1, 10**6),
)
def test_any_figures_give_a_bounded_picture_in_whole_coordinates(
    counts: list[int],
    low: float,
    span: float,
    edges: tuple[float, float],
    alpha: float,
    xmin: float,
    tail: int,
) -> None:
    drawn = spectrum.density(
        _points(tuple(counts), low, low + span),
        sum(counts),
        _noise(min(edges), max(edges)),
        spectrum.PowerLaw(alpha, xmin, tail),
        "any",
    )
    ElementTree.fromstring(drawn)
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert len(drawn) < 5000
    for path in re.findall(r'd="([^"]*)"', drawn):
        assert "." not in path
    for item in _of_class(drawn, "band"):
        assert 0 <= float((item.get("width") or "").rstrip("%")) <= 100


def test_without_noise_and_law_the_bins_stand_alone() -> None:
    drawn = spectrum.density(_points((5, 0, 5)), 10, None, None, "bins")
    assert 'class="band"' not in drawn
    assert 'class="fit"' not in drawn
    assert f'viewBox="0 0 3 {UNITS}"' in drawn
