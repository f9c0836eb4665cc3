"""Histograms as SVG: one path for the bins, labels that do not stretch."""

from collections.abc import Mapping, Sequence

from pthreport.document import Histogram
from pthreport.draw import axis, svg

HEIGHT = 96
AXIS_HEIGHT = 20
BOX_HEIGHT = 14


def linear_histogram(
    histogram: Histogram, quantiles: Mapping[str, float], mean: float | None, alt: str
) -> str:
    """The bins over [low, high], zero marked, with the quantiles as a box under them.

    The box spans 25 to 75 %, its line 5 to 95 %, its mark is the median.
    """
    scale = axis.linear(histogram.low, histogram.high)
    height = HEIGHT + BOX_HEIGHT
    parts = [_bins(histogram.counts, HEIGHT)]
    if scale.low < 0 < scale.high:
        at = svg.percent(scale.share(0.0))
        parts.append(svg.tag("line", x1=at, x2=at, y1=0, y2=height, class_="zero"))
    if mean is not None and scale.low <= mean <= scale.high:
        at = svg.percent(scale.share(mean))
        parts.append(svg.tag("line", x1=at, x2=at, y1=HEIGHT - 6, y2=HEIGHT, class_="mean"))
    parts.append(_box(quantiles, scale, HEIGHT + BOX_HEIGHT / 2))
    parts += _ticks(scale, [scale.label(tick) for tick in scale.ticks], height)
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
    parts = [_bins(histogram.log_counts, HEIGHT), *_ticks(scale, labels, HEIGHT)]
    return _picture(parts, HEIGHT + AXIS_HEIGHT, alt)


def small_histogram(histogram: Histogram, alt: str) -> str:
    """The bins alone, a word's height, for a cell of a table."""
    scale = axis.linear(histogram.low, histogram.high)
    parts = svg.tag("path", d=_outline(histogram.counts, 20))
    if scale.low < 0 < scale.high:
        at = scale.share(0.0) * len(histogram.counts)
        parts += svg.tag("path", d=f"M{svg.number(at)} 0V20", class_="zero")
    return svg.frame(len(histogram.counts), 20, parts, class_="hist small", role="img", aria_label=alt)


def _picture(parts: Sequence[str], height: float, alt: str) -> str:
    return svg.tag(
        "svg", "".join(parts), class_="hist", width="100%", height=height, role="img", aria_label=alt
    )


def _bins(counts: Sequence[int], height: int) -> str:
    outline = svg.tag("path", d=_outline(counts, height))
    return svg.frame(len(counts), height, outline, width="100%", height=height) + svg.tag(
        "line", x1=0, x2="100%", y1=height, y2=height, class_="base"
    )


def _outline(counts: Sequence[int], height: int) -> str:
    """A filled staircase over the bins; a bin that holds anything is at least a hairline high."""
    most = max(counts, default=0)
    if most <= 0:
        return f"M0 {height}h{len(counts)}"
    steps: list[str] = []
    at = -1.0
    run = 0
    for bin_count in counts:
        share = bin_count / most
        y = round(height - max(share * height, 0.6 if bin_count else 0.0), 1)
        if y == at:
            run += 1
            continue
        if run:
            steps.append(f"h{run}")
        steps.append(f"V{svg.number(y)}")
        at, run = y, 1
    steps.append(f"h{run}")
    return f"M0 {height}{''.join(steps)}V{height}z"


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


def _ticks(scale: axis.Axis, labels: Sequence[str], top: float) -> list[str]:
    parts = []
    for tick, label in zip(scale.ticks, labels, strict=True):
        share = scale.share(tick)
        at = svg.percent(share)
        # A label at the very edge would be cut off, so it leans inwards.
        anchor = "start" if share < 0.04 else "end" if share > 0.96 else "middle"
        parts.append(svg.tag("line", x1=at, x2=at, y1=top, y2=top + 4, class_="tick"))
        parts.append(svg.text(label, x=at, y=top + 16, text_anchor=anchor))
    return parts


def _superscript(power: int) -> str:
    return "".join("⁻" if digit == "-" else "⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))
