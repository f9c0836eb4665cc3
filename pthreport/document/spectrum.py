"""The singular values of one matrix in figures, and the points of their picture."""

from typing import Literal

from pthreport.document.base import Part


class SpectrumPoints(Part, frozen=True, kw_only=True):
    """A bounded choice of the singular values, for drawing.

    `values[i]` is the singular value number `ranks[i]` (0 is the largest), six digits; ranks rise,
    densely where the values are large. Bin i of `counts` holds the eigenvalues (squares) whose
    decimal logarithm is in [log_low + i w, log_low + (i + 1) w), w = (log_high - log_low) / len, the
    last bin closed; what is smaller than 1e-12 of the largest is left out of the bins.
    """

    ranks: tuple[int, ...]
    values: tuple[float, ...]
    log_low: float
    log_high: float
    counts: tuple[int, ...]


class RandomBaseline(Part, frozen=True, kw_only=True):
    """Where the singular values of noise of the same size and variance would lie (Marchenko and Pastur).

    `low` and `high` are the edges s (sqrt N -+ sqrt M) for singular values (s^2 (1 -+ sqrt(M/N))^2 for
    eigenvalues of W^T W / N), N the longer side, M the shorter, s^2 the mean square of the entries.
    `low_margin` and `high_margin` move them outwards to where the extreme value of noise stays in 99
    of 100 cases (Tracy and Widom). `above` and `below` count the singular values beyond the margins,
    `outside` is their share of all.
    """

    low: float
    high: float
    low_margin: float
    high_margin: float
    above: int
    below: int
    outside: float


class SpectrumErrors(Part, frozen=True, kw_only=True):
    """How far estimated figures may be off, absolute; None where the figure itself is None.

    The residual of the largest singular value and what follows for the stable rank; three standard
    errors of the others over the random starts and what the last third of the steps changed; for
    `alpha` the range that the search for xmin may give when the distribution is that far off, and
    the fit's own standard error."""

    spectral_norm: float
    stable_rank: float
    effective_rank: float | None = None
    rank: int | None = None
    alpha: float | None = None


class PooledSpectrum(Part, frozen=True, kw_only=True):
    """The power law of a convolution's kernel slices: singular values squared of every W[:, :, i, j],
    all `count` of them together, as WeightWatcher takes them. Figures as in
    `Spectrum`; without points where the only slice is the whole matrix."""

    count: int
    alpha: float | None = None
    alpha_xmin: float | None = None
    alpha_ks: float | None = None
    alpha_tail: int | None = None
    alpha_stderr: float | None = None
    points: SpectrumPoints | None = None


class Spectrum(Part, frozen=True, kw_only=True):
    """The singular values of a layer's matrix (a convolution as out x (in kh kw)) or of a part of it.

    `part` says which part in words ("" is the whole matrix: "query", "query, head 3", "forget gate").
    `spectral_norm` is the largest singular value (for a convolution of the reshaped matrix, which is
    not the norm of the operator); `frobenius_norm` the root of the sum of their squares; `stable_rank`
    the square of their quotient; `effective_rank` exp of the entropy of sigma / sum sigma (Roy and
    Vetterli 2007). `rank` counts the singular values above `rank_threshold`, the size of the stored
    type's rounding noise, u rms (sqrt rows + sqrt columns); `condition` is the largest over the
    smallest of those. `alpha` and `alpha_xmin`, `alpha_ks`, `alpha_tail`, `alpha_stderr` are the power
    law of the squares (Clauset et al. 2009), all None where fewer than 10 values make the tail or it
    does not fit. `random` is None for a matrix of zeros. `errors` stands where `method` is "estimated".
    """

    part: str = ""
    shape: tuple[int, int]
    spectral_norm: float
    frobenius_norm: float
    stable_rank: float | None
    effective_rank: float | None
    condition: float | None
    rank: int | None
    rank_threshold: float
    alpha: float | None = None
    alpha_xmin: float | None = None
    alpha_ks: float | None = None
    alpha_tail: int | None = None
    alpha_stderr: float | None = None
    method: Literal["exact", "estimated"] = "exact"
    errors: SpectrumErrors | None = None
    random: RandomBaseline | None = None
    pooled: PooledSpectrum | None = None
    points: SpectrumPoints | None = None

    @property
    def stable_share(self) -> float | None:
        """The stable rank as a share of the largest that it could be."""
        return None if self.stable_rank is None else self.stable_rank / min(self.shape)
