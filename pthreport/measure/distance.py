"""Several tensors of one shape read side by side, block by block, in float64."""

from collections.abc import Iterator, Sequence
from math import inf, sqrt

import numpy as np

from pthreport.measure.blocks import BLOCK
from pthreport.measure.source import Array, Float64, Source


def blocks(tensors: Sequence[Source]) -> Iterator[tuple[Float64, ...]]:
    """`raw_blocks` of real floats, in float64."""
    for raw in raw_blocks(tensors):
        yield tuple(_wide(tensor, one) for tensor, one in zip(tensors, raw, strict=True))


def raw_blocks(tensors: Sequence[Source]) -> Iterator[tuple[Array, ...]]:
    """The values of `tensors`, which have one shape, element beside element: a tuple of arrays of shape
    (n,) as they stand in the file, at most about 128 Ki elements, in fixed cuts. Raises `ReadError`."""
    first = tensors[0]
    if all(tensor.order == first.order for tensor in tensors) or len(first.shape) == 0:
        for start in range(0, first.numel, BLOCK):
            stop = min(start + BLOCK, first.numel)
            yield tuple(tensor.read(start, stop) for tensor in tensors)
        return
    inner = max(1, first.numel // max(1, first.shape[0]))
    rows = max(1, BLOCK // inner)
    for begin in range(0, first.shape[0], rows):
        index = (slice(begin, min(begin + rows, first.shape[0])), *([slice(None)] * (len(first.shape) - 1)))
        yield tuple(tensor.slice(index).reshape(-1) for tensor in tensors)


def comparable(tensors: Sequence[Source]) -> bool:
    """Whether `blocks` can read them."""
    return all(
        tensor.shape == tensors[0].shape
        and tensor.dtype.kind == "float"
        and tensor.quantization is None
        and tensor.problem is None
        for tensor in tensors
    )


def squared_distance(first: Source, second: Source) -> tuple[float, float]:
    """The sums of (first - second)^2 and second^2 over elements that are finite in both."""
    apart = size = 0.0
    with np.errstate(all="ignore"):
        for one, other in blocks((first, second)):
            fine = np.isfinite(one) & np.isfinite(other)
            if not fine.all():
                one, other = one[fine], other[fine]  # noqa: PLW2901
            gap = one - other
            apart += float(np.einsum("i,i->", gap, gap))
            size += float(np.einsum("i,i->", other, other))
    return apart, size


def relative(apart: float, size: float) -> float | None:
    """The relative distance from sums of squares; None between zeros, infinite from zero."""
    if size == 0:
        return None if apart == 0 else inf
    return sqrt(apart / size)


def short(value: float | None) -> float | None:
    """`value` with six digits: as many as a figure of several tensors is worth."""
    return None if value is None else float(f"{value:.6g}")


def _wide(tensor: Source, raw: Array) -> Float64:
    return np.asarray(tensor.dtype.decode(raw), np.float64)
