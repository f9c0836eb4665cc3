"""Tensors in pieces: any run of a tensor's bytes out of any chunks."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pthreport.checkpoint import DTYPES, ReadError, Storage, Tensor
from pthreport.checkpoint.folders.chunks import Chunk, assemble_chunks, boxes, gaps
from pthreport.checkpoint.geometry import contiguous_strides
from pthreport.checkpoint.source import Held

FLOAT = DTYPES["float32"]


def held(values: np.ndarray, transposed: bool = False) -> Tensor:
    """A tensor over bytes at hand, its storage in the order of its dimensions or reversed."""
    dtype = DTYPES[values.dtype.name]
    strides = contiguous_strides(values.shape)
    if transposed:
        strides = tuple(reversed(contiguous_strides(values.shape[::-1])))
    stored = values.T if transposed else values
    data = Held(np.ascontiguousarray(stored).tobytes())
    return Tensor(values.shape, strides, 0, dtype, Storage("s", dtype, values.size, None, data))


@st.composite
def grids(draw: st.DrawFn) -> tuple[np.ndarray, list[Chunk]]:
    """An array and a grid of chunks of it, in any order, some of them column-major."""
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    whole = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    cuts = []
    for size in shape:
        at = sorted(draw(st.sets(st.integers(1, size), max_size=3)) | {0, size})
        cuts.append(list(pairwise(at)))
    chunks = [
        Chunk(
            tuple(low for low, _ in box),
            held(whole[tuple(slice(low, high) for low, high in box)], draw(st.booleans())),
        )
        for box in product(*cuts)
    ]
    return whole, draw(st.permutations(chunks))


@given(grids(), st.data())
@settings(max_examples=150, deadline=None)
def test_any_run_of_any_grid(grid: tuple[np.ndarray, list[Chunk]], data: st.DataObject) -> None:
    whole, chunks = grid
    made = assemble_chunks(whole.shape, FLOAT, chunks, "k")
    assert made.check() is None
    start = data.draw(st.integers(0, whole.size))
    stop = data.draw(st.integers(start, whole.size))
    assert made.read(start, stop).tolist() == whole.reshape(-1)[start:stop].tolist()
    assert np.array_equal(made.numpy(), whole)
    index = tuple(data.draw(st.integers(0, size - 1)) for size in whole.shape)
    assert made.slice(index).item() == whole[index]


@given(st.lists(st.integers(1, 5), max_size=4), st.data())
def test_boxes_follow_each_other(shape: list[int], data: st.DataObject) -> None:
    numbers = np.arange(math.prod(shape)).reshape(shape)
    first = data.draw(st.integers(0, numbers.size))
    last = data.draw(st.integers(first, numbers.size))
    found = list(boxes(first, last, shape))
    assert len(found) <= max(1, 2 * len(shape) - 1)
    together = [
        number
        for box in found
        for number in numbers[tuple(slice(low, high) for low, high in box)].reshape(-1)
    ]
    assert together == list(range(first, last))


def test_bytes_from_inside_an_element() -> None:
    whole = np.arange(6, dtype=np.float32)
    made = assemble_chunks((6,), FLOAT, [Chunk((0,), held(whole[:2])), Chunk((2,), held(whole[2:]))], "k")
    assert made.storage is not None
    assert made.storage.data is not None
    buffer = bytearray(9)
    made.storage.data.read_into(memoryview(buffer), 3)
    assert bytes(buffer) == whole.tobytes()[3:12]
    with pytest.raises(ReadError):
        made.storage.data.read_into(memoryview(bytearray(5)), 20)


def ones(*shape: int) -> Tensor:
    return held(np.ones(shape, np.float32))


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ([Chunk((0, 0), ones(2, 4))], "hold 8 of 16 elements"),
        ([Chunk((0, 0), ones(2, 4)), Chunk((1, 0), ones(2, 4))], "overlap"),
        ([Chunk((0, 0), ones(2, 4)), Chunk((3, 0), ones(2, 4))], "reaches beyond"),
        ([Chunk((0,), ones(16))], "another number of dimensions"),
        ([Chunk((0, 0), ones(2, 4)), Chunk((0, 0), ones(4, 2))], "overlap"),
        ([Chunk((0, 0), ones(4, 4)), Chunk((0, 0), ones(4, 4))], "hold 32 of 16"),
        ([Chunk((0, 0), ones(2, 2))] * 4, "overlap"),
        ([Chunk((0, 0), ones(0, 4)), Chunk((0, 0), ones(4, 4))], None),
        ([Chunk((0, 0), ones(4, 4))], None),
    ],
)
def test_chunks_that_do_not_cover(chunks: list[Chunk], words: str | None) -> None:
    found = gaps((4, 4), chunks)
    assert found is None if words is None else words in (found or "")
    made = assemble_chunks((4, 4), FLOAT, chunks, "k")
    assert made.check() == found


def test_chunks_of_another_type_or_unreadable() -> None:
    assert "of type int32" in (
        assemble_chunks((2,), FLOAT, [Chunk((0,), held(np.ones(2, np.int32)))], "k").check() or ""
    )
    broken = ones(2)
    assert broken.storage is not None
    broken.storage.data = Held(b"1234")
    assert "cut short" in (assemble_chunks((2,), FLOAT, [Chunk((0,), broken)], "k").check() or "")
