"""Where a view's elements are in its storage: sizes, strides and an offset, all in elements."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pthreport.checkpoint.dtypes import Array, DType
from pthreport.checkpoint.storage import Storage

LARGEST = 2**63 - 1
"""torch and numpy count elements and bytes in signed 64-bit integers."""

GATHER_BLOCK = 65_536
"""Elements gathered at a time."""

JOIN_GAP = 512
"""Bytes between two wanted elements up to which they are read in one go."""


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of a C-contiguous tensor, as torch counts them (a size of 0 counts as 1)."""
    strides: list[int] = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def addressable(shape: Sequence[int], itemsize: int) -> bool:
    """Whether torch could count the bytes of such a tensor."""
    count = itemsize
    for size in shape:
        count *= max(size, 1)
        if count > LARGEST:
            return False
    return True


def is_contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the elements are in C order without gaps; sizes of 1 and empty tensors do not count."""
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size == 0:
            return True
        if size != 1:
            if stride != step:
                return False
            step *= size
    return 0 not in shape


def storage_order(shape: Sequence[int], strides: Sequence[int]) -> tuple[int, ...] | None:
    """The dimensions, slowest first, in which a dense view runs through its storage without gaps or
    overlaps; None where it does not."""
    dims = range(len(shape))
    if is_contiguous(shape, strides) or 0 in shape:
        return tuple(dims)
    order = sorted(dims, key=lambda dim: (shape[dim] != 1, -strides[dim]))
    inner = [dim for dim in order if shape[dim] != 1]
    if is_contiguous([shape[dim] for dim in inner], [strides[dim] for dim in inner]):
        return tuple(order)
    return None


def span(shape: Sequence[int], strides: Sequence[int]) -> int:
    """Elements of the storage from the view's first to its last one, both included."""
    if 0 in shape:
        return 0
    return 1 + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def positions(
    start: int, stop: int, shape: Sequence[int], strides: Sequence[int], offset: int
) -> NDArray[np.int64]:
    """Storage positions of the elements `start` to `stop`, counted in C order of `shape`."""
    rest = np.arange(start, stop, dtype=np.int64)
    found = np.full(stop - start, offset, dtype=np.int64)
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        rest, index = np.divmod(rest, size)
        found += index * stride
    return found


def gather(storage: Storage, dtype: DType, wanted: NDArray[np.int64]) -> Array:
    """The elements at the storage positions `wanted` (1-D): read in runs, never what lies between
    two that are far apart."""
    values = np.empty(len(wanted), dtype.raw)
    for start in range(0, len(wanted), GATHER_BLOCK):
        block = wanted[start : start + GATHER_BLOCK]
        values[start : start + len(block)] = _gather_block(storage, dtype, block)
    return values


def _gather_block(storage: Storage, dtype: DType, wanted: NDArray[np.int64]) -> Array:
    first, last = int(wanted.min()), int(wanted.max())
    if last - first < 4 * len(wanted) + JOIN_GAP:
        return storage.elements(first, last - first + 1, dtype)[wanted - first]
    distinct, back = np.unique(wanted, return_inverse=True)
    cuts = np.flatnonzero(np.diff(distinct) > max(1, JOIN_GAP // dtype.itemsize)) + 1
    found = np.empty(len(distinct), dtype.raw)
    for begin, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(distinct)], strict=True):
        run = distinct[begin:end]
        base = int(run[0])
        found[begin:end] = storage.elements(base, int(run[-1]) - base + 1, dtype)[run - base]
    return found[back]
