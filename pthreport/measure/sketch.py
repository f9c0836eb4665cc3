"""The mergeable sketch: how often each value, cut to its top 16 bits, occurs.

For float32 the key is sign, exponent and 7 mantissa bits: 65,536 bins, each 1/128 of its lower edge
wide, those of subnormals 2^-133. For types of 16 and 8 bits the key is the value itself and nothing
is lost. float64, wide integers and magnitudes are counted after rounding to float32; what lies
beyond its range is counted apart. Adding two sketches of one kind gives the sketch of both together,
whatever the cut.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pthreport.checkpoint.dtypes import DType
from pthreport.measure.source import Array, Float64, Int64

BINS = 1 << 16
COARSE_ERROR = 2.0**-7
"""Width of a bin of normal float32 numbers, relative to its lower edge."""
COARSE_FLOOR = 2.0**-126
"""The least normal float32 number: bins of what is smaller are 2^-133 wide."""
FLOAT32_MAX = float(np.finfo(np.float32).max)

_STEP = 128 * 1024
_INFINITY = 0x7F80
_SIGN = 0x8000
_LANDMARKS = np.asarray([_INFINITY, _SIGN, _SIGN + _INFINITY], np.uint16)


@dataclass(frozen=True, slots=True)
class Sketch:
    """Occupied bins: `keys` (uint16, ascending) and `counts` of finite values, shape (k,) each.

    `dtype` is the element type whose bit patterns the keys are, None for the coarse sketch keyed by
    the top 16 bits of float32. `affine` is (scale, zero point) of a quantized type. `zeros` counts
    exact zeros (they share a bin with tiny subnormals in the coarse sketch). `under` and `over`
    count finite values beyond -float32's and +float32's largest.
    """

    keys: NDArray[np.uint16]
    counts: NDArray[np.unsignedinteger[Any]]
    dtype: DType | None = None
    affine: tuple[float, float] | None = None
    zeros: int = 0
    nan: int = 0
    posinf: int = 0
    neginf: int = 0
    under: int = 0
    over: int = 0

    @property
    def count(self) -> int:
        """The number of finite values."""
        return int(self.counts.sum(dtype=np.int64)) + self.under + self.over

    @property
    def exact(self) -> bool:
        """Each key is one value."""
        return self.dtype is not None

    def values(self) -> Float64:
        """The value of each key of an exact sketch, shape (k,)."""
        assert self.dtype is not None
        return key_values(self.keys, self.dtype, self.affine)

    def edges(self) -> tuple[Float64, Float64]:
        """Lower and upper edge of each bin's values, shape (k,) each; equal where exact."""
        if self.dtype is not None:
            values = self.values()
            return values, values
        inner = (self.keys.astype(np.uint32) << np.uint32(16)).view(np.float32).astype(np.float64)
        magnitude = (self.keys & np.uint16(_SIGN - 1)).astype(np.uint32) + 1
        with np.errstate(invalid="ignore"):
            outer = (magnitude << np.uint32(16)).view(np.float32).astype(np.float64)
        outer[magnitude == _INFINITY] = FLOAT32_MAX
        negative = self.keys >= _SIGN
        low = np.where(negative, -outer, inner)
        high = np.where(negative, inner, outer)
        return low, high

    def merge(self, other: "Sketch") -> "Sketch":
        """The sketch of both sets of values; raises ValueError where the kinds differ."""
        if self.dtype != other.dtype or self.affine != other.affine:
            raise ValueError("sketches of different kinds cannot be added")
        merged = np.union1d(self.keys, other.keys)
        sums = np.zeros(merged.size, np.int64)
        sums[np.searchsorted(merged, self.keys)] += self.counts
        sums[np.searchsorted(merged, other.keys)] += other.counts
        return Sketch(
            merged,
            _compact(sums),
            self.dtype,
            self.affine,
            zeros=self.zeros + other.zeros,
            nan=self.nan + other.nan,
            posinf=self.posinf + other.posinf,
            neginf=self.neginf + other.neginf,
            under=self.under + other.under,
            over=self.over + other.over,
        )


class DenseSketch:
    """The working form of a sketch: one counter a bin; `compact` ends it.

    With a `dtype` of 8 or 16 bits it counts raw values, exactly; with None it counts real numbers by
    the top 16 bits of their float32.
    """

    def __init__(self, dtype: DType | None = None, affine: tuple[float, float] | None = None) -> None:
        self._dtype = dtype
        self._affine = affine
        self._bins = 256 if dtype is not None and dtype.itemsize == 1 else BINS
        self._counts: Int64 = np.zeros(self._bins, np.int64)
        self._keys = np.empty(0, np.intp)
        self._apart = Sketch(np.empty(0, np.uint16), np.empty(0, np.uint8))

    def add(self, values: Array) -> None:
        """Count `values`, shape (n,): raw ones of the dtype, or real numbers for the coarse sketch."""
        for start in range(0, values.size, _STEP):
            part = values[start : start + _STEP]
            if self._dtype is None:
                self._add_coarse(part)
            else:
                self._tally(part.view(np.uint8 if self._bins == 256 else np.uint16), 0)

    def compact(self) -> Sketch:
        """The sketch of all that was added."""
        keys = np.flatnonzero(self._counts)
        counts = self._counts[keys]
        if self._dtype is not None:
            return exact_sketch(keys.astype(np.uint16), counts, self._dtype, self._affine)
        finite = (keys & (_SIGN - 1)) < _INFINITY
        return replace(self._apart, keys=keys[finite].astype(np.uint16), counts=_compact(counts[finite]))

    def _add_coarse(self, part: Array) -> None:
        rare = self._rare()
        if part.dtype == np.float32:
            self._tally(part.view(np.uint32), 16)
        else:
            rounded, under, over = _rounded(part)
            self._apart = replace(
                self._apart, under=self._apart.under + under, over=self._apart.over + over
            )
            self._tally(rounded.view(np.uint32), 16)
        if self._rare() != rare:
            zeros, nan, posinf, neginf = _apart(part)
            self._apart = replace(
                self._apart,
                zeros=self._apart.zeros + zeros,
                nan=self._apart.nan + nan,
                posinf=self._apart.posinf + posinf,
                neginf=self._apart.neginf + neginf,
            )

    def _rare(self) -> int:
        # The bins that hold zeros or values that are not finite, beside others.
        counts = self._counts
        special = np.add.reduce(counts[_INFINITY:_SIGN]) + np.add.reduce(counts[_SIGN + _INFINITY :])
        return int(special + counts[0] + counts[_SIGN])

    def _tally(self, bits: Array, shift: int) -> None:
        if self._keys.size < bits.size:
            self._keys = np.empty(bits.size, np.intp)
        keys = self._keys[: bits.size]
        np.right_shift(bits, bits.dtype.type(shift), out=keys, casting="unsafe")
        self._counts += np.bincount(keys, minlength=self._bins)


def sketch(values: Array, dtype: DType | None = None, affine: tuple[float, float] | None = None) -> Sketch:
    """The sketch of a few `values`, shape (n,), without the dense form: raw ones of `dtype` (8 or 16
    bits), or real numbers in any order for the coarse one."""
    if dtype is not None:
        bits = values.view(np.uint8 if dtype.itemsize == 1 else np.uint16).astype(np.uint16, copy=False)
        keys, counts = _runs(np.sort(bits))
        return exact_sketch(keys, counts, dtype, affine)
    rounded, under, over = (values, 0, 0) if values.dtype == np.float32 else _rounded(values)
    keys, counts = _runs(np.sort((rounded.view(np.uint32) >> np.uint32(16)).astype(np.uint16)))
    infinite, negative, below = keys.searchsorted(_LANDMARKS).tolist()
    plain = infinite == negative and below == keys.size
    zero = (keys.size > 0 and keys[0] == 0) or (negative < keys.size and keys[negative] == _SIGN)
    zeros, nan, posinf, neginf = _apart(values) if zero or not plain else (0, 0, 0, 0)
    if not plain:
        finite = (keys & np.uint16(_SIGN - 1)) < _INFINITY
        keys, counts = keys[finite], counts[finite]
    return Sketch(
        keys,
        _compact(counts),
        zeros=zeros,
        nan=nan,
        posinf=posinf,
        neginf=neginf,
        under=under,
        over=over,
    )


def exact_sketch(
    keys: NDArray[np.uint16], counts: Int64, dtype: DType, affine: tuple[float, float] | None = None
) -> Sketch:
    """The sketch of raw `keys` (bit patterns of `dtype`, ascending) that occur `counts` times."""
    values = key_values(keys, dtype, affine)
    finite = np.isfinite(values)
    zeros = int(counts[values == 0].sum())
    if finite.all():
        return Sketch(keys, _compact(counts), dtype, affine, zeros=zeros)
    return Sketch(
        keys[finite],
        _compact(counts[finite]),
        dtype,
        affine,
        zeros=zeros,
        nan=int(counts[np.isnan(values)].sum()),
        posinf=int(counts[values == np.inf].sum()),
        neginf=int(counts[values == -np.inf].sum()),
    )


def key_values(
    keys: NDArray[np.uint16], dtype: DType, affine: tuple[float, float] | None = None
) -> Float64:
    """The numbers behind the bit patterns `keys` of a type of 8 or 16 bits, shape (k,), as float64."""
    raw = keys.astype(np.uint8 if dtype.itemsize == 1 else np.uint16).view(dtype.raw)
    with np.errstate(invalid="ignore"):  # a signalling NaN is a bit pattern like any other
        values: Float64 = dtype.decode(raw).astype(np.float64)
    return values if affine is None else dequantised(values, *affine).astype(np.float64)


def dequantised(values: Array, scale: float | Array, zero_point: float | Array) -> Array:
    """(values - zero point) * scale, rounded to float32; `scale` and `zero_point` broadcast."""
    with np.errstate(over="ignore", invalid="ignore"):
        result: Array = ((values.astype(np.float64) - zero_point) * scale).astype(np.float32)
    return result


def _rounded(part: Array) -> tuple[NDArray[np.float32], int, int]:
    # As float32, without the finite values that float32 cannot hold; how many of those there are.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        rounded = part.astype(np.float32)
    if part.dtype.kind != "f" or not np.isinf(rounded).any():
        return rounded, 0, 0
    beyond = np.isinf(rounded) & np.isfinite(part)
    under, over = int(np.count_nonzero(beyond & (part < 0))), int(np.count_nonzero(beyond & (part > 0)))
    return rounded[~beyond], under, over


def _apart(values: Array) -> tuple[int, int, int, int]:
    # Exact zeros, NaN, +Inf, -Inf.
    count = np.count_nonzero
    return (
        int(count(values == 0)),
        int(count(np.isnan(values))),
        int(count(values == np.inf)),
        int(count(values == -np.inf)),
    )


def _runs(ordered: Array) -> tuple[Array, Int64]:
    # The distinct entries of a sorted array, and how often each occurs.
    if ordered.size == 0:
        return ordered, np.empty(0, np.int64)
    begins = np.empty(ordered.size, np.bool_)
    begins[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    starts = begins.nonzero()[0]
    counts = np.empty(starts.size, np.int64)
    np.subtract(starts[1:], starts[:-1], out=counts[:-1])
    counts[-1] = ordered.size - starts[-1]
    return ordered[starts], counts


def _compact(counts: Int64) -> NDArray[np.unsignedinteger[Any]]:
    # Ten thousand sketches are kept until the report is written: no wider than needed.
    if counts.size == 0:
        return np.empty(0, np.uint8)
    largest = int(counts.max())
    narrow = next(
        (kind for kind in (np.uint8, np.uint16, np.uint32) if largest <= np.iinfo(kind).max), np.uint64
    )
    compact: NDArray[np.unsignedinteger[Any]] = counts.astype(narrow)
    return compact
