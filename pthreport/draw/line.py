"""A line over steps: schedules and histories, with axes, units and the present place marked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pthreport.draw import axis, svg
from pthreport.draw.histogram import ticks

HEIGHT = 112
AXIS = 20
WIDE, HIGH = 1000, 200
MOST = 400
"""Points of one line; more are thinned, the least and the largest of each stretch kept."""


@dataclass(frozen=True)
class Line:
    """One line: rising `xs`, their `ys`, and the word at its end ("" for none)."""

    xs: Sequence[float]
    ys: Sequence[float]
    word: str = ""


@dataclass(frozen=True)
class Mark:
    """A place on the line: a dot with a word beside it."""

    x: float
    y: float
    word: str


Scale = Literal["zero", "around", "log"]
"""Where the vertical axis starts: at zero, near the values, or at a power of ten."""

WIDE_RANGE = 50.0
"""From this ratio of the largest to the smallest on, a chart of positive numbers is logarithmic."""


def scale_of(lines: Sequence[Line]) -> Scale:
    """The scale on which `lines` can be read."""
    known = [y for line in lines for y in line.ys if math.isfinite(y)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if low > 0 and high / low > WIDE_RANGE:
        return "log"
    return "zero" if 0 <= low < 0.5 * high else "around"


def line_chart(
    lines: Sequence[Line], alt: str, mark: Mark | None = None, *, scale: Scale = "around"
) -> str:
    """Up to three `lines` on common axes; the vertical one starts at zero, near the values, or is
    logarithmic (what is not above zero then leaves a gap, like what is not finite).

    The axes carry no titles: they stand in the words above the picture.
    """
    xs = [x for line in lines for x in line.xs if math.isfinite(x)]
    known = [y for line in lines for y in line.ys if math.isfinite(y) and (scale != "log" or y > 0)]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if scale == "log":
        upright = axis.logarithmic(known, most=4)
    elif scale == "zero" and low >= 0:
        upright = axis.zero_based(high)
    else:
        upright = _around(low, high)
    level = axis.linear(min(xs, default=0.0), max(xs, default=1.0))
    parts = []
    for tick in upright.ticks:
        y = round(HEIGHT * (1 - upright.share(tick)), 1)
        parts.append(svg.tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(svg.text(upright.label(tick), x=-6, y=y + 3.5, text_anchor="end"))
    drawn = ""
    ends: list[tuple[float, float, str, int]] = []
    for number, line in enumerate(lines[:3]):
        pairs = [(x, y) for x, y in zip(line.xs, line.ys, strict=True) if math.isfinite(x)]
        shares: list[tuple[float, float | None]] = [
            (level.share(x), upright.share(y) if math.isfinite(y) and (scale != "log" or y > 0) else None)
            for x, y in _thin(pairs)
        ]
        drawn += svg.tag("path", d=_path(shares), class_=f"curve c{number}")
        last = [(x, y) for x, y in shares if y is not None][-1:]
        ends += [(x, HEIGHT * (1 - y), line.word, number) for x, y in last if line.word]
    parts.append(svg.frame(WIDE, HIGH, drawn, width="100%", height=HEIGHT, overflow="visible"))
    parts += _end_words(ends)
    if mark is not None:
        parts += _mark(level.share(mark.x), HEIGHT * (1 - upright.share(mark.y)), mark.word)
    parts.append(svg.tag("line", x1=0, x2="100%", y1=HEIGHT, y2=HEIGHT, class_="base"))
    whole = [tick for tick in level.ticks if tick == round(tick)] or list(level.ticks)
    steps = axis.Axis(level.low, level.high, "linear", tuple(whole))
    parts += ticks(steps, [_step(tick, steps) for tick in whole], HEIGHT)
    return svg.tag(
        "svg",
        "".join(parts),
        class_="hist axes line",
        width="100%",
        height=HEIGHT + AXIS,
        role="img",
        aria_label=alt,
    )


def _end_words(ends: Sequence[tuple[float, float, str, int]]) -> list[str]:
    """The lines' words above their ends, moved apart where they would overlap."""
    parts = []
    before = -20.0
    for share, y, word, number in sorted(ends, key=lambda end: end[1]):
        at = max(y - 5, before + 12, 10)
        before = at
        parts.append(
            svg.text(
                word, x=svg.percent(share), y=round(at, 1), text_anchor="end", class_=f"word c{number}"
            )
        )
    return parts


def _around(low: float, high: float) -> axis.Axis:
    """An axis that reaches to the next round numbers on both sides."""
    rough = axis.linear(low, high, 3)
    for wanted in (4, 5, 6):
        if len(rough.ticks) < 2:
            rough = axis.linear(low, high, wanted)
    if len(rough.ticks) < 2 or not math.isfinite(rough.high - rough.low):
        return rough
    step = rough.ticks[1] - rough.ticks[0]
    first, last = math.floor(rough.low / step + 1e-9), math.ceil(rough.high / step - 1e-9)
    return axis.Axis(
        first * step, last * step, "linear", tuple(index * step for index in range(first, last + 1))
    )


def _thin(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    if len(pairs) <= MOST:
        return list(pairs)
    kept: list[tuple[float, float]] = []
    stretch = 2 * len(pairs) / MOST
    for number in range(MOST // 2):
        part = range(round(number * stretch), min(round((number + 1) * stretch), len(pairs)))
        finite = [index for index in part if math.isfinite(pairs[index][1])]
        if not finite:
            kept += [pairs[index] for index in part[:1]]
            continue
        ends = {
            min(finite, key=lambda index: pairs[index][1]),
            max(finite, key=lambda index: pairs[index][1]),
        }
        kept += [pairs[index] for index in sorted(ends)]
    return kept


def _path(shares: Sequence[tuple[float, float | None]]) -> str:
    """Whole coordinates, each point relative to the one before; a gap starts a new stretch."""
    text: list[str] = []
    before: tuple[int, int] | None = None
    for x, y in shares:
        if y is None:
            before = None
            continue
        here = (round(WIDE * x), round(HIGH * (1 - y)))
        if before is None:
            # A point alone is a dot: a line of no length with a round end.
            text.append(f"M{here[0]} {here[1]}l0 0")
        elif here != before:
            text.append(f" {here[0] - before[0]} {here[1] - before[1]}")
        before = here
    return "".join(text)


def _mark(share: float, y: float, word: str) -> list[str]:
    at = svg.percent(share)
    y = round(y, 1)
    right = share < 0.7
    # Above the dot where there is room, so that the line does not run through the word.
    beside = y - 8 if y > 24 else y + 18
    return [
        svg.tag("line", x1=at, x2=at, y1=0, y2=HEIGHT, class_="at"),
        svg.tag("circle", cx=at, cy=y, r=4, class_="now"),
        svg.text(
            word,
            x=at,
            y=round(beside, 1),
            dx=8 if right else -8,
            text_anchor="start" if right else "end",
            class_="word",
        ),
    ]


def _step(tick: float, scale: axis.Axis) -> str:
    if tick == round(tick) and abs(tick) < 1e15:
        number = round(tick)
        if abs(number) >= 10_000:
            return f"{number / 1000:,g} k" if abs(number) < 1e6 else f"{number / 1e6:,g} M"
        return f"{number:,}"
    return scale.label(tick)
