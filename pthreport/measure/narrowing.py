"""What rounding wide floats to 16 bits does, as far as only the values themselves tell.

Asked of every block of a float32 or float64 tensor in the one pass, at next to no cost: whether all
values are exact in a narrower type is no longer asked once one is not, and overflows are counted only
in blocks whose largest magnitude overflows.
"""

from dataclasses import dataclass
from math import inf

import numpy as np

from pthreport.measure.source import Array

FLOAT16_OVERFLOW = 65520.0
"""Magnitudes from here on round to infinity in float16 (half way from 65504 to 65536)."""
FLOAT16_VANISH = 2.0**-25
"""Magnitudes up to here round to zero in float16 (ties go to even)."""
FLOAT16_NORMAL = 2.0**-14
BFLOAT16_OVERFLOW = (2 - 2.0**-8) * 2.0**127
BFLOAT16_VANISH = 2.0**-134
BFLOAT16_NORMAL = 2.0**-126

_LOW_BITS = np.uint32(0xFFFF)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Whether every finite value so far is exact in float32, float16 and bfloat16, and how many
    overflow in the latter two."""

    float32: bool = True
    float16: bool = True
    bfloat16: bool = True
    over16: int = 0
    overb16: int = 0

    def merge(self, other: "Narrowing") -> "Narrowing":
        """Of both sets of values."""
        return Narrowing(
            self.float32 and other.float32,
            self.float16 and other.float16,
            self.bfloat16 and other.bfloat16,
            self.over16 + other.over16,
            self.overb16 + other.overb16,
        )

    def add(self, values: Array, low: float, high: float, finite: bool) -> "Narrowing":
        """With the float32 or float64 `values` (n,), which lie between `low` and `high` where all
        are `finite`."""
        largest = max(high, -low) if finite else inf
        if largest < FLOAT16_OVERFLOW and not (self.float32 or self.float16 or self.bfloat16):
            return self
        if not finite:
            values = values[np.isfinite(values)]
        over16, overb16 = self.over16, self.overb16
        if largest >= FLOAT16_OVERFLOW:
            magnitude = np.abs(values)
            over16 += int(np.count_nonzero(magnitude >= FLOAT16_OVERFLOW))
            overb16 += int(np.count_nonzero(magnitude >= BFLOAT16_OVERFLOW))
        with np.errstate(over="ignore", under="ignore"):
            single = values.astype(np.float32, copy=False)
            float32 = self.float32 and (values.dtype == np.float32 or bool((single == values).all()))
            bfloat16 = (
                self.bfloat16
                and float32
                and not np.bitwise_or.reduce(np.ascontiguousarray(single).view(np.uint32)) & _LOW_BITS
            )
            float16 = self.float16 and float32 and bool((values.astype(np.float16) == values).all())
        return Narrowing(float32, float16, bool(bfloat16), over16, overb16)
