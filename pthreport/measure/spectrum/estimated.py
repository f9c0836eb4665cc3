"""Estimated singular values of a matrix too large to be worth all of them.

Lanczos's recurrence from random starts gives a quadrature of the density of the eigenvalues of the
smaller Gram matrix (stochastic Lanczos quadrature: Ubaru, Chen and Saad 2017); all bases together
span a block Krylov space, whose largest Ritz values are the top of the spectrum (Musco and Musco
2015). The Gram matrix itself is never formed: each step goes through the matrix once or twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from pthreport.measure.source import Array, Float64
from pthreport.measure.spectrum.algebra import NUMPY, Algebra

STARTS = 8
STEPS = 24
BRIEF_STEPS = 6
"""Steps of a rough estimate: the largest value of noise is then known to a few per cent, that of a learnt
matrix far better."""
SEED = 0x5EED

SETTLED = 0.1
"""A Ritz value is settled where its residual is below this share of the distance to the next one."""

ROUNDING = 1e-6
"""Relative error of a product in float32, generously."""

RESOLVED = 1e-6
"""Eigenvalues below this share of the largest are lost in float32, in which the products are made."""

Panels = Callable[[], Iterator[Array]]


@dataclass(frozen=True, slots=True)
class Density:
    """`nodes[i, j]` and `weights[i, j]`: the quadrature of start i, as squares of singular values.

    The `settled` largest Ritz values are known one by one and taken out of the quadrature, so that
    each row of weights sums to 1 over the other values. `top` holds all Ritz values as singular
    values, largest first, and `residual` how far the first of them may be off. `size` is the number
    of singular values. `coarse` is the same after two thirds of the steps.
    """

    nodes: Float64
    weights: Float64
    top: Float64
    residual: float
    settled: int
    size: int
    coarse: "Density | None" = None

    def without(self, start: int) -> "Density":
        """The same from all other starts."""
        kept = np.arange(len(self.nodes)) != start
        return replace(self, nodes=self.nodes[kept], weights=self.weights[kept])

    def sum(self, function: Callable[[Float64], Float64]) -> float:
        """The sum of `function` over all singular values."""
        sigma = np.sqrt(np.maximum(self.nodes, 0.0))
        rest = float((function(sigma) * self.weights).sum(axis=1).mean())
        known = float(function(self.top[: self.settled]).sum())
        return known + (self.size - self.settled) * rest

    def spread(self, figure: Callable[["Density"], float]) -> float:
        """How far a figure may be off: three standard errors, by leaving out one start at a time (the
        jackknife), and what the last third of the steps changed."""
        n = len(self.nodes)
        each = np.array([figure(self.without(start)) for start in range(n)])
        moved = 0.0 if self.coarse is None else abs(figure(self) - figure(self.coarse))
        return 3 * float(np.sqrt((n - 1) * each.var())) + moved


def density(
    panels: Panels, short: int, *, starts: int = STARTS, steps: int = STEPS, algebra: Algebra = NUMPY
) -> Density:
    """The density of the squares of the singular values of a matrix of finite numbers.

    `panels` gives the matrix, scaled so that nothing overflows, as float32 (or complex64) arrays
    (short, n); the start vectors come from a seeded generator, so that the same matrix gives the
    same numbers. Bases are float64 and orthogonalised in full.
    """
    steps = min(steps, short)
    random = np.random.Generator(np.random.Philox(SEED))
    x = random.standard_normal((short, starts))
    x /= np.linalg.norm(x, axis=0)
    alphas, betas = np.zeros((starts, steps)), np.zeros((starts, steps))
    bases: list[Array] = [x]
    for step in range(steps):
        y = algebra.product(panels(), bases[-1])
        alphas[:, step] = np.real((bases[-1].conj() * y).sum(axis=0))
        for _ in range(2):  # twice is enough (Giraud et al. 2005)
            for basis in bases:
                y = y - basis * (basis.conj() * y).sum(axis=0)
        beta = np.linalg.norm(y, axis=0)
        small = beta <= 1e-7 * np.abs(alphas).max()
        betas[:, step] = np.where(small, 0.0, beta)
        if step + 1 < steps:
            # A start whose space is exhausted goes on with zeros, which weigh nothing.
            bases.append(np.where(small, 0.0, y / np.where(small, 1.0, beta)))
    top, residual, settled = _top(algebra, panels, np.concatenate(bases, axis=1))

    def after(count: int, coarse: Density | None = None) -> Density:
        nodes, weights = _quadrature(alphas[:, :count], betas[:, : count - 1])
        # What lies above the gap below the settled values is theirs; the rest shares the rest.
        edge = top[settled - 1] * top[settled] if settled else np.inf
        weights = np.where(nodes > edge, 0.0, weights)
        sums = weights.sum(axis=1, keepdims=True)
        kept = sums[:, 0] > 0
        return Density(nodes[kept], weights[kept] / sums[kept], top, residual, settled, short, coarse)

    return after(steps, after(max(1, 2 * steps // 3)))


def _quadrature(alphas: Float64, betas: Float64) -> tuple[Float64, Float64]:
    # Gauss's nodes and weights of each start, from the recurrence's coefficients (starts, steps).
    nodes, weights = np.zeros(alphas.shape), np.zeros(alphas.shape)
    for start, (diagonal, off) in enumerate(zip(alphas, betas, strict=True)):
        values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1))
        nodes[start], weights[start] = values, vectors[0] ** 2
    return nodes, weights


def _top(algebra: Algebra, panels: Panels, space: Array) -> tuple[Float64, float, int]:
    # Ritz values of the block Krylov space, the residual of the first, and how many are settled.
    basis, _ = np.linalg.qr(space)
    image = algebra.product(panels(), basis)
    values, vectors = np.linalg.eigh(basis.conj().T @ image)
    values, vectors = values[::-1], vectors[:, ::-1]
    off = np.linalg.norm(image @ vectors - (basis @ vectors) * values, axis=0)
    sigma = np.sqrt(np.maximum(values, 0.0))
    if sigma[0] <= 0:
        return sigma, 0.0, 0
    # |lambda - theta| <= |residual|, and for the root half of that over theta.
    residual = float(off[0] / (2 * sigma[0])) + ROUNDING * float(sigma[0])
    certain = off[:-1] < SETTLED * (values[:-1] - values[1:])
    wrong = np.flatnonzero(~certain[: sigma.size // 4])
    return sigma, residual, int(wrong[0]) if wrong.size else sigma.size // 4


def reconstructed(density: Density) -> Float64:
    """`size` singular values, largest first, that have the density's distribution: the settled ones,
    then the quadrature's cumulative weights joined by lines and read at the middle of each value's
    share."""
    known = density.top[: density.settled]
    count = density.size - density.settled
    if count == 0 or len(density.nodes) == 0:
        return np.concatenate([known, np.zeros(count)])
    nodes = np.sqrt(np.maximum(density.nodes, 0.0)).ravel()
    weights = (density.weights / len(density.nodes)).ravel()
    order = np.argsort(nodes, kind="stable")
    nodes, weights = nodes[order], weights[order]
    cumulative = np.cumsum(weights) - weights / 2
    shares = (np.arange(count) + 0.5) / count
    values = np.interp(shares, cumulative, nodes)[::-1]
    ceiling = known[-1] if known.size else density.top[0]
    return np.concatenate([known, np.minimum(values, ceiling)])


def rank_errors(density: Density) -> Float64:
    """How many places each of the `reconstructed` values, largest first, may be off in their order:
    two standard errors and what the last third of the steps changed."""
    values = reconstructed(density)[::-1]
    ranks = np.arange(values.size)

    def moved(other: Density) -> Float64:
        return np.abs(np.interp(values, reconstructed(other)[::-1], ranks) - ranks)

    n = len(density.nodes)
    squares = sum((moved(density.without(start)) ** 2 for start in range(n)), np.zeros(values.size))
    errors = 2 * np.sqrt(squares * (n - 1) / max(n, 1))
    if density.coarse is not None:
        errors += moved(density.coarse)
    return errors[::-1]
