"""Norms, dead and duplicate units, in every order of storage."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pthreport.document import Units
from pthreport.document.definitions import DUPLICATE
from pthreport.measure import Task, measure_one
from pthreport.measure.duplicates import ALL_PAIRS, product
from tests.measure.arrays import tensor

Single = NDArray[np.float32]


def units(array: Single, axis: int = 0, groups: int = 1, depthwise: bool = False) -> Units:
    found = measure_one(Task(tensor(array), unit_axis=axis, groups=groups, depthwise=depthwise))
    assert found.units is not None
    return found.units


def normal(*shape: int, seed: int = 0) -> Single:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def stored(array: Single, order: tuple[int, ...]) -> Single:
    """The same array, its values in memory in the order of the dims given."""
    back = sorted(range(len(order)), key=order.__getitem__)
    return np.ascontiguousarray(array.transpose(order)).transpose(back)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (0, 2, 3, 1), (1, 0, 2, 3)])
@pytest.mark.parametrize("shape", [(40, 30, 3, 3), (200, 200, 3, 3)])
def test_norms_whatever_the_order_of_storage(order: tuple[int, ...], shape: tuple[int, ...]) -> None:
    array = normal(*shape)
    array[3] = 0
    array[5] *= 1e-4
    array[9] = -2 * array[8]
    found = units(stored(array, order))
    expected = np.sqrt((array.astype(np.float64) ** 2).reshape(shape[0], -1).sum(axis=1))
    assert found.count == shape[0]
    assert np.asarray(found.norms) == pytest.approx(expected, rel=1e-6)
    assert found.norm_median == pytest.approx(np.median(expected))
    assert (found.dead, found.dead_units) == (2, (3, 5))
    assert found.duplicate_pairs == 1
    assert (found.duplicates[0].first, found.duplicates[0].second) == (8, 9)
    assert found.duplicates[0].cosine == pytest.approx(-1)
    assert found.duplicates_searched == shape[0]


def test_transposed_convolutions_count_units_by_group() -> None:
    array = normal(8, 2, 3, 3)
    found = units(array, axis=1, groups=2)
    expected = [np.linalg.norm(array[g * 4 : g * 4 + 4, j]) for g in range(2) for j in range(2)]
    assert found.count == 4
    assert np.asarray(found.norms) == pytest.approx(np.asarray(expected), rel=1e-6)


def brute(array: Single) -> set[tuple[int, int]]:
    wide = array.reshape(array.shape[0], -1).astype(np.float64)
    wide -= wide.mean(axis=1, keepdims=True)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    wide = np.divide(wide, length, where=length > 0, out=np.zeros_like(wide))
    i, j = np.nonzero(np.triu(np.abs(wide @ wide.T), 1) > DUPLICATE)
    return set(zip(i.tolist(), j.tolist(), strict=True))


@pytest.mark.parametrize("places", [10, 40, 700])
def test_duplicates_are_those_of_all_pairs(places: int) -> None:
    r = np.random.default_rng(places)
    array = normal(300, places, seed=places) + 3
    for copy in range(20):
        noise = r.standard_normal(places) * r.uniform(0.02, 0.2)
        array[copy + 100] = (array[copy] + noise) * r.choice([-2.0, 0.5])
    found = units(array)
    expected = brute(array)
    assert 3 < len(expected) < 21
    assert {(pair.first, pair.second) for pair in found.duplicates} == expected
    assert found.duplicate_pairs == len(expected)
    for pair in found.duplicates:
        a, b = array[pair.first].astype(float), array[pair.second].astype(float)
        assert pair.cosine == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-6)


def test_more_units_than_pairs_are_looked_at() -> None:
    array = normal(ALL_PAIRS + 900, 48)
    array[4500] = array[17]
    array[4800] = -3 * array[4000]
    found = units(array)
    assert {(pair.first, pair.second) for pair in found.duplicates} == {(17, 4500), (4000, 4800)}


def test_where_no_duplicates_are_looked_for() -> None:
    assert units(np.ones((20, 9), np.float32)).duplicates_searched is None
    assert units(normal(20, 1, 5, 5), depthwise=True).duplicates_searched is None
    assert units(np.ones((20, 50), np.float32)).duplicate_pairs == 0


def test_many_alike_stay_bounded_and_say_so() -> None:
    array = np.tile(normal(1, 400), (2000, 1))
    found = units(array)
    assert found.duplicates_searched is not None
    assert found.duplicates_searched < 2000
    assert found.duplicate_pairs == found.duplicates_searched * (found.duplicates_searched - 1) // 2
    assert len(found.duplicates) == 32


def test_nonfinite_values_do_not_kill_a_unit() -> None:
    array = normal(12, 30)
    array[2, 3] = np.nan
    array[4] = np.nan
    array[6, :2] = np.inf
    found = units(array)
    clean = np.where(np.isfinite(array), array, 0).astype(np.float64)
    assert np.asarray(found.norms) == pytest.approx(np.linalg.norm(clean, axis=1), rel=1e-6)
    assert found.dead == 0


def test_tiled_product_is_the_product() -> None:
    a, b = normal(130, 70).astype(np.float64), normal(65, 70, seed=1).astype(np.float64)
    assert np.allclose(product(a, b), a @ b.T)
