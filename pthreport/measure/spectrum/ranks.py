"""How many dimensions a matrix uses."""

from math import sqrt

import numpy as np

from pthreport.checkpoint.dtypes import DType
from pthreport.measure.source import Float64

UNIT_ROUNDOFF = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
    "complex128": 2.0**-53,
    "complex64": 2.0**-24,
    "complex32": 2.0**-11,
    "float8_e4m3fn": 2.0**-4,
    "float8_e4m3fnuz": 2.0**-4,
    "float8_e5m2": 2.0**-3,
    "float8_e5m2fnuz": 2.0**-3,
    "float8_e8m0fnu": 2.0**-1,
}
"""The largest relative error of rounding to nearest, by element type."""


def rounding_noise(dtype: DType, shape: tuple[int, int], rms: float, step: float | None = None) -> float:
    """The spectral size of the stored type's rounding noise: u rms (sqrt rows + sqrt columns).

    `step` is the largest scale of a quantized tensor, whose rounding is half a step whatever the value.
    """
    noise = step / 2 if step is not None else UNIT_ROUNDOFF.get(dtype.name, UNIT_ROUNDOFF["float32"]) * rms
    return noise * (sqrt(shape[0]) + sqrt(shape[1]))


def stable_rank(values: Float64) -> float | None:
    """||W||_F^2 / sigma_1^2 of singular values, largest first; None for a zero matrix."""
    if values.size == 0 or values[0] <= 0:
        return None
    ratio = values / values[0]
    return float((ratio * ratio).sum())


def effective_rank(values: Float64) -> float | None:
    """exp(-sum p ln p), p = sigma / sum sigma (Roy and Vetterli 2007); None for a zero matrix."""
    if values.size == 0 or values[0] <= 0:
        return None
    ratio = values / values[0]
    share = ratio / ratio.sum()
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))
