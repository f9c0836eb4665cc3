"""What files hold when they are broken, hostile or merely odd: measured whatever is asked of them."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from pthreport.measure import PictureKind, Task, measure_one
from pthreport.measure.source import Array
from tests.measure.arrays import tensor

R = np.random.default_rng(0)
LARGEST = float(np.finfo(np.float32).max)

ODD: dict[str, Callable[[], Array]] = {
    "no values, a giant dim": lambda: np.zeros((2**40, 0), np.float32),
    "no input channel": lambda: np.ones((3, 0, 3, 3), np.float32),
    "sixty dims": lambda: np.zeros((1,) * 60, np.float32),
    "six dims": lambda: R.standard_normal((2, 3, 4, 5, 6, 7), np.float32),
    "one unit": lambda: R.standard_normal((1, 1, 7, 7), np.float32),
    "large kernels": lambda: R.standard_normal((4, 3, 140, 140), np.float32),
    "all NaN": lambda: np.full((30, 3, 5, 5), np.nan, np.float32),
    "all infinite": lambda: np.full((30, 40), -np.inf, np.float32),
    "minus zero": lambda: -np.zeros((100, 300), np.float32),
    "zeros and subnormals": lambda: np.repeat(np.asarray([[0], [1e-45]], np.float32), 20_000, axis=1),
    "float32's largest": lambda: np.tile(np.asarray([LARGEST, -LARGEST], np.float32), (9000, 1)),
    "beyond float32": lambda: R.standard_normal((300, 40)) * 1e300,
    "below float32": lambda: R.standard_normal((300, 40)) * 1e-310,
    "float64's largest": lambda: np.full((200, 200), 1.7e308),
    "wide integers": lambda: R.integers(-(2**63), 2**63 - 1, (200, 100)),
    "unsigned integers": lambda: R.integers(0, 2**64 - 1, (200, 100), np.uint64),
    "imaginary": lambda: (R.standard_normal((50, 50)) * 1j).astype(np.complex64),
    "infinite magnitude": lambda: np.full((10, 10), 1.7e308 + 1.7e308j),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tensors_are_measured_whatever_is_asked(name: str) -> None:
    array = ODD[name]()
    kinds: tuple[PictureKind | None, ...] = ("rgb", "tiles", "matrix", None)
    for axis, kind, groups in product((0, 1, None), kinds, (1, 2)):
        found = measure_one(Task(tensor(array), unit_axis=axis, picture=kind, groups=groups))
        assert found.status == "complete"
        statistics, histogram = found.statistics, found.histogram
        assert statistics is not None
        assert statistics.count + statistics.nan + statistics.posinf + statistics.neginf == array.size
        if statistics.count:
            assert histogram is not None
            assert sum(histogram.counts) == statistics.count
            assert sum(histogram.log_counts) + statistics.zeros == statistics.count
            assert statistics.min is not None
            assert statistics.max is not None
            values = list(statistics.quantiles.values())
            assert values == sorted(values)
            assert statistics.min <= values[0]
            assert values[-1] <= statistics.max
