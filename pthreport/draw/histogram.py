"""Histograms as SVG: one path for the bins, labels that do not stretch."""

import math
import sys
from collections.abc import Mapping, Sequence

from pthreport.document import Histogram
from pthreport.draw import axis, svg

HEIGHT = 96
UNITS = 100
"""The height of an outline in its own coordinates: whole numbers keep its path short."""

AXIS_HEIGHT = 20
BOX_HEIGHT = 14


def linear_histogram(
    histogram: Histogram,
    quantiles: Mapping[str, float],
    mean: float | None,
    alt: str,
    again: str | None = None,
) -> str:
    """The bins over [low, high], zero marked, with the quantiles as a box under them.

    The box spans 25 to 75 %, its line 5 to 95 %, its mark is the median. `again` is the id of the
    small histogram of the same bins, whose outline is then used instead of a second one.
    """
    scale = axis.linear(histogram.low, histogram.high)
    height = HEIGHT + BOX_HEIGHT
    outline = svg.tag("use", href=f"#{again}") if again else None
    parts = [_bins(histogram.counts, outline)]
    if scale.low < 0 < scale.high:
        at = svg.percent(scale.share(0.0))
        parts.append(svg.tag("line", x1=at, x2=at, y1=0, y2=height, class_="zero"))
    if mean is not None and scale.low <= mean <= scale.high:
        at = svg.percent(scale.share(mean))
        parts.append(svg.tag("line", x1=at, x2=at, y1=HEIGHT - 6, y2=HEIGHT, class_="mean"))
    parts.append(_box(quantiles, scale, HEIGHT + BOX_HEIGHT / 2))
    parts += ticks(scale, [scale.label(tick) for tick in scale.ticks], height)
    return _picture(parts, height + AXIS_HEIGHT, alt)


def log_histogram(histogram: Histogram, alt: str) -> str | None:
    """The bins of |w| over powers of two, None where there are none."""
    if histogram.log_low is None or not histogram.log_counts:
        return None
    low, step = histogram.log_low, histogram.log_step
    high = low + step * len(histogram.log_counts)
    stride = max(1, round((high - low) / 5))
    first = -(-int(low) // stride) * stride
    powers = [power for power in range(first, int(high) + 1, stride) if low <= power <= high]
    scale = axis.Axis(low, high, "linear", tuple(float(power) for power in powers))
    labels = [f"2{_superscript(power)}" for power in powers]
    parts = [_bins(histogram.log_counts), *ticks(scale, labels, HEIGHT)]
    return _picture(parts, HEIGHT + AXIS_HEIGHT, alt)


def log_span(histogram: Histogram) -> tuple[float, float] | None:
    """Between which magnitudes the bins over powers of two hold anything, None where none does."""
    used = [at for at, number in enumerate(histogram.log_counts) if number]
    if histogram.log_low is None or not used:
        return None
    low = histogram.log_low + used[0] * histogram.log_step
    high = histogram.log_low + (used[-1] + 1) * histogram.log_step
    return _power_of_two(low), _power_of_two(high)


def _power_of_two(power: float) -> float:
    return math.pow(2.0, power) if power < sys.float_info.max_exp else sys.float_info.max


def small_histogram(histogram: Histogram, alt: str, name: str | None = None) -> str:
    """The bins alone, a word's height, for a cell of a table; `name` is the id of its outline."""
    scale = axis.linear(histogram.low, histogram.high)
    parts = svg.tag("path", id=name, d=_outline(histogram.counts))
    if scale.low < 0 < scale.high:
        at = scale.share(0.0) * len(histogram.counts)
        parts += svg.tag("path", d=f"M{svg.number(at)} 0V{UNITS}", class_="zero")
    words = {"role": "img", "aria_label": alt} if alt else {"aria_hidden": "true"}
    return svg.frame(len(histogram.counts), UNITS, parts, class_="hist small", **words)


def _picture(parts: Sequence[str], height: float, alt: str) -> str:
    return svg.tag(
        "svg", "".join(parts), class_="hist", width="100%", height=height, role="img", aria_label=alt
    )


def _bins(counts: Sequence[int], outline: str | None = None) -> str:
    outline = outline or svg.tag("path", d=_outline(counts))
    return svg.frame(len(counts), UNITS, outline, width="100%", height=HEIGHT) + svg.tag(
        "line", x1=0, x2="100%", y1=HEIGHT, y2=HEIGHT, class_="base"
    )


def _outline(counts: Sequence[int]) -> str:
    """A filled staircase over the bins; a bin that holds anything is at least a hairline high."""
    most = max(counts, default=0)
    if most <= 0:
        return f"M0 {UNITS}h{len(counts)}"
    return staircase([max(round(UNITS * number / most), 1) if number else 0 for number in counts])


def staircase(heights: Sequence[int]) -> str:
    """The path of columns one unit wide, each with its height up to `UNITS`, equal ones in one step."""
    steps: list[str] = []
    at, run = UNITS, 0
    for height in heights:
        y = UNITS - height
        if y != at:
            steps.append(f"h{run}v{y - at}" if run else f"v{y - at}")
            at, run = y, 0
        run += 1
    steps.append(f"h{run}V{UNITS}z")
    return f"M0 {UNITS}{''.join(steps)}"


def _box(quantiles: Mapping[str, float], scale: axis.Axis, middle: float) -> str:
    if not {"0.05", "0.25", "0.5", "0.75", "0.95"} <= quantiles.keys():
        return ""
    at = {key: scale.share(quantiles[key]) for key in ("0.05", "0.25", "0.5", "0.75", "0.95")}
    line = svg.tag(
        "line",
        x1=svg.percent(at["0.05"]),
        x2=svg.percent(at["0.95"]),
        y1=middle,
        y2=middle,
        class_="whisker",
    )
    box = svg.tag(
        "rect",
        x=svg.percent(at["0.25"]),
        width=svg.percent(max(at["0.75"] - at["0.25"], 0.001)),
        y=middle - 3,
        height=6,
        class_="box",
    )
    median = svg.percent(at["0.5"])
    mark = svg.tag("line", x1=median, x2=median, y1=middle - 4, y2=middle + 4, class_="median")
    return line + box + mark


def ticks(scale: axis.Axis, labels: Sequence[str], top: float) -> list[str]:
    """Marks below a picture at `top` pixels, each with its label."""
    shares = [scale.share(tick) for tick in scale.ticks]
    marks = "".join(f"M{round(share * 1000)} 0v4" for share in shares)
    path = svg.tag("path", d=marks, class_="tick")
    parts = [svg.frame(1000, 4, path, y=top, width="100%", height=4)]
    for share, label in zip(shares, labels, strict=True):
        # A label at the very edge would be cut off, so it leans inwards.
        anchor = "start" if share < 0.04 else "end" if share > 0.96 else None
        parts.append(svg.text(label, x=svg.percent(share), y=top + 16, text_anchor=anchor))
    return parts


def _superscript(power: int) -> str:
    return "".join("⁻" if digit == "-" else "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))
