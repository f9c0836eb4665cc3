"""What a normalisation without running statistics shows of its channels: weights dead, outlying, untouched."""

import numpy as np

from pthreport.document import NormFacts
from pthreport.document.definitions import LARGE_WEIGHT, SMALL_WEIGHT
from pthreport.measure.source import Array

LISTED = 16


def norm_facts(weight: Array, bias: Array | None) -> NormFacts:
    """The facts from the `weight` and the `bias` (None where there is none), shape (channels,) each."""
    wide = weight.astype(np.float64).reshape(-1)
    size = np.abs(wide)
    finite = size[np.isfinite(size)]
    median = float(np.median(finite)) if finite.size else None
    with np.errstate(invalid="ignore"):
        small = int(np.count_nonzero(size < SMALL_WEIGHT * median)) if median else 0
        large = (
            np.flatnonzero((size > LARGE_WEIGHT * median) & np.isfinite(size))
            if median
            else np.empty(0, int)
        )
        shift = None if bias is None else np.abs(bias.astype(np.float64).reshape(-1))
    zeros = int(np.count_nonzero(size == 0))
    return NormFacts(
        channels=wide.size,
        weight_min=float(finite.min()) if finite.size else None,
        weight_median=median,
        weight_max=float(finite.max()) if finite.size else None,
        zeros=zeros,
        small=max(small, zeros),
        large=large.size,
        large_channels=tuple(large[np.argsort(-size[large], kind="stable")][:LISTED].tolist()),
        negative=int(np.count_nonzero(wide < 0)),
        bias_max=float(np.nanmax(shift)) if shift is not None and np.isfinite(shift).any() else None,
        initial=wide.size > 0 and bool((wide == 1).all()) and (shift is None or bool((shift == 0).all())),
    )
