"""Excerpts read back to the same numbers, and say where they are from."""

import numpy as np
import pytest

from pthreport.checkpoint.dtypes import DTYPES
from pthreport.document import Excerpt
from pthreport.measure import Task, measure_one, value_texts
from pthreport.measure.source import Array
from tests.measure.arrays import tensor


def corner(array: Array, dtype: str | None = None, size: tuple[int, int] = (6, 8)) -> Excerpt:
    found = measure_one(Task(tensor(array, dtype), excerpt=size)).excerpt
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("shape", "index", "rows", "cut"),
    [
        ((), "[()]", 1, False),
        ((1,), "[0:1]", 1, False),
        ((64,), "[0:48]", 6, True),
        ((5,), "[0:5]", 1, False),
        ((4, 3), "[0:4, 0:3]", 4, False),
        ((64, 3, 7, 7), "[0, 0, 0:6, 0:7]", 6, True),
        ((64, 32, 1, 1), "[0:6, 0:8, 0, 0]", 6, True),
        ((1, 1, 1), "[0, 0, 0:1]", 1, False),
        ((0, 4), "[0:0, 0:4]", 0, False),
    ],
)
def test_where_it_is_from(shape: tuple[int, ...], index: str, rows: int, cut: bool) -> None:
    array = np.random.default_rng(0).standard_normal(shape).astype(np.float32).reshape(shape)
    found = corner(array)
    assert (found.index, len(found.rows), found.cut) == (index, rows, cut)
    picked = eval(f"array{index}", {"array": array})
    texts = [text for row in found.rows for text in row]
    assert [np.float32(text) for text in texts] == np.asarray(picked).reshape(-1).tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8])
def test_texts_read_back_to_the_same_bits(dtype: type[np.generic]) -> None:
    bits = np.random.default_rng(1).integers(0, 256, 48 * np.dtype(dtype).itemsize, np.uint8)
    array = bits.view(dtype).reshape(6, 8)
    texts = [text for row in corner(array).rows for text in row]
    back = np.asarray([np.dtype(dtype).type(text) for text in texts]).reshape(6, 8)
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


def test_texts_are_the_shortest_of_their_type() -> None:
    assert value_texts(np.asarray([0.1, 1e-8, np.nan, np.inf], np.float32), DTYPES["float32"]) == [
        "0.1",
        "1e-08",
        "nan",
        "inf",
    ]
    assert value_texts(np.asarray([0.1], np.float16), DTYPES["float16"]) == ["0.1"]
    assert value_texts(np.asarray([0x3DCD], np.uint16), DTYPES["bfloat16"]) == ["0.100097656"]
    assert value_texts(np.asarray([0, 3], np.uint8), DTYPES["bool"]) == ["False", "True"]
    assert value_texts(np.asarray([1 + 2j], np.complex64), DTYPES["complex64"]) == ["(1+2j)"]
    assert value_texts(np.asarray([2**63], np.uint64), DTYPES["uint64"]) == ["9223372036854775808"]


def test_a_larger_corner_can_be_asked_for() -> None:
    found = corner(np.arange(10_000, dtype=np.int32).reshape(100, 100), size=(20, 12))
    assert (len(found.rows), len(found.rows[0]), found.index) == (20, 12, "[0:20, 0:12]")
