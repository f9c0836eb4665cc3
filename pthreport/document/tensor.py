"""One tensor: what stands in the file, what was measured, and the data of its pictures."""

from math import isfinite
from typing import Literal

from pthreport.document.base import Part
from pthreport.document.captions import TensorCaptions

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

    @property
    def constant(self) -> bool:
        """Whether all finite values are the same."""
        return self.min is not None and self.min == self.max

    @property
    def exact(self) -> bool:
        """Whether the quantiles are those of the values themselves."""
        return self.quantile_error == 0

    @property
    def zeros_share(self) -> float | None:
        """The share of exact zeros among the finite values, None where there are none."""
        return self.zeros / self.count if self.count else None

    def share(self, number: int) -> float | None:
        """`number` of all values, those included that are not finite, as a share; None where there is no value."""
        total = self.count + self.nan + self.posinf + self.neginf
        return number / total if total else None


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
    the number of units that were compared otherwise. `large` counts the units whose norm is more than
    four times the median's, `large_units` the first ones; `norm_spread` is the standard deviation of
    the norms over their mean. An embedding's units are its rows: a dead one was never used or is the
    padding.
    """

    axis: int
    count: int
    dead: int
    dead_units: tuple[int, ...] = ()
    norm_min: float | None
    norm_median: float | None
    norm_max: float | None
    norms: tuple[float, ...] = ()
    norm_spread: float | None = None
    large: int = 0
    large_units: tuple[int, ...] = ()
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

    @property
    def reduced(self) -> bool:
        """Whether a cell of a matrix is the mean of several values."""
        return max(self.averaged) > 1


class Excerpt(Part, frozen=True, kw_only=True):
    """An exact corner of the values: `rows` of shortest texts that read back to the same number.

    `index` is how one would ask for it in Python: "[0:6, 0:8, 0, 0]". `cut` says whether the tensor
    holds more than the excerpt.
    """

    index: str
    rows: tuple[tuple[str, ...], ...]
    cut: bool


class Rounding(Part, frozen=True, kw_only=True):
    """What becomes of the finite values in a 16-bit float, rounded to nearest even: how many
    `overflow` to infinity, how many that are not zero `vanish` to zero, how many others are
    `subnormal` there and lose digits."""

    overflow: int
    vanish: int
    subnormal: int


class Precision(Part, frozen=True, kw_only=True):
    """What narrower types would do to the values: signal to quantisation noise,
    20 log10(||x|| / ||x - q(x)||), in dB over the finite values; infinite where nothing is lost, None
    where it is undefined (no value, or all zero).

    `int8_tensor`: symmetric, 127 steps to the tensor's largest magnitude; `int8_channel`: to that of
    each output (the axis `channel_axis`); `int4_group`: 7 steps to that of each group of `group_size`
    along an output's inputs, in the order of the dims, the last group shorter. `fp8_e4m3` and
    `fp8_e5m2`: scaled so that the largest magnitude meets the format's largest finite value (448,
    57344). Scales themselves are not rounded.

    `errors` gives for each figure that is estimated the half width in dB of its 95 % interval, from
    `sampled` values beside the sketch; a figure that is not in it is computed from all values.
    `float16` and `bfloat16` say what rounding to them does (None for the tensor's own type).
    `exact_in` names the narrower types that hold every value exactly: precision that is wasted.
    """

    int8_tensor: float | None = None
    int8_channel: float | None = None
    int4_group: float | None = None
    fp8_e4m3: float | None = None
    fp8_e5m2: float | None = None
    channel_axis: int = 0
    group_size: int = 128
    errors: dict[str, float] = {}
    sampled: int = 0
    float16: Rounding | None = None
    bfloat16: Rounding | None = None
    exact_in: tuple[str, ...] = ()

    @property
    def channel_gain(self) -> float | None:
        """What int8 with a scale for each channel gains over one for the tensor, in dB; None where that is no finite
        number."""
        if self.int8_tensor is None or self.int8_channel is None:
            return None
        gain = self.int8_channel - self.int8_tensor
        return gain if isfinite(gain) else None


class Initialisation(Part, frozen=True, kw_only=True):
    """Whether the values look as a usual initialisation leaves them: never more than "consistent
    with", for a frozen layer and a tiny learning rate look the same.

    `law` says it in words ("U(-0.0589, 0.0589): PyTorch's default for Linear and convolutions"), `family`
    is its shape, with its `bound` (uniform, truncated) and `std`. `consistent`: no value beyond the bound, the spread
    within four standard errors, and a Kolmogorov-Smirnov distance `ks` from the law's distribution
    that chance exceeds with probability `chance` > 0.001. Where no law fits, it is the layer's own
    default that is named, and how far off: `spread_ratio` (std over the law's) and `bound_ratio`
    (largest magnitude over the bound). `values` is how many the test rests on; `note` what was left out.
    """

    law: str
    family: Literal["uniform", "normal", "truncated", "constant"]
    consistent: bool
    std: float | None = None
    bound: float | None = None
    ks: float | None = None
    chance: float | None = None
    spread_ratio: float | None = None
    bound_ratio: float | None = None
    values: int
    note: str = ""


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
    precision: Precision | None = None
    initialisation: Initialisation | None = None
    captions: TensorCaptions = TensorCaptions()
