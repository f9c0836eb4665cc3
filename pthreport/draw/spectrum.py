"""A spectrum as SVG: how many eigenvalues lie where, both axes logarithmic.

On these axes a power law is a straight line, and what noise of the same size would give is a hill
between the Marchenko-Pastur edges: all that stands beside the hill was learnt.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pthreport.document.spectrum import RandomBaseline, SpectrumPoints
from pthreport.draw import axis, svg
from pthreport.draw.histogram import UNITS, staircase, ticks

HEIGHT = 128
AXIS = 20
WIDE = 1000
_LEAST = 0.5
"""Where the axis of counts starts: a bin of one is seen, an empty one is not."""

_STEPS = 28

Across = Callable[[float], float]
"""From a decimal logarithm to a share of the width."""

Scale = Callable[[float], int]
"""From a number of eigenvalues to a height up to `UNITS`."""


@dataclass(frozen=True)
class PowerLaw:
    """Density proportional to x^-alpha over the `tail` eigenvalues from `xmin` on."""

    alpha: float
    xmin: float
    tail: int


def density(
    points: SpectrumPoints, count: int, noise: RandomBaseline | None, law: PowerLaw | None, alt: str
) -> str:
    """The eigenvalues in bins, `count` in all; the span and the hill of `noise`, the line of `law`."""
    counts = _merged(points.counts, count)
    low, high = points.log_low, points.log_high
    if high <= low:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / max(len(counts), 1)
    start, stop = low, high
    band = _band(noise, low - 1.0)
    if band:
        start, stop = min(start, band[0]), max(stop, band[1])
    pad = (stop - start) * 0.02
    start, stop = start - pad, stop + pad
    most = max(counts, default=1)
    decades = math.log(max(most, 2) * 1.6 / _LEAST)

    def height(number: float) -> int:
        return round(UNITS * math.log(number / _LEAST) / decades) if number > _LEAST else 0

    def across(log10: float) -> float:
        return (log10 - start) / (stop - start)

    parts = []
    if band:
        at = across(band[0])
        parts.append(
            svg.tag(
                "rect",
                x=svg.percent(at),
                width=svg.percent(across(band[1]) - at),
                height=HEIGHT,
                class_="band",
            )
        )
    parts += _grid(most, height)
    bars = svg.tag("path", d=staircase([height(number) for number in counts]))
    at = across(low)
    parts.append(
        svg.frame(
            len(counts), UNITS, bars, x=svg.percent(at), width=svg.percent(across(high) - at), height=HEIGHT
        )
    )
    lines = ""
    if noise and band:
        lines += _hill(noise, count, width, across, height)
    if law and law.xmin > 0:
        lines += _line(law, width, stop, across, height)
    if lines:
        parts.append(svg.frame(WIDE, UNITS, lines, width="100%", height=HEIGHT))
    parts.append(svg.tag("line", x1=0, x2="100%", y1=HEIGHT, y2=HEIGHT, class_="base"))
    parts += _words(band, law, across)
    scale = _decades(start, stop)
    parts += ticks(scale, [_power(tick) for tick in scale.ticks], HEIGHT)
    return svg.tag(
        "svg",
        "".join(parts),
        class_="hist axes",
        width="100%",
        height=HEIGHT + AXIS,
        role="img",
        aria_label=alt,
    )


def _merged(counts: Sequence[int], count: int) -> list[int]:
    """Wider bins where there are few values, so that they do not look like a comb."""
    wanted = max(8, 2 * math.isqrt(max(count, 1)))
    factor = next((n for n in (1, 2, 3, 4, 6) if len(counts) % n == 0 and len(counts) / n <= wanted), 1)
    return [sum(counts[at : at + factor]) for at in range(0, len(counts), factor)]


def _band(noise: RandomBaseline | None, least: float) -> tuple[float, float] | None:
    """The decimal logarithms of the eigenvalues between which noise stays, from `least` on."""
    if noise is None or noise.high_margin <= 0:
        return None
    top = 2 * math.log10(noise.high_margin)
    bottom = 2 * math.log10(noise.low_margin) if noise.low_margin > 0 else least
    return max(bottom, min(least, top)), top


def _grid(most: int, height: Scale) -> list[str]:
    parts = []
    number = 1
    while number <= max(most, 1):
        y = round(HEIGHT * (1 - height(number) / UNITS), 1)
        parts.append(svg.tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(svg.text(f"{number:,}", x=-6, y=y + 3.5, text_anchor="end"))
        number *= 10
    return parts


def _hill(noise: RandomBaseline, count: int, width: float, across: Across, height: Scale) -> str:
    """How many of `count` eigenvalues of noise each bin would hold: per unit of ln x,
    sqrt((b - x)(x - a)) / (pi/2 (sqrt b - sqrt a)^2) of all (Marchenko and Pastur 1967)."""
    a, b = noise.low**2, noise.high**2
    whole = math.pi / 2 * (noise.high - noise.low) ** 2
    if not (math.isfinite(b) and whole > 0):
        return ""
    bottom = max(math.log(a), math.log(b) - 14) if a > 0 else math.log(b) - 14
    top = math.log(b)
    points = []
    for step in range(_STEPS + 1):
        # Closer together at the edges, where the hill is steep.
        at = bottom + (top - bottom) * (1 - math.cos(math.pi * step / _STEPS)) / 2
        x = math.exp(at)
        share = math.sqrt(max(b - x, 0.0) * max(x - a, 0.0)) / whole
        points.append((across(at / math.log(10)), height(count * share * width * math.log(10))))
    return svg.tag("path", d=_path(points), class_="noise")


def _line(law: PowerLaw, width: float, stop: float, across: Across, height: Scale) -> str:
    first = math.log10(law.xmin)
    scale = law.tail * (law.alpha - 1) * width * math.log(10)

    def expected(log10: float) -> float:
        return scale * math.pow(10.0, max((first - log10) * (law.alpha - 1), -300.0))

    # Straight down to the base line, or to the edge of the picture.
    end = min(stop, first + math.log10(max(scale / _LEAST, 1.0)) / max(law.alpha - 1, 1e-9))
    points = [(across(log10), height(expected(log10))) for log10 in (first, max(end, first))]
    return svg.tag("path", d=_path(points), class_="fit")


def _path(points: Sequence[tuple[float, int]]) -> str:
    """A line through points given as a share across and a height, in whole coordinates."""
    steps = []
    before: tuple[int, int] | None = None
    for share, height in points:
        here = (round(WIDE * min(max(share, -1.0), 2.0)), UNITS - height)
        if before is None:
            steps.append(f"M{here[0]} {here[1]}l")
        elif here != before:
            steps.append(f"{here[0] - before[0]} {here[1] - before[1]} ")
        before = here
    return "".join(steps).strip()


def _words(band: tuple[float, float] | None, law: PowerLaw | None, across: Across) -> list[str]:
    """Labels on the data: the band's name above it, the power law's at its start."""
    parts = []
    if band:
        middle = min(max((across(band[0]) + across(band[1])) / 2, 0.12), 0.88)
        parts.append(svg.text("random", x=svg.percent(middle), y=11, class_="word"))
    if law and law.xmin > 0:
        at = across(math.log10(law.xmin))
        parts.append(
            svg.tag("line", x1=svg.percent(at), x2=svg.percent(at), y1=18, y2=HEIGHT, class_="xmin")
        )
        anchor = "start" if at < 0.8 else "end"
        parts.append(
            svg.text(
                f"α {law.alpha:.2f}",
                x=svg.percent(at),
                dx=4 if anchor == "start" else -4,
                y=27,
                text_anchor=anchor,
                class_="law",
            )
        )
    return parts


def _decades(start: float, stop: float) -> axis.Axis:
    """Whole powers of ten, at most six; 1, 2 and 5 times them where there are too few."""
    first, last = math.ceil(start), math.floor(stop)
    stride = max(1, math.ceil((last - first + 1) / 6))
    marks = [float(power) for power in range(first, last + 1, stride)]
    if len(marks) < 2:
        fine = [power + math.log10(factor) for power in range(first - 1, last + 1) for factor in (1, 2, 5)]
        marks = [mark for mark in fine if start < mark < stop]
    return axis.Axis(start, stop, "linear", tuple(marks))


def _power(log10: float) -> str:
    power = math.floor(log10 + 1e-9)
    factor = round(math.pow(10.0, log10 - power))
    return f"{factor * math.pow(10.0, power):g}" if -4 < power < 5 else f"{factor}e{power}"
