"""Do the values look as an initialisation leaves them?

From statistics and sketch alone: the bound is held, mean and spread are within four standard errors,
and the Kolmogorov-Smirnov distance from the law's distribution is one that chance exceeds more often
than once in a thousand. "Consistent with", never "is": a frozen layer and a tiny learning rate look
the same. Fans are torch's (`torch.nn.init`): fan_in = product of shape[1:], fan_out = shape[0] times
the kernel's size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, exp, inf, prod, sqrt
from typing import Literal

import msgspec
import numpy as np

from pthreport.document import Initialisation, Statistics
from pthreport.document.numbers import plural
from pthreport.measure.distance import short
from pthreport.measure.distribution import sketch_distribution
from pthreport.measure.sketch import Sketch
from pthreport.measure.source import Array, Float64

LEAST = 20
"""Values that a test of a distribution needs."""
CHANCE = 1e-3
STANDARD_ERRORS = 4.0

_TRUNCATED_STD = 0.8796256610342398
_TRUNCATED_KURTOSIS = -0.6344632828703505
_NARROW_ULP = 2.0**-8
_WIDE_ULP = 2.0**-20


@dataclass(frozen=True, slots=True)
class Law:
    """A distribution around zero (or, "constant", at `value`): uniform in +-`value`, normal of standard
    deviation `value`, or that normal cut off at two of its deviations. `words` says who uses it."""

    family: Literal["uniform", "normal", "truncated", "constant"]
    value: float
    words: str

    @property
    def std(self) -> float:
        """The standard deviation."""
        if self.family == "constant":
            return 0.0
        return (
            self.value * {"uniform": 1 / sqrt(3), "normal": 1.0, "truncated": _TRUNCATED_STD}[self.family]
        )

    @property
    def bound(self) -> float | None:
        """The largest magnitude that can occur."""
        return {"uniform": self.value, "truncated": 2 * self.value}.get(self.family)

    @property
    def kurtosis(self) -> float:
        """The excess kurtosis."""
        return {"uniform": -1.2, "truncated": _TRUNCATED_KURTOSIS}.get(self.family, 0.0)

    @property
    def text(self) -> str:
        """The law in words."""
        value = f"{self.value:.4g}"
        formula = {
            "uniform": f"U(-{value}, {value})",
            "normal": f"N(0, {value})",
            "truncated": f"N(0, {value}) cut off at two standard deviations",
            "constant": f"all {value}",
        }[self.family]
        return f"{formula}: {self.words}"

    def below(self, edges: Float64) -> Float64:
        """The share of the distribution below each edge, shape (k,)."""
        at = edges / self.value
        if self.family == "uniform":
            return np.clip((at + 1) / 2, 0.0, 1.0)
        share = 0.5 * (1 + np.asarray([erf(x) for x in (at / sqrt(2)).tolist()]))
        if self.family == "normal":
            return np.asarray(share)
        tail = 0.5 * (1 - erf(sqrt(2)))
        return np.clip((share - tail) / (1 - 2 * tail), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor belongs: the `kind` of its layer (a word of pthreport.anatomy.kinds), its name
    `leaf` there, its shape, that of the layer's main weight, and a recurrent layer's hidden size."""

    kind: str
    leaf: str
    shape: tuple[int, ...]
    weight: tuple[int, ...] | None = None
    hidden: int | None = None


NORMS = frozenset({"batchnorm", "layernorm", "groupnorm", "instancenorm", "rmsnorm", "norm"})


def laws(place: Place) -> list[Law]:
    """The initialisations that are usual there, the layer's own default first."""
    shape, leaf = place.shape, place.leaf
    if leaf == "num_batches_tracked":
        return []
    if place.kind in NORMS or leaf in ("running_mean", "running_var"):
        at_one = leaf in ("weight", "running_var", "gamma", "scale")
        return [Law("constant", float(at_one), "what norm layers start from")] + (
            [Law("constant", 0.0, "a norm that starts switched off")] if leaf in ("weight", "gamma") else []
        )
    if place.hidden:
        return [Law("uniform", 1 / sqrt(place.hidden), "PyTorch's default for recurrent layers"), _ZEROS]
    if len(shape) < 2:
        fan = prod(place.weight[1:]) if place.weight and len(place.weight) > 1 else 0
        if "bias" not in leaf:
            return []
        usual = [Law("uniform", 1 / sqrt(fan), "PyTorch's default for a bias")] if fan else []
        return [*usual, _ZEROS]
    if place.kind == "embedding":
        return [
            Law("normal", 1.0, "PyTorch's default for embeddings"),
            _GPT,
            *_fans(shape),
            _ZEROS,
        ]
    fan_in = prod(shape[1:])
    if fan_in == 0 or shape[0] == 0:
        return []
    default = Law("uniform", 1 / sqrt(fan_in), "PyTorch's default for linear layers and convolutions")
    found = [default, *_fans(shape), _GPT, Law("normal", 0.01, "torchvision's classifiers"), _ZEROS]
    if leaf == "in_proj_weight":
        xavier = Law("uniform", _xavier(shape), "Xavier uniform, PyTorch's default for attention's input")
        found = [xavier, *found]
    return found


_ZEROS = Law("constant", 0.0, "a start from zero")
_GPT = Law("normal", 0.02, "the default of transformers")


def _xavier(shape: Sequence[int]) -> float:
    return sqrt(6 / (prod(shape[1:]) + shape[0] * prod(shape[2:])))


def _fans(shape: Sequence[int]) -> list[Law]:
    fan_in, fan_out = prod(shape[1:]), shape[0] * prod(shape[2:])
    if not fan_in or not fan_out:
        return []
    return [
        Law("normal", sqrt(2 / fan_in), "Kaiming normal, fan in, ReLU"),
        Law("normal", sqrt(2 / fan_out), "Kaiming normal, fan out, ReLU"),
        Law("uniform", sqrt(6 / fan_in), "Kaiming uniform, fan in, ReLU"),
        Law("uniform", sqrt(6 / fan_out), "Kaiming uniform, fan out, ReLU"),
        Law("uniform", _xavier(shape), "Xavier uniform"),
        Law("normal", sqrt(2 / (fan_in + fan_out)), "Xavier normal"),
        Law("normal", sqrt(1 / fan_in), "LeCun normal"),
        Law("truncated", sqrt(1 / fan_in) / _TRUNCATED_STD, "LeCun normal as JAX and timm cut it"),
        Law("truncated", sqrt(2 / fan_in) / _TRUNCATED_STD, "Kaiming normal as JAX cuts it"),
        Law("truncated", 0.02, "truncated normal"),
    ]


def initialisation(place: Place, statistics: Statistics, sketch: Sketch) -> Initialisation | None:
    """The first usual law that the values are consistent with, else how far off the default is; None
    where nothing is usual or there are too few values to tell."""
    usual = laws(place)
    if not usual or statistics.of != "values" or statistics.count == 0 or statistics.rms is None:
        return None
    broken = statistics.nan + statistics.posinf + statistics.neginf > 0
    told = _told(place, statistics, sketch)
    first: Initialisation | None = None
    edges: tuple[Float64, Float64] | None = None
    for law in usual:
        if law.family == "constant":
            found = _constant(law, statistics)
        elif told.count < LEAST:
            continue
        elif plausible := _plausible(law, told):
            edges = edges or _edges(sketch, statistics, told)
            found = _tested(law, told, edges)
        elif law is usual[0]:
            found = _described(law, told, consistent=plausible)
        else:
            continue
        if found.consistent and not broken:
            return found
        if law is usual[0]:
            first = found
    return None if first is None else msgspec.structs.replace(first, consistent=False)


@dataclass(frozen=True, slots=True)
class _Told:
    # What the test rests on: rows of an embedding that are zero (padding) are left out.
    count: int
    mean: float
    std: float
    largest: float
    ulp: float
    rows_of_zeros: int


def _told(place: Place, statistics: Statistics, sketch: Sketch) -> _Told:
    count, mean, std = statistics.count, statistics.mean or 0.0, statistics.std or 0.0
    rows = 0
    width = place.shape[1] if place.kind == "embedding" and len(place.shape) == 2 else 0
    if width and statistics.zeros and statistics.zeros % width == 0 and statistics.zeros < count:
        rows = statistics.zeros // width
        left = count - statistics.zeros
        power = (std * std + mean * mean) * count / left
        mean = mean * count / left
        std, count = sqrt(max(power - mean * mean, 0.0)), left
    ulp = _NARROW_ULP if sketch.exact else _WIDE_ULP
    return _Told(count, mean, std, statistics.absmax or 0.0, ulp, rows)


def _edges(sketch: Sketch, statistics: Statistics, told: _Told) -> tuple[Float64, Float64]:
    # Where the empirical distribution is known, and its shares there: between the values of a narrow
    # type (half way, since they were rounded there), at both ends of a bin of the sketch.
    assert statistics.min is not None
    assert statistics.max is not None
    found = sketch_distribution(sketch, statistics.min, statistics.max, True)
    cumulative: Array = found.cumulative
    if told.rows_of_zeros:
        counts = np.diff(cumulative)
        counts[(found.low == 0) & (found.high == 0)] = 0
        cumulative = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    shares = cumulative / max(1, int(cumulative[-1]))
    if found.high is found.low:
        return (found.low[1:] + found.low[:-1]) / 2, shares[1:-1]
    return np.concatenate((found.low, found.high)), np.concatenate((shares[:-1], shares[1:]))


def _constant(law: Law, statistics: Statistics) -> Initialisation:
    same = statistics.min == statistics.max == law.value
    return Initialisation(
        law=law.text, family=law.family, consistent=same, std=0.0, values=statistics.count
    )


def _plausible(law: Law, told: _Told) -> bool:
    # Bound, mean and spread.
    spread, bound = law.std, law.bound
    # The standard error of a standard deviation: sigma sqrt((kurtosis + 2) / 4n).
    slack = STANDARD_ERRORS * sqrt((law.kurtosis + 2) / (4 * told.count)) + told.ulp / 16
    return (
        abs(told.std / spread - 1) <= slack
        and (bound is None or told.largest <= bound * (1 + told.ulp))
        and abs(told.mean) <= STANDARD_ERRORS * spread / sqrt(told.count)
    )


def _tested(law: Law, told: _Told, edges: tuple[Float64, Float64]) -> Initialisation:
    at, shares = edges
    if not at.size:
        return _described(law, told, consistent=False)
    ks = float(np.abs(shares - law.below(at)).max())
    chance = kolmogorov(ks, told.count)
    return _described(law, told, consistent=chance > CHANCE, ks=ks, chance=chance)


def _described(
    law: Law, told: _Told, *, consistent: bool, ks: float | None = None, chance: float | None = None
) -> Initialisation:
    rows = told.rows_of_zeros
    return Initialisation(
        law=law.text,
        family=law.family,
        consistent=consistent,
        std=short(law.std),
        bound=short(law.bound),
        ks=short(ks),
        chance=short(chance),
        spread_ratio=short(told.std / law.std),
        bound_ratio=None if law.bound is None else short(told.largest / law.bound),
        values=told.count,
        note=f"{plural(rows, 'row')} of zeros left out" if rows else "",
    )


def kolmogorov(distance: float, count: int) -> float:
    """How often chance exceeds the Kolmogorov-Smirnov `distance` of `count` values from their own
    distribution (the limiting law with Stephens's correction for small counts, 1970)."""
    root = sqrt(count)
    at = (root + 0.12 + 0.11 / root) * distance
    if at < 0.2:
        return 1.0
    if at == inf:
        return 0.0
    total = 2.0 * sum((-1.0) ** (k - 1) * exp(-2 * k * k * at * at) for k in range(1, 101))
    return float(min(1.0, max(0.0, total)))
