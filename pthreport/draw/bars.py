"""Bars: a share of a whole, a whole cut into parts, one value per unit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pthreport.draw import svg
from pthreport.draw.histogram import UNITS, staircase


@dataclass(frozen=True)
class Segment:
    """A part of a whole: its size, its colour's class, what a pointer reads, where a click leads."""

    size: int
    family: str
    label: str
    note: str
    href: str | None = None


def share_bar(part: float, whole: float = 1.0) -> str:
    """A hairline-high bar, filled by as much of its length as `part` is of `whole`; the number itself is next to it."""
    share = part / whole if whole else 0.0
    filled = svg.tag("rect", width=svg.percent(min(max(share, 0.0), 1.0)), height="100%")
    return svg.tag("svg", filled, class_="bar", aria_hidden="true")


def share_bars(values: Sequence[float]) -> list[str]:
    """A bar for each value, the largest one full."""
    most = max(values, default=0.0)
    return [share_bar(value, most) for value in values]


def span(values: Sequence[float]) -> tuple[float, float] | None:
    """The least and the largest of what a picture shows, None where it shows nothing."""
    return (min(values), max(values)) if values else None


def budget(lines: Sequence[Sequence[Segment]], alt: str, height: int = 28) -> str:
    """The same whole cut more finely from line to line, each segment as wide as its share.

    Segments of one line add up to the whole of the first line's; a label is written where its segment
    is wide enough to be read.
    """
    whole = sum(segment.size for segment in lines[0]) if lines else 0
    if whole <= 0:
        return ""
    parts = []
    for line, segments in enumerate(lines):
        start = 0
        for segment in segments:
            share = segment.size / whole
            if share * 2000 >= 1:
                parts.append(_segment(segment, start / whole, share, line * (height + 2), height))
            start += segment.size
    total = len(lines) * (height + 2) - 2
    return svg.tag(
        "svg", "".join(parts), class_="budget", width="100%", height=total, role="img", aria_label=alt
    )


def _segment(segment: Segment, start: float, share: float, y: int, height: int) -> str:
    at, width = svg.percent(start), svg.percent(share)
    inner = svg.title(segment.note)
    inner += svg.tag("rect", x=at, width=width, y=y, height=height, class_=f"k-{segment.family}")
    if share >= 0.04:
        words = f'<div class="cut">{svg.escape(segment.label)}</div>'
        inner += svg.tag("foreignObject", words, x=at, width=width, y=y, height=height)
    return svg.tag("g", inner)


def unit_norms(norms: Sequence[float], alt: str, dead: Sequence[int] = (), height: int = 40) -> str:
    """A column per unit, as high as its norm (full where that is beyond float64); dead units are marked
    on the base line."""
    most = max((norm for norm in norms if math.isfinite(norm)), default=0.0) or 1.0
    heights = [round(UNITS * norm / most) if math.isfinite(norm) else UNITS for norm in norms]
    inner = svg.tag("path", d=staircase(heights))
    gone = "".join(f"M{index} {UNITS - 10}h1v10h-1z" for index in dead if index < len(norms))
    if gone:
        inner += svg.tag("path", d=gone, class_="dead")
    return svg.frame(
        max(len(norms), 1),
        UNITS,
        inner,
        class_="norms",
        # At most a finger wide each, so that a few units do not look like a bar chart.
        width=len(norms) * 10 if len(norms) < 48 else "100%",
        height=height,
        role="img",
        aria_label=alt,
    )
