"""Numbers as a person writes them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pthreport.document import numbers


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0, "0"),
        (0.0123456, "0.0123"),
        (-0.5, "−0.500"),
        (1.0, "1"),
        (1234.56, "1,235"),
        (1.2e-5, "1.2e-5"),
        (-3.14159e-9, "−3.1e-9"),
        (2.5e7, "2.5e7"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
        (None, "–"),
        (0.99999, "1.00"),
        (999.7, "1,000"),
        (9.9999e-5, "1.0e-4"),
        (0.00123, "0.00123"),
        (0.000123, "1.2e-4"),
    ],
)
def test_values(number: float | None, written: str) -> None:
    assert numbers.value(number) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (9408, "9,408"),
        (10_000, "10.0 k"),
        (25_557_032, "25.6 M"),
        (999_999, "1.00 M"),
        (-12, "−12"),
    ],
)
def test_counts(number: int, written: str) -> None:
    assert numbers.count(number) == written


@pytest.mark.parametrize(
    ("nbytes", "written"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (97_690_000, "97.7 MB"),
        (999_600, "1.00 MB"),
        (None, "–"),
    ],
)
def test_sizes(nbytes: int | None, written: str) -> None:
    assert numbers.size(nbytes) == written


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.00001, "<0.1 %"),
        (0.99999, ">99.9 %"),
        (0.1736, "17.4 %"),
        (0.99951, ">99.9 %"),
        (14.0, "1,400 %"),
        (math.nan, "NaN"),
    ],
)
def test_percentages_never_round_something_to_nothing(share: float, written: str) -> None:
    assert numbers.percent(share) == written


def test_shapes_and_plurals() -> None:
    assert numbers.shape((64, 3, 7, 7)) == "64 × 3 × 7 × 7"
    assert numbers.shape(()) == "scalar"
    assert numbers.plural(1, "layer") == "1 layer"
    assert numbers.plural(1204, "entry", "entries") == "1,204 entries"


@pytest.mark.parametrize(
    ("ratio", "written"), [(14.2, "14 times"), (1.44, "1.4 times"), (1500.4, "1,500 times")]
)
def test_how_many_times(ratio: float, written: str) -> None:
    assert numbers.times(ratio) == written


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("−0.0123", ("−0", ".0123")),
        ("1.2e-5", ("1", ".2e-5")),
        ("12", ("12", "")),
        ("2e-5", ("2", "e-5")),
        ("NaN", ("NaN", "")),
    ],
)
def test_a_number_is_cut_at_its_point(text: str, parts: tuple[str, str]) -> None:
    assert numbers.at_point(text) == parts


@given(st.floats(min_value=-1e308, max_value=1e308) | st.sampled_from([math.nan, math.inf]))
def test_any_float_has_a_form_that_is_near_it(number: float) -> None:
    written = numbers.value(number)
    assert written
    if math.isfinite(number):
        back = float(written.replace("−", "-").replace(",", ""))
        assert back == pytest.approx(number, rel=0.051)
    assert "".join(numbers.at_point(written)) == written


@given(st.integers(min_value=-(10**20), max_value=10**20))
def test_any_count_is_within_its_figures(number: int) -> None:
    words = numbers.count(number).replace("−", "-").replace(",", "").split(" ")
    scale = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}[words[1] if len(words) > 1 else ""]
    assert float(words[0]) * 10**scale == pytest.approx(number, rel=0.0051)


@given(st.floats(allow_nan=False) | st.integers())
def test_the_exact_form_reads_back(number: float) -> None:
    assert type(number)(numbers.exact(number)) == number
