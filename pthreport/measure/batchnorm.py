"""What a normalisation with running statistics shows of its training (Ioffe and Szegedy 2015)."""

import numpy as np

from pthreport.document import BatchNormFacts
from pthreport.document.definitions import LARGE_VARIANCE, SMALL_GAMMA, SMALL_VARIANCE
from pthreport.measure.source import Array

EPS = 1e-5
"""torch's default of what is added to the variance."""


def batchnorm_facts(
    mean: Array, var: Array, gamma: Array | None, batches: int | None, eps: float = EPS
) -> BatchNormFacts:
    """The facts from the running `mean` and `var` and the weight `gamma` (1 where there is none),
    shape (channels,) each, and the number of batches they were taken over."""
    wide = var.astype(np.float64).reshape(-1)
    scale = np.ones(wide.size) if gamma is None else gamma.astype(np.float64).reshape(-1)
    finite = wide[np.isfinite(wide)]
    with np.errstate(all="ignore"):
        gains = np.abs(scale) / np.sqrt(wide + eps) if scale.size == wide.size else np.empty(0)
    gains = gains[np.isfinite(gains)]
    fresh = wide.size > 0 and bool((wide == 1).all()) and bool((mean == 0).all())
    return BatchNormFacts(
        channels=wide.size,
        var_min=float(finite.min()) if finite.size else None,
        var_max=float(finite.max()) if finite.size else None,
        var_bad=int(np.count_nonzero(~(wide > 0))),
        var_small=int(np.count_nonzero((wide > 0) & (wide < SMALL_VARIANCE))),
        var_large=int(np.count_nonzero(wide > LARGE_VARIANCE)),
        batches=batches,
        initial=fresh,
        gain_min=float(gains.min()) if gains.size else None,
        gain_median=float(np.median(gains)) if gains.size else None,
        gain_max=float(gains.max()) if gains.size else None,
        gamma_small=int(np.count_nonzero(np.abs(scale) < SMALL_GAMMA)),
        eps=eps,
    )
