"""One tensor: what stands in the file, what was measured, and the data of its pictures."""

from typing import Literal

from pthreport.document.base import Part

Role = Literal["parameter", "buffer", "optimizer", "other"]
"""What a tensor is to a model: weights it learns, state it keeps, an optimizer's state, or neither."""


class Statistics(Part, frozen=True, kw_only=True):
    """Figures over the finite values of one tensor, accumulated in float64.

    `of` says which values: the tensor's own, the magnitudes of complex ones, or dequantised ones.
    `count` is the number of finite values; `std` is the population's (ddof 0); `kurtosis` is the
    excess (normal 0, uniform -1.2). What is undefined (the mean of nothing, the skewness of a
    constant) is None; infinity is what float64 cannot hold. `quantiles` maps "0.001" ... "0.999" to
    values, each within `quantile_error` of a true order statistic, relative (0.0 means exact); values
    smaller than `quantile_floor` in magnitude have that absolute bound instead; between two order statistics it interpolates as
    `numpy.quantile` does. `near_zero` counts |w| < 1e-3 rms (all zeros where rms is 0), with a share of
    the two bins that the threshold cuts unless `quantile_error` is 0; `unique` the distinct values
    where all are known exactly. `parts` holds the real and imaginary parts of complex
    tensors.
    """

    of: Literal["values", "magnitude", "dequantised"] = "values"
    count: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    absmax: float | None
    rms: float | None
    l1: float | None
    l2: float | None
    skewness: float | None
    kurtosis: float | None
    zeros: int
    nan: int
    posinf: int
    neginf: int
    near_zero: int
    unique: int | None = None
    quantiles: dict[str, float]
    quantile_error: float
    quantile_floor: float = 0.0
    parts: dict[str, "Statistics"] | None = None


class Histogram(Part, frozen=True, kw_only=True):
    """Counts in equal bins over [low, high], and over powers of two.

    Linear: `counts[i]` holds the values in [low + i w, low + (i + 1) w), w = (high - low) / len, the
    last bin closed. `below` and `above` count the finite values outside. Logarithmic, of |w|: bin i
    of `log_counts` covers [2^(log_low + i s), 2^(log_low + (i + 1) s)) with s = `log_step`; exact
    zeros are in no logarithmic bin.
    """

    low: float
    high: float
    counts: tuple[int, ...]
    below: int = 0
    above: int = 0
    log_low: float | None = None
    log_step: float = 0.5
    log_counts: tuple[int, ...] = ()


class UnitPair(Part, frozen=True, kw_only=True):
    """Two units that say the same: indices, and their cosine after removing each one's mean."""

    first: int
    second: int
    cosine: float


class Units(Part, frozen=True, kw_only=True):
    """A layer's outputs one by one: dim 0, or dim 1 times the groups of a transposed convolution.

    `norms` are the L2 norms of the first `len(norms)` units in order (bounded); `dead_units` and
    `duplicates` list the first ones, `dead` and `duplicate_pairs` count all that were found.
    `duplicates_searched` is None where the search does not apply (fan-in of at most 9, depthwise) and
    the number of units that were compared otherwise.
    """

    axis: int
    count: int
    dead: int
    dead_units: tuple[int, ...] = ()
    norm_min: float | None
    norm_median: float | None
    norm_max: float | None
    norms: tuple[float, ...] = ()
    duplicate_pairs: int = 0
    duplicates: tuple[UnitPair, ...] = ()
    duplicates_searched: int | None = None


class Picture(Part, frozen=True, kw_only=True):
    """Values quantised to 8 bits, ready to be drawn: tiles of a convolution or one matrix.

    `layout` is "rgb" (tiles of a layer that takes three channels), "tiles" (one kernel slice a unit)
    or "matrix" (one tile: rows x columns). `data` holds tile after tile, row after row (for "rgb"
    the three channels innermost), as base64 of zlib of int8: value = q / 127 * scale. `scale` is one
    for the whole picture. `units` names each tile's unit, `channels` the input channel it shows
    (empty for "rgb"), of `total` units in the layer; for a matrix both are empty, unless its rows are
    the units' own kernels of one dimension, one a row. For a matrix `averaged` gives how
    many rows and columns of the tensor one cell is the mean of, and `rows` and `columns` say in words
    what runs down and across.
    """

    layout: Literal["rgb", "tiles", "matrix"]
    height: int
    width: int
    scale: float
    data: str
    units: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    total: int = 0
    averaged: tuple[float, float] = (1.0, 1.0)
    rows: str = ""
    columns: str = ""


class Excerpt(Part, frozen=True, kw_only=True):
    """An exact corner of the values: `rows` of shortest texts that read back to the same number.

    `index` is how one would ask for it in Python: "[0:6, 0:8, 0, 0]". `cut` says whether the tensor
    holds more than the excerpt.
    """

    index: str
    rows: tuple[tuple[str, ...], ...]
    cut: bool


class TensorRecord(Part, frozen=True, kw_only=True):
    """One tensor of the file.

    `path` is where it stands (keys from the root joined with "."), `model` the key of the model it
    belongs to, `name` what that model calls it, wrappers removed. `status` is "skipped" with a
    `reason` where the values could not be read or were not asked for.
    """

    path: str
    model: str | None = None
    name: str
    role: Role = "other"
    shape: tuple[int, ...]
    dtype: str
    numel: int
    nbytes: int
    shares_storage_with: str | None = None
    location: str | None = None
    contiguous: bool = True
    notes: tuple[str, ...] = ()
    status: Literal["complete", "skipped"] = "complete"
    reason: str | None = None
    statistics: Statistics | None = None
    histogram: Histogram | None = None
    units: Units | None = None
    picture: Picture | None = None
    excerpt: Excerpt | None = None
