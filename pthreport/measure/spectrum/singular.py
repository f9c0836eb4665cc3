"""Exact singular values: through the smaller Gram matrix, or through an orthogonal reduction."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from pthreport.measure.source import Array, Float64
from pthreport.measure.spectrum.algebra import NUMPY, Algebra

TINY = 4096
"""Elements up to which the singular values are computed from the matrix itself."""

RESOLVED = 1e-11
"""Eigenvalues of a Gram matrix below this share of the largest have lost more than five digits: its
rounding errors are about 1e-16 of the largest."""

Panels = Callable[[], Iterator[Array]]


class NonFiniteError(Exception):
    """A matrix holds NaN or infinity, and has no singular values."""


def singular_values(
    panels: Panels,
    shape: tuple[int, int],
    *,
    double: bool,
    threshold: Callable[[float], float],
    gram: Array | None = None,
    algebra: Algebra = NUMPY,
) -> Float64:
    """All singular values of a matrix of `shape`, largest first, accumulated in float64.

    `panels` gives the matrix as arrays (short, n) in float64 or complex128, side by side, each time
    it is called; one panel and two arrays of short x short are held. `gram` is the matrix's smaller Gram
    matrix W W^H where that is known already. `double` says that the values
    have float64's precision, which a Gram matrix halves: then, and where values that lie above
    `threshold(frobenius norm)` are too small beside the largest for the Gram matrix to tell them, the
    matrix is reduced to a triangle by Householder's reflections panel by panel, whose singular values
    are the same. Raises `NonFiniteError`.
    """
    short = min(shape)
    if short == 0:
        return np.zeros(0)
    if double or shape[0] * shape[1] <= TINY:
        return _reduced(panels, short)
    if gram is None:
        gram = algebra.gram(panels())
    if gram is None:
        return np.zeros(short)
    return _of_gram(gram, panels, threshold, algebra)


def _of_gram(gram: Array, panels: Panels, threshold: Callable[[float], float], algebra: Algebra) -> Float64:
    short = gram.shape[0]
    squares = np.real(np.diagonal(gram)).copy()
    if not np.isfinite(squares).all():
        raise NonFiniteError
    # Rows of zeros are values of zero, and exactly that.
    kept = np.flatnonzero(squares > 0)
    values = np.zeros(short)
    if kept.size == 0:
        return values
    if kept.size < short:
        gram = gram[np.ix_(kept, kept)]
    found = algebra.eigenvalues(gram)[::-1]
    limit = threshold(float(np.sqrt(squares.sum()))) ** 2
    if found[-1] < RESOLVED * found[0] and limit < RESOLVED * found[0]:
        return _reduced(panels, short)
    values[: kept.size] = np.sqrt(np.maximum(found, 0.0))
    return values


def _reduced(panels: Panels, short: int) -> Float64:
    triangle: Array | None = None
    scale = 1.0
    for panel in panels():
        peak = float(np.abs(panel).max()) if panel.size else 0.0
        if not np.isfinite(peak):
            raise NonFiniteError
        if triangle is None:
            # By a power of two, which is exact: the squares of numbers near float64's ends are not.
            scale = _power_of_two(peak)
        elif peak > 0 and _power_of_two(peak) > scale:
            larger = _power_of_two(peak)
            triangle *= scale / larger
            scale = larger
        block = (panel / scale).conj().T
        stacked = block if triangle is None else np.concatenate([triangle, block])
        triangle = np.asarray(np.linalg.qr(stacked, mode="r")) if stacked.shape[0] > short else stacked
    if triangle is None:
        return np.zeros(short)
    found: Float64 = np.linalg.svd(triangle, compute_uv=False)
    values = np.zeros(short)
    values[: found.size] = found
    return values * scale


def _power_of_two(peak: float) -> float:
    return float(2.0 ** np.clip(np.frexp(peak)[1], -1000, 1000)) if peak > 0 else 1.0


def slice_values(
    shape: tuple[int, int],
    slices: Iterator[Array],
    *,
    double: bool,
    threshold: Callable[[float], float],
    algebra: Algebra = NUMPY,
) -> tuple[Float64, Array | None]:
    """The singular values of several matrices of one shape, all together, in no order, and the sum of their
    W W^H: that of the matrices side by side. It is None where it was not on the way (tall or tiny matrices,
    `double`)."""
    found: list[Float64] = []
    total: Array | None = None
    rows, columns = shape
    through_gram = not double and rows * columns > TINY
    for matrix in slices:
        panel = np.ascontiguousarray(matrix if rows <= columns else matrix.T)
        once = partial(_once, panel)
        own = algebra.gram(once()) if through_gram else None
        found.append(
            singular_values(once, shape, double=double, threshold=threshold, gram=own, algebra=algebra)
        )
        if own is not None and rows <= columns:
            total = own if total is None else np.add(total, own, out=total)
    return np.concatenate(found) if found else np.empty(0), total


def _once(panel: Array) -> Iterator[Array]:
    yield panel
