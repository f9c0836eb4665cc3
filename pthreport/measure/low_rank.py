"""The singular values of a product of two thin factors, through their small Gram matrices.

B A has the squared singular values of L^T (B^T B) L where A A^T = L L^T: nothing larger than
rank x rank is made, however large the weight is that the product changes.
"""

from collections.abc import Iterator
from math import prod

import numpy as np

from pthreport.measure.blocks import BLOCK
from pthreport.measure.source import Array, Float64, Source

MOST_RANK = 2048
"""A rank beyond it is no low one, and its Gram matrices no small ones."""


def product_values(a: Source, b: Source) -> Float64 | None:
    """All singular values of B A, largest first, shape (rank,); kernels of a convolution laid flat.

    `a` (rank, in, *kernel) and `b` (out, rank, *kernel), real floats, fit each other. None where a
    value is not finite or their squares are beyond float64. Raises `ReadError`.
    """
    rank = a.shape[0]
    if 0 in a.shape or 0 in b.shape:
        return np.zeros(rank)
    inner, outer = np.zeros((rank, rank)), np.zeros((rank, rank))
    with np.errstate(all="ignore"):
        for panel in _panels(a, 1):
            rows = panel.reshape(rank, -1)
            inner += rows @ rows.T
        for panel in _panels(b, 0):
            columns = np.moveaxis(panel, 1, 0).reshape(rank, -1)
            outer += columns @ columns.T
        if not (np.isfinite(inner).all() and np.isfinite(outer).all()):
            return None
        # Each scaled by a power of two, which is exact, so that their product stays within float64.
        one, other = _power(inner), _power(outer)
        values, vectors = np.linalg.eigh(inner / one)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        squares = np.linalg.eigvalsh(root.T @ (outer / other) @ root)[::-1]
        found: Float64 = np.sqrt(np.maximum(squares, 0.0)) * np.sqrt(one) * np.sqrt(other)
    return found if np.isfinite(found).all() else None


def _panels(source: Source, axis: int) -> Iterator[Float64]:
    """Stretches of a factor along `axis` in float64, the other dims whole."""
    others = prod(size for at, size in enumerate(source.shape) if at != axis)
    step = max(1, BLOCK // others)
    for start in range(0, source.shape[axis], step):
        part = slice(start, min(start + step, source.shape[axis]))
        index = tuple(part if at == axis else slice(None) for at in range(len(source.shape)))
        raw: Array = source.slice(index)
        yield np.asarray(source.dtype.decode(raw), np.float64)


def _power(gram: Array) -> float:
    peak = float(gram.max(initial=0.0))
    return float(2.0 ** (2 * (np.frexp(peak)[1] // 2))) if peak > 0 else 1.0
