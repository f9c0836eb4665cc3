"""Axes: where the ticks go, what they say, and where a value falls."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MINUS = "\u2212"
_MOST, _TINIEST = sys.float_info.max, sys.float_info.min


@dataclass(frozen=True)
class Axis:
    """An interval with ticks. `low` < `high`; on a logarithmic axis both are above zero."""

    low: float
    high: float
    scale: Literal["linear", "log"]
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where `value` lies between `low` (0) and `high` (1), held to that range."""
        if self.scale == "log":
            if value <= 0:
                return 0.0
            position = (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        else:
            # Halves, since the distance between two finite numbers may not be one.
            position = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return min(max(position, 0.0), 1.0)

    def label(self, tick: float) -> str:
        """The tick's text: as many decimals as the ticks' distance needs."""
        if tick == 0:
            return "0"
        magnitude = abs(tick)
        sign = MINUS if tick < 0 else ""
        largest = max(abs(t) for t in self.ticks)
        if largest >= 1e5 or largest < 1e-3 or (self.scale == "log" and magnitude < 1e-3):
            mantissa, power = _scientific(magnitude)
            return f"{sign}{mantissa}e{power}"
        if self.scale == "log":
            return f"{sign}{magnitude:g}"
        return f"{sign}{magnitude:.{_decimals(self.ticks)}f}"


def linear(low: float, high: float, wanted: int = 5) -> Axis:
    """An axis over exactly [low, high] with about `wanted` round ticks inside."""
    if not high > low:
        pad = abs(low) * 0.5 or 1.0
        low, high = max(low - pad, -_MOST), min(high + pad, _MOST)
    if not math.isfinite(high - low):
        return Axis(low, high, "linear", (low, 0.0, high) if low < 0 < high else (low, high))
    step = _step((high - low) / max(wanted, 1))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Axis(low, high, "linear", tuple(index * step for index in range(first, last + 1)))


def zero_based(high: float, wanted: int = 2) -> Axis:
    """A linear axis from zero to the next round number above `high`."""
    if high < _TINIEST:
        return Axis(0.0, 1.0, "linear", (0.0, 1.0))
    if high > _MOST / 16:
        return Axis(0.0, high, "linear", (0.0, high))
    step = _step(high / wanted)
    top = step * math.ceil(high / step - 1e-9)
    return Axis(0.0, top, "linear", tuple(index * step for index in range(round(top / step) + 1)))


def logarithmic(values: Sequence[float], most: int = 4) -> Axis:
    """An axis from 1, 2 or 5 times a power of ten to another, around the positive ones of `values`.

    Ticks stand at whole decades, at most `most`; at both ends where fewer than two lie inside.
    """
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    if not positive:
        return Axis(0.1, 1.0, "log", (0.1, 1.0))
    held = [min(max(value, 1e-300), 1e300) for value in positive]
    # A little lower, so that the smallest is still seen.
    low, high = _below(min(held) / 1.2), _above(max(held))
    if high <= low:
        low, high = _below(low / 1.5), _above(high * 1.5)
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    stride = max(1, math.ceil((last - first + 1) / most))
    ticks = tuple(float(f"1e{power}") for power in range(first, last + 1, stride))
    return Axis(low, high, "log", ticks if len(ticks) > 1 else (low, high))


def _below(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten at or below `value`."""
    power = math.floor(math.log10(value) + 1e-12)
    fitting = [float(f"{factor}e{power}") for factor in (1, 2, 5)]
    return max((found for found in fitting if found <= value * (1 + 1e-9)), default=fitting[0])


def _above(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten at or above `value`."""
    power = math.floor(math.log10(value) + 1e-12)
    fitting = [float(f"{factor}e{power}") for factor in (1, 2, 5, 10)]
    return min((found for found in fitting if found >= value * (1 - 1e-9)), default=fitting[-1])


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 5, 10):
        if rough <= factor * power * (1 + 1e-9):
            return factor * power
    return 10 * power


def _decimals(ticks: Sequence[float]) -> int:
    if len(ticks) < 2:
        return max(0, 2 - math.floor(math.log10(abs(ticks[0])))) if ticks and ticks[0] else 0
    return max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))


def _scientific(magnitude: float) -> tuple[str, int]:
    mantissa, power = f"{magnitude:.1e}".split("e")
    return mantissa.removesuffix(".0"), int(power)
