"""Axes: where the ticks go, what they say, and where a value falls."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MINUS = "\u2212"


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
            position = math.log(value / self.low) / math.log(self.high / self.low)
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
        low, high = low - pad, high + pad
    if not math.isfinite(high - low):
        return Axis(low, high, "linear", (low, 0.0, high))
    step = _step((high - low) / max(wanted, 1))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Axis(low, high, "linear", tuple(index * step for index in range(first, last + 1)))


def zero_based(high: float, wanted: int = 2) -> Axis:
    """A linear axis from zero to the next round number above `high`."""
    if high <= 0:
        return Axis(0.0, 1.0, "linear", (0.0, 1.0))
    step = _step(high / wanted)
    top = step * math.ceil(high / step - 1e-9)
    return Axis(0.0, top, "linear", tuple(index * step for index in range(round(top / step) + 1)))


def logarithmic(values: Sequence[float], most: int = 4) -> Axis:
    """An axis in whole decades around the positive ones of `values`, with at most `most` ticks."""
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    if not positive:
        return Axis(0.1, 1.0, "log", (0.1, 1.0))
    low = max(math.floor(math.log10(min(positive)) + 1e-9), -300)
    high = min(math.ceil(math.log10(max(positive)) - 1e-9), 300)
    if high <= low:
        high = low + 1
    stride = max(1, math.ceil((high - low) / max(most - 1, 1)))
    powers = range(low, high + 1, stride)
    return Axis(10.0**low, 10.0**high, "log", tuple(10.0**power for power in powers))


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
