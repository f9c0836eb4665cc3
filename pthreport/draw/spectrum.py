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
    band = _band(noise, low - 0.5)
    if band:
        start, stop = min(start, band[0]), max(stop, band[1])
    pad = (stop - start) * 0.02
    start, stop = start - pad, stop + pad
    hill = _hill(noise, count, width) if noise else []
    line = _line(law, width, stop) if law and law.xmin > 0 else []
    most = max(counts, default=1)
    # High enough for the lines too, unless one of them would flatten all else.
    highest = max(most, *(min(number, 100.0 * most) for _, number in [*hill, *line]), 2)
    decades = math.log(highest * 1.6 / _LEAST)

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
    parts += _grid(highest, height)
    bars = svg.tag("path", d=staircase([height(number) for number in counts]))
    at = across(low)
    parts.append(
        svg.frame(
            len(counts), UNITS, bars, x=svg.percent(at), width=svg.percent(across(high) - at), height=HEIGHT
        )
    )
    lines = "".join(
        svg.tag("path", d=_path([(across(x), height(y)) for x, y in found]), class_=name)
        for found, name in ((hill, "noise"), (line, "fit"))
        if found
    )
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


def _grid(most: float, height: Scale) -> list[str]:
    parts = []
    number = 1
    while number <= max(most, 1):
        y = round(HEIGHT * (1 - height(number) / UNITS), 1)
        parts.append(svg.tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(svg.text(f"{number:,}", x=-6, y=y + 3.5, text_anchor="end"))
        number *= 10
    return parts


def _hill(noise: RandomBaseline, count: int, width: float) -> list[tuple[float, float]]:
    """How many of `count` eigenvalues of noise a bin of `width` would hold, over log10 x: per unit of
    ln x, sqrt((b - x)(x - a)) / (pi/2 (sqrt b - sqrt a)^2) of all (Marchenko and Pastur 1967)."""
    a, b = noise.low * noise.low, noise.high * noise.high  # infinite where ** would raise
    if not math.isfinite(b) or noise.high - noise.low <= 0 or b <= 0:
        return []
    whole = math.pi / 2 * (noise.high - noise.low) ** 2
    if whole <= 0:
        return []
    top = math.log(b)
    bottom = max(math.log(a), top - 14) if a > 0 else top - 14
    points = []
    for step in range(_STEPS + 1):
        # Closer together at the edges, where the hill is steep.
        at = bottom + (top - bottom) * (1 - math.cos(math.pi * step / _STEPS)) / 2
        x = math.exp(at)
        share = math.sqrt(max(b - x, 0.0)) * math.sqrt(max(x - a, 0.0)) / whole
        points.append((at / math.log(10), count * share * width * math.log(10)))
    return points


def _line(law: PowerLaw, width: float, stop: float) -> list[tuple[float, float]]:
    """How many eigenvalues a bin of `width` would hold by the law: two points, since it is straight."""
    first = math.log10(law.xmin)
    scale = law.tail * (law.alpha - 1) * width * math.log(10)
    if scale <= 0 or law.alpha <= 1:
        return []
    # Down to the base line, or to the edge of the picture.
    end = max(first, min(stop, first + math.log10(max(scale / _LEAST, 1.0)) / (law.alpha - 1)))
    return [(first, scale), (end, scale * math.pow(10.0, max((first - end) * (law.alpha - 1), -300.0)))]


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
    """Labels on the data: the band's name at its start, the power law's where its tail starts."""
    parts = []
    start = across(band[0]) if band else -1.0
    if band:
        parts.append(
            svg.text("random", x=svg.percent(start), dx=6, y=12, text_anchor="start", class_="word")
        )
    if law and law.xmin > 0:
        at = across(math.log10(law.xmin))
        y = 26 if start - 0.2 < at < start + 0.25 else 12
        right = at < 0.8
        parts.append(
            svg.tag("line", x1=svg.percent(at), x2=svg.percent(at), y1=y - 10, y2=HEIGHT, class_="xmin")
        )
        parts.append(
            svg.text(
                f"α {law.alpha:.2f}",
                x=svg.percent(at),
                dx=5 if right else -5,
                y=y,
                text_anchor="start" if right else "end",
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
