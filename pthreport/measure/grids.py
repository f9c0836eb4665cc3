"""Number grids that weights are stored on: what a value becomes there, and what that costs.

Values are taken relative to the largest magnitude that the grid is scaled to: -1 <= y <= 1. Integer
grids are symmetric, rounding half to even; the 8-bit floats are OCP's (e4m3: 3 mantissa bits,
least normal exponent -6, largest 448; e5m2: 2, -14, 57344), subnormals included.
"""

from dataclasses import dataclass

import numpy as np

from pthreport.measure.source import Array, Float64


@dataclass(frozen=True, slots=True)
class Grid:
    """`largest` is the number that 1 becomes; `mantissa` the bits of a float's fraction and `least`
    the exponent of its least normal number, None for integers."""

    largest: float
    mantissa: int | None = None
    least: int = 0


INT8 = Grid(127.0)
INT4 = Grid(7.0)
E4M3 = Grid(448.0, 3, -6)
E5M2 = Grid(57344.0, 2, -14)


def rounded(values: Array, grid: Grid) -> Float64:
    """What `values`, -1 to 1, become on `grid`; the same shape, float64."""
    scaled = np.multiply(values, grid.largest, dtype=np.float64)
    if grid.mantissa is None:
        np.rint(scaled, out=scaled)
    else:
        # To mantissa + 1 bits by Veltkamp's splitting (Dekker 1971; of two equally near numbers either
        # one), and below the least normal number to a fixed step, by adding what has no finer one.
        far = scaled * (2.0 ** (52 - grid.mantissa) + 1)
        near = far - scaled
        np.subtract(far, near, out=far)
        fixed = 1.5 * 2.0 ** (52 + grid.least - grid.mantissa)
        np.add(scaled, fixed, out=near)
        near -= fixed
        scaled = np.where(np.abs(scaled) < 2.0**grid.least, near, far)
    scaled /= grid.largest
    return scaled


def noise(values: Array, grid: Grid) -> Float64:
    """The squared errors of `values`, -1 to 1, on `grid`; the same shape."""
    lost = rounded(values, grid)
    np.subtract(values, lost, out=lost)
    return np.asarray(np.multiply(lost, lost, out=lost))


def mean_noise(low: Float64, high: Float64, grid: Grid) -> Float64:
    """The mean squared error of values that lie evenly between `low` and `high`, -1 to 1, by bin;
    shape (k,). A bin may hold one boundary between two numbers of the grid; of wider ones the
    error is that of the grid's step."""
    first, last = rounded(low, grid), rounded(high, grid)
    left, right = low - first, high - last
    same = (left * left + left * right + right * right) / 3
    # On both sides of a boundary: the integral of the square up to it, and from it on.
    half = (last - first) / 2
    width = high - low
    with np.errstate(divide="ignore", invalid="ignore"):
        parted = ((half**3 - left**3) + (right**3 + half**3)) / (3 * width)
    mean = np.where(first == last, same, parted)
    step = np.maximum(_steps(low * grid.largest, grid), _steps(high * grid.largest, grid)) / grid.largest
    return np.asarray(np.where(last - first > 1.5 * step, step * step / 12, mean))


def _steps(scaled: Array, grid: Grid) -> Float64:
    # The distance of neighbouring numbers of the grid around each value, in the grid's own units.
    if grid.mantissa is None:
        return np.ones(scaled.shape)
    _, exponent = np.frexp(scaled)
    np.maximum(exponent - 1, grid.least, out=exponent)
    return np.asarray(np.ldexp(1.0, exponent - grid.mantissa))
