"""Where the singular values of pure noise would lie."""

from dataclasses import dataclass
from math import sqrt

from pthreport.measure.source import Float64

TRACY_WIDOM_99 = 2.0234
"""The 99th percentile of the Tracy-Widom law of order 1 (Bejan 2005, table 1)."""


@dataclass(frozen=True, slots=True)
class NoiseEdges:
    """Edges for singular values: Marchenko and Pastur's, and those with Tracy and Widom's margin."""

    low: float
    high: float
    low_margin: float
    high_margin: float

    def above(self, values: Float64) -> int:
        """How many singular values noise would not have: too large."""
        return int((values > self.high_margin).sum())

    def below(self, values: Float64) -> int:
        """How many are too small."""
        return int((values < self.low_margin).sum())


def noise_edges(rows: int, columns: int, deviation: float) -> NoiseEdges:
    """Edges for a rows x columns matrix of independent entries of standard deviation `deviation`.

    For singular values s (sqrt N -+ sqrt M) (Marchenko and Pastur 1967). The largest eigenvalue
    of W^T W has centre (sqrt(N - 1) + sqrt M)^2 and scale (sqrt(N - 1) + sqrt M)
    (1 / sqrt(N - 1) + 1 / sqrt M)^(1/3) (Johnstone 2001); the smallest, away from zero, mirrors it
    (Feldheim and Sodin 2010). A square matrix has no lower edge, and one of a single row or column
    none that differs from its upper one: then the margin below is 0.
    """
    many, few = max(rows, columns), min(rows, columns)
    low, high = sqrt(many) - sqrt(few), sqrt(many) + sqrt(few)
    lead = sqrt(max(many - 1, 1))
    centre = lead + sqrt(few)
    upper = centre**2 + TRACY_WIDOM_99 * centre * (1 / lead + 1 / sqrt(few)) ** (1 / 3)
    lower = 0.0
    if low > 0:
        lower = low**2 - TRACY_WIDOM_99 * low * (1 / sqrt(few) - 1 / sqrt(many)) ** (1 / 3)
    return NoiseEdges(
        low=deviation * low,
        high=deviation * high,
        low_margin=deviation * sqrt(max(lower, 0.0)),
        high_margin=deviation * max(high, sqrt(upper)),
    )
