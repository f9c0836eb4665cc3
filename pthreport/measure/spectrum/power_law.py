"""The power law of a spectrum's tail, after Clauset, Shalizi and Newman (2009, arXiv:0706.1062)."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from pthreport.measure.source import Array, Float64

LEAST_EIGENVALUE = 1e-5
"""Eigenvalues up to this one take no part (WeightWatcher's EVALS_THRESH)."""

LEAST_TAIL = 10
"""Values a tail must have for its exponent to be told."""

MOST_KS = 0.2
"""Kolmogorov-Smirnov distance above which a fit is not told: a fifth of the tail is then elsewhere
than the law says. A rough bound, there to catch spectra that have no tail at all."""

PROBES = 64
"""Places of a tail at which its distance is bounded from below before it is computed."""

CHUNK = 1 << 16
"""Elements of a working array of the bounds: it stays in the cache."""


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """p(x) ~ x^-alpha for x >= xmin: `tail` values, `ks` the distance, `stderr` that of alpha."""

    alpha: float
    xmin: float
    ks: float
    tail: int

    @property
    def stderr(self) -> float:
        """Standard error of alpha, (alpha - 1) / sqrt(tail)."""
        return (self.alpha - 1) / sqrt(self.tail)

    @property
    def told(self) -> bool:
        """Whether the tail is long enough and fits."""
        return self.tail >= LEAST_TAIL and self.ks <= MOST_KS


def fit_power_law(eigenvalues: Array) -> PowerLaw | None:
    """The fit of least distance over all candidates for xmin; None where there is no candidate.

    For the sorted values x above `LEAST_EIGENVALUE` and each of them but the last as xmin, n the
    number from there on: alpha = 1 + n / sum ln(x / xmin) and the distance
    max |1 - (x / xmin)^(1 - alpha) - i / n|, i = 0 .. n - 1; the first least distance among alpha > 1.

    All candidates cost O(n^2). Each distance is therefore bounded from below by the same expression
    at `PROBES` of its places, and computed in the order of the bounds until no bound is below the
    least distance found: the result is that of the plain search.
    """
    values, logs, counts, slopes, wanted = _candidates(eigenvalues)
    if wanted.size == 0:
        return None
    bounds = _lower_bounds(logs, counts, slopes, wanted)
    least, best = np.inf, -1
    for place in np.argsort(bounds, kind="stable"):
        if bounds[place] > least + 1e-12:
            break
        at = int(wanted[place])
        distance = _distance(logs, at, float(slopes[at]))
        if distance < least or (distance == least and at < best):
            least, best = distance, at
    return PowerLaw(float(1 + slopes[best]), float(values[best]), float(least), int(counts[best]))


def plausible_alphas(eigenvalues: Array, errors: Array, fit: PowerLaw) -> tuple[float, float]:
    """The least and the largest alpha that the search may give for values near these.

    `eigenvalues` are sorted, largest first, and `errors` says how many places each may be off, which
    in a tail of n values moves the distance there by that over n: a candidate whose distance may be
    less than that of `fit` may be at most could be the best one.
    """
    _, logs, counts, slopes, wanted = _candidates(eigenvalues)
    shifts = errors[: logs.size][::-1]
    bounds = _lower_bounds(logs, counts, slopes, wanted, shifts)
    most = fit.ks + float(shifts[-fit.tail :].max()) / fit.tail
    alphas = 1 + slopes[wanted][(bounds <= most) & (counts[wanted] >= LEAST_TAIL)]
    return float(alphas.min(initial=fit.alpha)), float(alphas.max(initial=fit.alpha))


def _candidates(eigenvalues: Array) -> tuple[Float64, Float64, Array, Float64, Array]:
    # Sorted values, their logarithms, sizes and alpha - 1 of the tails, and which may be taken.
    values = np.sort(np.asarray(eigenvalues, np.float64).ravel())
    values = values[(values > LEAST_EIGENVALUE) & np.isfinite(values)]
    if values.size < 2:
        nothing = np.empty(0, np.int64)
        return values, np.log(values), nothing, np.empty(0), nothing
    logs = np.log(values / values[-1])
    counts = np.arange(values.size, 0, -1)[:-1]
    # Sums from each value to the end; the last candidate's sum has one difference.
    sums = np.cumsum(logs[::-1])[::-1][:-1] - counts * logs[:-1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slopes = counts / sums
    return values, logs, counts, slopes, np.flatnonzero((sums > 0) & np.isfinite(slopes) & (1 + slopes > 1))


def _distance(logs: Float64, at: int, slope: float) -> float:
    tail = logs[at:] - logs[at]
    tail *= -slope
    np.exp(tail, out=tail)
    tail += np.arange(tail.size) / tail.size
    tail -= 1
    return float(max(tail.max(), -tail.min()))


def _lower_bounds(
    logs: Float64, counts: Array, slopes: Float64, wanted: Array, shifts: Float64 | None = None
) -> Float64:
    # Each candidate's distance at some places; less what the places may be off by, where that is given.
    places = np.arange(PROBES + 1) / PROBES
    found = np.empty(wanted.size)
    step = max(1, CHUNK // places.size)
    for start in range(0, wanted.size, step):
        rows = wanted[start : start + step]
        n = counts[rows][:, None]
        index = ((n - 1) * places).astype(np.int64)
        theory = np.exp((logs[rows[:, None] + index] - logs[rows][:, None]) * -slopes[rows][:, None])
        apart = np.abs(theory + index / n - 1)
        if shifts is not None:
            apart -= shifts[rows[:, None] + index] / n
        found[start : start + step] = apart.max(axis=1)
    return found
