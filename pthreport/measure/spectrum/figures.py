"""The figures of one matrix, from all its singular values or from the quadrature of their density."""

from functools import lru_cache
from math import ceil, isfinite, sqrt

import numpy as np

from pthreport.document.spectrum import (
    PooledSpectrum,
    RandomBaseline,
    Spectrum,
    SpectrumErrors,
    SpectrumPoints,
)
from pthreport.measure.source import Float64, Int64
from pthreport.measure.spectrum.estimated import RESOLVED, Density, rank_errors, reconstructed
from pthreport.measure.spectrum.power_law import PowerLaw, fit_power_law, plausible_alphas
from pthreport.measure.spectrum.random_matrix import noise_edges
from pthreport.measure.spectrum.ranks import effective_rank, stable_rank

POINTS = 96
"""Singular values kept for a picture, at most."""
BINS = 48
LEAST_BIN = 1e-12

LEAST_SPREAD = 1e-9
"""Decades that singular values must span to be put in bins: those of an orthogonal matrix differ by rounding."""

MOST_ALPHA_ERROR = 0.5
"""Share of alpha that its error may be for an estimated alpha to be told."""

MOST_RANK_ERROR = 0.2
"""The same for an effective rank: what decays evenly over many orders of magnitude needs more steps."""

LOST = 0.01
"""Share of values too small to be told from zero above which an estimated rank is not told."""


def exact_figures(
    values: Float64,
    shape: tuple[int, int],
    threshold: float,
    *,
    part: str = "",
    points: bool = True,
) -> Spectrum:
    """The figures of a matrix of `shape` from all its singular values, largest first."""
    frobenius = _norm(values)
    above = values[values > threshold]
    fit = told(fit_power_law(values * values))
    return Spectrum(
        part=part,
        shape=shape,
        spectral_norm=float(values[0]),
        frobenius_norm=frobenius,
        stable_rank=stable_rank(values),
        effective_rank=effective_rank(values),
        condition=float(values[0] / above[-1]) if above.size else None,
        rank=int(above.size),
        rank_threshold=threshold,
        alpha=None if fit is None else fit.alpha,
        alpha_xmin=None if fit is None else fit.xmin,
        alpha_ks=None if fit is None else fit.ks,
        alpha_tail=None if fit is None else fit.tail,
        alpha_stderr=None if fit is None else fit.stderr,
        random=baseline(values, shape, frobenius),
        points=picture(values) if points else None,
    )


def estimated_figures(
    density: Density,
    scale: float,
    shape: tuple[int, int],
    frobenius: float,
    threshold: float,
    *,
    part: str = "",
    points: bool = True,
) -> Spectrum:
    """The figures of a matrix from the density of its singular values in units of `scale`.

    The condition, one value at the density's end, is not told; nor are an effective rank that may be off by
    more than a fifth, the rank where more than one
    value in a hundred is too small for products in float32, nor an alpha that may be off by
    more than half of itself (which is most often so: the search for xmin jumps with small changes).
    """
    top = float(density.top[0])
    if top <= 0:
        return exact_figures(np.zeros(min(shape)), shape, threshold, part=part, points=points)
    stable = (frobenius / (scale * top)) ** 2
    values = reconstructed(density) * scale
    rank, lost = _rank(density, threshold / scale)
    rank_known = lost <= LOST * density.size
    fit = told(fit_power_law(values * values))
    effective: float | None = _entropy_rank(density)
    effective_error: float | None = density.spread(_entropy_rank)
    if effective is None or effective_error is None or effective_error > MOST_RANK_ERROR * effective:
        effective, effective_error = None, None
    alpha_error = None
    if fit is not None:
        low, high = plausible_alphas(values * values, rank_errors(density), fit)
        alpha_error = fit.stderr + max(fit.alpha - low, high - fit.alpha)
        if alpha_error > MOST_ALPHA_ERROR * fit.alpha:
            fit, alpha_error = None, None
    return Spectrum(
        part=part,
        shape=shape,
        spectral_norm=scale * top,
        frobenius_norm=frobenius,
        stable_rank=stable,
        effective_rank=effective,
        condition=None,
        rank=round(rank) if rank_known else None,
        rank_threshold=threshold,
        alpha=None if fit is None else fit.alpha,
        alpha_xmin=None if fit is None else fit.xmin,
        alpha_ks=None if fit is None else fit.ks,
        alpha_tail=None if fit is None else fit.tail,
        alpha_stderr=None if fit is None else fit.stderr,
        method="estimated",
        errors=SpectrumErrors(
            spectral_norm=scale * density.residual,
            stable_rank=stable * ((1 - min(density.residual / top, 0.5)) ** -2 - 1),
            effective_rank=effective_error,
            rank=ceil(lost + density.spread(lambda one: _rank(one, threshold / scale)[0]))
            if rank_known
            else None,
            alpha=alpha_error,
        ),
        random=baseline(values, shape, frobenius),
        points=picture(values) if points else None,
    )


def _entropy_rank(density: Density) -> float:
    # exp(ln S - sum sigma ln sigma / S), S = sum sigma: the effective rank in sums over all values.
    total = density.sum(lambda sigma: sigma)
    weighted = density.sum(lambda sigma: sigma * np.log(np.where(sigma > 0, sigma, 1.0)))
    return float(np.exp(np.log(total) - weighted / total))


def _rank(density: Density, threshold: float) -> tuple[float, float]:
    # How many values are above the threshold, and how many of those may not be: where products in
    # float32 cannot tell, a value counts as above.
    floor = sqrt(RESOLVED) * float(density.top[0])
    if threshold >= floor:
        return density.sum(lambda sigma: (sigma > threshold).astype(np.float64)), 0.0
    return float(density.size), density.sum(lambda sigma: (sigma <= floor).astype(np.float64))


def told(fit: PowerLaw | None) -> PowerLaw | None:
    """The fit where it may be told."""
    return fit if fit is not None and fit.told else None


def pooled_figures(values: Float64, points: bool = True) -> PooledSpectrum:
    """The power law of kernel slices from all their singular values, in any order."""
    fit = told(fit_power_law(values * values))
    kept = picture(np.sort(values)[::-1]) if points else None
    if fit is None:
        return PooledSpectrum(count=values.size, points=kept)
    return PooledSpectrum(
        count=values.size,
        alpha=fit.alpha,
        alpha_xmin=fit.xmin,
        alpha_ks=fit.ks,
        alpha_tail=fit.tail,
        alpha_stderr=fit.stderr,
        points=kept,
    )


def pooled_as(whole: Spectrum) -> PooledSpectrum:
    """The same for a kernel of one position, whose only slice is the whole matrix."""
    return PooledSpectrum(
        count=min(whole.shape),
        alpha=whole.alpha,
        alpha_xmin=whole.alpha_xmin,
        alpha_ks=whole.alpha_ks,
        alpha_tail=whole.alpha_tail,
        alpha_stderr=whole.alpha_stderr,
    )


def baseline(values: Float64, shape: tuple[int, int], frobenius: float) -> RandomBaseline | None:
    """Where noise of the same variance would lie, and how many values do not."""
    if frobenius <= 0 or not isfinite(frobenius):
        return None
    edges = noise_edges(*shape, frobenius / sqrt(shape[0]) / sqrt(shape[1]))
    above, below = edges.above(values), edges.below(values)
    return RandomBaseline(
        low=edges.low,
        high=edges.high,
        low_margin=edges.low_margin,
        high_margin=edges.high_margin,
        above=above,
        below=below,
        outside=(above + below) / values.size,
    )


def picture(values: Float64) -> SpectrumPoints | None:
    """A bounded choice of singular values, largest first; None where there is none above zero."""
    if values.size == 0 or values[0] <= 0:
        return None
    ranks = _shown(values.size)
    logs = 2 * np.log10(values[values > values[0] * sqrt(LEAST_BIN)])
    low, high = float(logs[-1]), float(logs[0])
    if high - low > LEAST_SPREAD:
        counts, _ = np.histogram(logs, BINS, (low, high))
    else:
        counts, low = np.array([logs.size]), high
    return SpectrumPoints(
        ranks=tuple(ranks.tolist()),
        values=tuple(float(f"{value:.6g}") for value in values[ranks]),
        log_low=low,
        log_high=high,
        counts=tuple(counts.tolist()),
    )


@lru_cache(256)
def _shown(count: int) -> Int64:
    # From the head one by one, then in equal ratios of rank (the tail's scale), then in equal steps.
    third = POINTS // 3
    return np.unique(
        np.concatenate(
            [
                np.arange(min(third // 2, count)),
                np.geomspace(1, count, third).astype(np.int64) - 1,
                np.linspace(0, count - 1, POINTS - third - third // 2).astype(np.int64),
            ]
        )
    )


def _norm(values: Float64) -> float:
    return float(values[0] * np.sqrt(((values / values[0]) ** 2).sum())) if values[0] > 0 else 0.0
