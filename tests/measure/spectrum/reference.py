"""The definitions as plainly as they can be written, slow."""

import math
from collections.abc import Sequence

import numpy as np

from pthreport.measure.source import Array, Float64


def singular_values(matrix: Array) -> Float64:
    """Largest first, from a full SVD in double precision."""
    wide = matrix.astype(np.complex128 if np.iscomplexobj(matrix) else np.float64)
    return np.asarray(np.linalg.svd(wide, compute_uv=False), np.float64)


def power_law(eigenvalues: Sequence[float]) -> tuple[float, float, float, int] | None:
    """alpha, xmin, distance, tail: one candidate after another, one value after another."""
    data = sorted(value for value in eigenvalues if value > 1e-5)
    best: tuple[float, float, float, int] | None = None
    for start, xmin in enumerate(data[:-1]):
        tail = data[start:]
        total = math.fsum(math.log(value / xmin) for value in tail)
        if total <= 0:
            continue
        alpha = 1 + len(tail) / total
        distance = max(
            abs(1 - (value / xmin) ** (1 - alpha) - i / len(tail)) for i, value in enumerate(tail)
        )
        if alpha > 1 and (best is None or distance < best[2]):
            best = (alpha, xmin, distance, len(tail))
    return best
