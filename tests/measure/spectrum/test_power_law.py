"""The power law against the plain search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pthreport.measure.source import Float64
from pthreport.measure.spectrum.power_law import fit_power_law
from tests.measure.spectrum.reference import power_law


def compare(values: Float64) -> None:
    ours, plain = fit_power_law(values), power_law(values.tolist())
    assert (ours is None) == (plain is None)
    if ours is not None and plain is not None:
        assert (ours.alpha, ours.xmin, ours.ks) == pytest.approx(plain[:3], rel=1e-9)
        assert ours.tail == plain[3]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("law", ["pareto", "gauss", "lognormal", "uniform"])
def test_same_as_plain_search(law: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = {
        "pareto": random.pareto(1.5, 300) + 1,
        "gauss": np.linalg.svd(random.standard_normal((150, 200)), compute_uv=False) ** 2,
        "lognormal": random.lognormal(0, 2, 300),
        "uniform": random.uniform(0, 1, 300),
    }[law]
    compare(np.asarray(values, np.float64))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(1e-7, 1e7), max_size=40, unique=True), st.integers(1, 3))
def test_any_values(values: list[float], copies: int) -> None:
    distinct = np.unique(np.array(values).astype(np.float32)).astype(np.float64)
    # Values that differ in the last digits only leave the choice of xmin to rounding.
    if distinct.size > 1 and np.diff(np.log(distinct)).min() < 1e-3:
        return
    fit = fit_power_law(np.repeat(distinct, copies))
    plain = power_law(np.repeat(distinct, copies).tolist())
    assert (fit is None) == (plain is None)
    if fit is not None and plain is not None:
        assert fit.ks == pytest.approx(plain[2], rel=1e-9)


def test_recovers_the_exponent() -> None:
    random = np.random.default_rng(7)
    fit = fit_power_law((1 - random.uniform(size=20_000)) ** (-1 / 1.5))
    assert fit is not None
    assert fit.told
    assert abs(fit.alpha - 2.5) < 4 * fit.stderr


def test_nothing_where_there_is_no_tail() -> None:
    assert fit_power_law(np.empty(0)) is None
    assert fit_power_law(np.array([3.0])) is None
    assert fit_power_law(np.full(50, 2.0)) is None
    assert fit_power_law(np.full(50, 1e-6)) is None
    short = fit_power_law(np.arange(1.0, 8.0))
    assert short is not None
    assert not short.told


def test_the_bounds_lose_nothing_on_a_long_one() -> None:
    random = np.random.default_rng(3)
    values = np.sort(np.linalg.svd(random.standard_normal((700, 900)), compute_uv=False) ** 2)
    logs = np.log(values)
    best = (np.inf, -1)
    for at in range(values.size - 1):
        n = values.size - at
        slope = n / (logs[at:].sum() - n * logs[at])
        distance = np.abs(1 - (values[at:] / values[at]) ** -slope - np.arange(n) / n).max()
        best = min(best, (distance, at))
    fit = fit_power_law(values)
    assert fit is not None
    assert fit.xmin == values[best[1]]
    assert fit.ks == pytest.approx(best[0], rel=1e-9)
