"""How alike neighbouring values of a kernel are: learnt first-layer filters have a form, noise has none."""

from math import pi, prod, sqrt

import numpy as np

from pthreport.document import Smoothness
from pthreport.measure.distance import short
from pthreport.measure.source import Array


def smoothness(kernels: Array) -> Smoothness | None:
    """The magnitude of the lag-1 autocorrelation of each of `kernels`, shape (count, *spatial), less its own
    mean, over its pairs of neighbours along every spatial axis, averaged over the kernels; None where
    nothing varies or is not finite.

    The magnitude, for a wave faster than the grid alternates and is no noise. For p pairs of independent
    values the correlation is about normal with deviation 1 / sqrt(p) (Bartlett 1946), its magnitude
    sqrt(2 / (pi p)) in the mean.
    """
    wide = kernels.astype(np.float64)
    count, spatial = wide.shape[0], wide.shape[1:]
    flat = wide.reshape(count, -1)
    values = prod(spatial)
    if count == 0 or values < 2 or not np.isfinite(flat).all():
        return None
    centred = flat - flat.mean(axis=1, keepdims=True)
    power = (centred**2).sum(axis=1)
    alive = power > 0
    if not alive.any():
        return None
    shaped = centred[alive].reshape(-1, *spatial)
    total, pairs = np.zeros(shaped.shape[0]), 0
    for axis in range(1, shaped.ndim):
        length = shaped.shape[axis]
        ahead = np.take(shaped, range(1, length), axis)
        behind = np.take(shaped, range(length - 1), axis)
        total += (ahead * behind).reshape(shaped.shape[0], -1).sum(axis=1)
        pairs += (length - 1) * values // length
    each = np.abs(total / pairs / (power[alive] / values))
    return Smoothness(
        kernels=each.size,
        correlation=float(f"{each.mean():.7g}"),
        noise=float(f"{sqrt(2 / (pi * pairs)):.7g}"),
        error=short(sqrt((1 - 2 / pi) / pairs / each.size)) or 0.0,
    )
