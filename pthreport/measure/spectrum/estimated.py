"""Estimated singular values of a matrix too large to be worth all of them.

Lanczos's recurrence from random starts gives a quadrature of the density of the eigenvalues of the
smaller Gram matrix (stochastic Lanczos quadrature: Ubaru, Chen and Saad 2017); all bases together
span a block Krylov space, whose largest Ritz values are the top of the spectrum (Musco and Musco
2015). The Gram matrix itself is never formed: each step goes through the matrix once or twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pthreport.measure.source import Array, Float64

STARTS = 8
STEPS = 24
SEED = 0x5EED

RESOLVED = 1e-6
"""Eigenvalues below this share of the largest are lost in float32, in which the products are made."""

Panels = Callable[[], Iterator[Array]]


@dataclass(frozen=True, slots=True)
class Density:
    """`nodes[i, j]` and `weights[i, j]`: the quadrature of start i, as squares of singular values;
    each row of weights sums to 1. `top` holds the largest Ritz values as singular values, largest
    first, and `residual` how far the first of them may be off. `size` is the number of singular values."""

    nodes: Float64
    weights: Float64
    top: Float64
    residual: float
    size: int

    def without(self, start: int) -> "Density":
        """The same from all other starts."""
        kept = np.arange(len(self.nodes)) != start
        return Density(self.nodes[kept], self.weights[kept], self.top, self.residual, self.size)

    def mean(self, function: Callable[[Float64], Float64]) -> float:
        """The mean of `function` over all singular values."""
        sigma = np.sqrt(np.maximum(self.nodes, 0.0))
        return float((function(sigma) * self.weights).sum(axis=1).mean())

    def spread(self, figure: Callable[["Density"], float]) -> float:
        """Two standard errors of a figure, by leaving out one start at a time (the jackknife)."""
        n = len(self.nodes)
        each = np.array([figure(self.without(start)) for start in range(n)])
        return 2 * float(np.sqrt((n - 1) * each.var()))


def density(panels: Panels, short: int, *, starts: int = STARTS, steps: int = STEPS) -> Density:
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
        y = product(panels, bases[-1])
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
    nodes, weights = np.zeros((starts, steps)), np.zeros((starts, steps))
    for start in range(starts):
        off = betas[start, : steps - 1]
        values, vectors = np.linalg.eigh(np.diag(alphas[start]) + np.diag(off, 1) + np.diag(off, -1))
        nodes[start], weights[start] = values, vectors[0] ** 2
    top, residual = _top(panels, np.concatenate(bases, axis=1))
    return Density(nodes, weights, top, residual, short)


def product(panels: Panels, x: Array) -> Array:
    """W W^H x for W (short, long) in panels; x (short, b)."""
    total: Array | None = None
    for panel in panels():
        part = panel @ (panel.conj().T @ x.astype(panel.dtype))
        wide = part.astype(np.result_type(x.dtype, part.dtype))
        total = wide if total is None else np.add(total, wide, out=total)
    return np.zeros_like(x) if total is None else total


def _top(panels: Panels, space: Array) -> tuple[Float64, float]:
    # Ritz values of the block Krylov space, and the residual of the first.
    basis, _ = np.linalg.qr(space)
    image = product(panels, basis)
    values, vectors = np.linalg.eigh(basis.conj().T @ image)
    largest = max(float(values[-1]), 0.0)
    off = image @ vectors[:, -1:] - values[-1] * (basis @ vectors[:, -1:])
    sigma = np.sqrt(np.maximum(values[::-1], 0.0))
    # |lambda - theta| <= |residual|, and for the root half of that over theta.
    residual = float(np.linalg.norm(off)) / (2 * largest**0.5) if largest > 0 else 0.0
    return sigma, residual + 1e-6 * float(sigma[0])


def reconstructed(density: Density) -> Float64:
    """`size` singular values, largest first, that have the quadrature's distribution: its cumulative
    weights joined by lines and read at the middle of each value's share."""
    nodes = np.sqrt(np.maximum(density.nodes, 0.0)).ravel()
    weights = (density.weights / len(density.nodes)).ravel()
    order = np.argsort(nodes, kind="stable")
    nodes, weights = nodes[order], weights[order]
    cumulative = np.cumsum(weights) - weights / 2
    shares = (np.arange(density.size) + 0.5) / density.size
    values = np.interp(shares, cumulative, nodes)[::-1].copy()
    return np.minimum(values, density.top[0]) if density.top.size else values
