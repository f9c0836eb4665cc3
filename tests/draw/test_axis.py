"""Axes: round ticks, values in their place, no number that breaks them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pthreport.draw import axis

finite = st.floats(allow_nan=False, allow_infinity=False)


def test_ticks_are_round_and_labelled_with_the_decimals_they_need() -> None:
    scale = axis.linear(-0.21, 0.34)
    assert [scale.label(tick) for tick in scale.ticks] == ["−0.2", "0", "0.2"]


def test_a_zero_based_axis_ends_at_a_round_number() -> None:
    scale = axis.zero_based(0.173)
    assert scale.high == pytest.approx(0.2)
    assert scale.ticks[0] == 0


def test_a_logarithmic_axis_has_whole_decades() -> None:
    scale = axis.logarithmic([0.013, 0.9])
    assert scale.low == pytest.approx(0.01)
    assert scale.high == pytest.approx(1.0)
    assert [scale.label(tick) for tick in scale.ticks] == ["0.01", "0.1", "1"]
    assert scale.share(0.1) == pytest.approx(0.5)
    assert scale.share(0.0) == 0.0


@given(finite, finite)
def test_any_interval_has_an_axis(one: float, other: float) -> None:
    scale = axis.linear(min(one, other), max(one, other))
    for tick in scale.ticks:
        assert 0 <= scale.share(tick) <= 1
        assert scale.label(tick)
    assert scale.share(one) <= scale.share(other) or one > other
    assert len(scale.ticks) <= 14


@given(st.lists(finite, max_size=5))
def test_any_values_have_a_logarithmic_axis(values: list[float]) -> None:
    scale = axis.logarithmic(values)
    assert 0 < scale.low < scale.high < math.inf
    assert len(scale.ticks) <= 5
    for value in values:
        assert 0 <= scale.share(value) <= 1


@given(st.floats(min_value=0, allow_infinity=False))
def test_any_height_has_an_axis_from_zero(high: float) -> None:
    scale = axis.zero_based(high)
    assert scale.high >= high * (1 - 1e-9)
    assert 2 <= len(scale.ticks) <= 5
