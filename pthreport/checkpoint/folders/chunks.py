"""A tensor in pieces, read as if it were in one: chunks of one grid, or partitions of a
flat run. Nothing is assembled before it is asked for, and then only the part that is."""

import math
import sys
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pthreport.checkpoint.dtypes import Array, DType
from pthreport.checkpoint.errors import ReadError
from pthreport.checkpoint.geometry import contiguous_strides
from pthreport.checkpoint.storage import ByteOrder, Storage
from pthreport.checkpoint.tensor import Tensor
from pthreport.document.numbers import plural

MOST_COMPARED = 4_096
"""Chunks of one tensor that are compared each with each, where they lie in no single row."""

Box = list[tuple[int, int]]
"""From where to where in each dimension."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """`values` are at `offsets` of the whole tensor and have its number of dimensions."""

    offsets: tuple[int, ...]
    values: Tensor

    @property
    def sizes(self) -> tuple[int, ...]:
        """Elements in each dimension."""
        return self.values.shape


class AssembledChunks:
    """The bytes of a C-contiguous tensor of `shape`, native byte order, read out of its chunks."""

    __slots__ = ("_chunks", "_raw", "_shape", "length")

    def __init__(self, shape: tuple[int, ...], dtype: DType, chunks: Sequence[Chunk]) -> None:
        self._shape = shape
        self._raw = dtype.raw
        self._chunks = chunks
        self.length = math.prod(shape) * dtype.itemsize

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer`; raises `ReadError` where a chunk cannot be read."""
        size = self._raw.itemsize
        if start < 0 or start + len(buffer) > self.length:
            raise ReadError("the values end beyond the tensor's chunks")
        first, last = start // size, -(-(start + len(buffer)) // size)
        if first * size == start and last * size == start + len(buffer):
            self._fill(np.frombuffer(buffer, self._raw), first)
        else:
            whole = np.empty(last - first, self._raw)
            self._fill(whole, first)
            skip = start - first * size
            buffer[:] = whole.view(np.uint8).data[skip : skip + len(buffer)]

    def _fill(self, values: Array, first: int) -> None:
        at = 0
        for box in boxes(first, first + len(values), self._shape):
            sizes = [stop - start for start, stop in box]
            count = math.prod(sizes)
            target = values[at : at + count].reshape(sizes)
            for chunk in self._chunks:
                self._copy(chunk, box, target)
            at += count

    @staticmethod
    def _copy(chunk: Chunk, box: Box, target: Array) -> None:
        inner: list[slice] = []
        outer: list[slice] = []
        for (start, stop), offset, size in zip(box, chunk.offsets, chunk.sizes, strict=True):
            low, high = max(start, offset), min(stop, offset + size)
            if low >= high:
                return
            inner.append(slice(low - offset, high - offset))
            outer.append(slice(low - start, high - start))
        target[tuple(outer)] = part_of(chunk.values, inner)


def boxes(first: int, last: int, shape: Sequence[int]) -> Iterator[Box]:
    """The elements `first` to `last`, counted in C order of `shape`, as boxes that follow each other
    in that order: at most two a dimension."""
    if first >= last:
        return
    if not shape:
        yield []
        return
    inner = math.prod(shape[1:])
    row, end_row = first // inner, last // inner
    head, tail = first - row * inner, last - end_row * inner
    if row == end_row:
        for box in boxes(head, tail, shape[1:]):
            yield [(row, row + 1), *box]
        return
    if head:
        for box in boxes(head, inner, shape[1:]):
            yield [(row, row + 1), *box]
        row += 1
    if row < end_row:
        yield [(row, end_row), *((0, size) for size in shape[1:])]
    for box in boxes(0, tail, shape[1:]):
        yield [(end_row, end_row + 1), *box]


def part_of(values: Tensor, index: Sequence[slice]) -> Array:
    """A block of a tensor: read in one go where it is one run."""
    sizes = [one.stop - one.start for one in index]
    partial = [dim for dim, size in enumerate(sizes) if size != values.shape[dim]]
    cut = partial[-1] if partial else 0
    if values.contiguous and all(size == 1 for size in sizes[:cut]):
        strides = contiguous_strides(values.shape)
        start = sum(one.start * stride for one, stride in zip(index, strides, strict=True))
        return values.read(start, start + math.prod(sizes)).reshape(sizes)
    return values.slice(tuple(index))


def gaps(shape: tuple[int, ...], chunks: Sequence[Chunk]) -> str | None:
    """Why the chunks do not cover a tensor of `shape` exactly once, None where they do."""
    for chunk in chunks:
        if len(chunk.offsets) != len(shape) or len(chunk.sizes) != len(shape):
            return "a chunk has another number of dimensions than its tensor"
        if any(o < 0 or o + n > size for o, n, size in zip(chunk.offsets, chunk.sizes, shape, strict=True)):
            return "a chunk reaches beyond its tensor"
    filled = [chunk for chunk in chunks if 0 not in chunk.sizes]
    total, there = math.prod(shape), sum(math.prod(chunk.sizes) for chunk in filled)
    if there != total:
        return f"its chunks hold {there:,} of {plural(total, 'element')}"
    if _in_a_row(shape, filled):
        return None
    if len(filled) > MOST_COMPARED:
        return f"{len(filled):,} chunks in more than one dimension are too many to compare"
    low = np.array([chunk.offsets for chunk in filled]).reshape(len(filled), -1)
    high = low + np.array([chunk.sizes for chunk in filled]).reshape(len(filled), -1)
    for at in range(len(filled)):
        if np.any(np.all((low[at] < high[at + 1 :]) & (low[at + 1 :] < high[at]), axis=1)):
            return "two of its chunks overlap"
    return None


def _in_a_row(shape: tuple[int, ...], chunks: Sequence[Chunk]) -> bool:
    """Whether the chunks follow each other along one dimension and are whole in all others."""
    cut = {dim for chunk in chunks for dim, size in enumerate(chunk.sizes) if size != shape[dim]}
    if len(cut) > 1:
        return False
    if not cut:
        return len(chunks) <= 1
    dim = cut.pop()
    at = 0
    for offset, size in sorted((chunk.offsets[dim], chunk.sizes[dim]) for chunk in chunks):
        if offset != at:
            return False
        at += size
    return at == shape[dim]


def assemble_chunks(shape: tuple[int, ...], dtype: DType, chunks: Sequence[Chunk], key: Hashable) -> Tensor:
    """The tensor that the chunks make; where they make none, its storage says why."""
    storage = Storage(key, dtype, math.prod(shape), byte_order=_NATIVE)
    if chunks:
        storage.location = chunks[0].values.location
    other = next((one.values.dtype.name for one in chunks if one.values.dtype.name != dtype.name), None)
    unread = next((why for one in chunks if (why := one.values.check()) is not None), None)
    if other is not None:
        storage.problem = f"a chunk is of type {other}, its tensor of {dtype.name}"
    elif unread is not None:
        storage.problem = f"a chunk of it cannot be read: {unread}"
    else:
        storage.problem = gaps(shape, chunks)
    if storage.problem is None:
        storage.data = AssembledChunks(shape, dtype, [one for one in chunks if 0 not in one.sizes])
    return Tensor(shape, contiguous_strides(shape), 0, dtype, storage)


_NATIVE: ByteOrder = "big" if sys.byteorder == "big" else "little"
