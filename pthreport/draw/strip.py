"""The depth strip: every layer a thin column in model order, rows of small multiples.

Findings stand as marks on top, modules as brackets below. All rows share the columns, so that an eye
can run down one layer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pthreport.document import Band, numbers
from pthreport.draw import axis, svg

MARKS = 20
TITLE = 22
PLOT = 64
GAP = 8
BRACKET = 20
MOST_LINKS = 600
MOST_SHAPES = 80
"""Marked columns up to which each has its shape and a line down all rows; more would hide what they mark."""
PAGE, LETTER, SHORTEST = 1000, 7, 48
"""Pixels of a usual page and of a letter; a label with less room than this is left to the tooltip."""


@dataclass(frozen=True)
class Column:
    """One layer: what a pointer reads, where a click leads, how it is coloured, its worst finding."""

    note: str
    href: str | None = None
    family: Literal["weight", "norm"] = "weight"
    mark: str | None = None


@dataclass(frozen=True)
class Row:
    """One quantity over the columns, None where a layer has none. Where `empty` is not "", it is
    said instead of drawing the values. `band` is the usual range of the values. The scale starts counting at
    `origin`; what is larger than `most` is drawn as large as that."""

    title: str
    values: tuple[float | None, ...]
    scale: Literal["log", "share", "linear"]
    empty: str = ""
    band: Band | None = None
    origin: float = 0.0
    most: float = math.inf

    @property
    def drawn(self) -> tuple[float | None, ...]:
        """The values as they are drawn, None where there is nothing to draw."""
        return tuple(
            min(value - self.origin, self.most) if value is not None and math.isfinite(value) else None
            for value in self.values
        )

    @property
    def said(self) -> str:
        """What is said instead of drawing: `empty`, or that no value can be drawn."""
        known = [value for value in self.drawn if value is not None]
        if self.empty or not known:
            return self.empty or "none is known"
        return "all are zero" if self.scale == "log" and max(known) <= 0 else ""

    @property
    def cut(self) -> bool:
        """Whether a value is larger than what is drawn of it."""
        return any(value is not None and value - self.origin > self.most for value in self.values)


@dataclass(frozen=True)
class Group:
    """A run of columns that belong to one module: [start, stop), on bracket line `line`."""

    label: str
    note: str
    start: int
    stop: int
    line: int = 0


@dataclass(frozen=True)
class Strip:
    """The picture and the layer of links that lies over it; `height` in pixels is both's."""

    picture: str
    links: str
    height: int


def depth_strip(columns: Sequence[Column], rows: Sequence[Row], groups: Sequence[Group], alt: str) -> Strip:
    """Draw `rows` over `columns`; every row has as many values as there are columns. `alt` is followed by the
    range of each row."""
    count = len(columns)
    parts: list[str] = []
    top = MARKS if any(column.mark for column in columns) else 0
    lines = max((group.line for group in groups), default=-1) + 1
    plots = top + sum(TITLE if row.said else TITLE + PLOT + GAP for row in rows)
    height = plots + BRACKET * lines
    for group in groups:
        if group.line == 0 and group.start:
            at = svg.percent(group.start / count)
            parts.append(svg.tag("line", x1=at, x2=at, y1=top, y2=plots, class_="group"))
    parts += _marks(columns, plots)
    for row in rows:
        parts.append(svg.text(row.title, x=0, y=top + 15, class_="title"))
        if row.said:
            parts.append(svg.text(row.said, x="100%", y=top + 15, text_anchor="end", class_="said"))
            top += TITLE
            continue
        parts.append(_row(row, columns, top + TITLE))
        top += TITLE + PLOT + GAP
    parts += [_bracket(group, count, plots) for group in groups]
    words = " ".join([alt, *map(_range, rows)])
    picture = svg.tag(
        "svg", "".join(parts), class_="strip", width="100%", height=height, role="img", aria_label=words
    )
    return Strip(picture, _links(columns, height), height)


def _range(row: Row) -> str:
    """Between which values a row's columns lie, in words."""
    known = [value for value in row.drawn if value is not None]
    if not known:
        return ""
    show = numbers.percent if row.scale == "share" else numbers.value
    return f"{row.title.partition(':')[0]} from {show(min(known))} to {show(max(known))}."


def _row(row: Row, columns: Sequence[Column], top: int) -> str:
    scale = _scale(row)
    parts = _band(row, scale, top)
    parts += [svg.tag("line", x1=0, x2="100%", y1=top + PLOT, y2=top + PLOT, class_="group-base")]
    for tick in scale.ticks:
        y = round(top + PLOT * (1 - scale.share(tick)), 1)
        label = f"{tick * 100:g} %" if row.scale == "share" else scale.label(tick)
        parts.append(svg.tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(svg.text(label, x=-6, y=y + 3.5, text_anchor="end"))
    # Thin columns: of about a thousand pixels, each takes thirty at most.
    gap = max(0.12, (1 - len(columns) / 32) / 2) if len(columns) <= 250 else 0.0
    width = svg.number(1 - 2 * gap)
    stems: dict[str, list[str]] = {"weight": [], "norm": []}
    caps: dict[str, list[str]] = {"weight": [], "norm": []}
    for index, (value, column) in enumerate(zip(row.drawn, columns, strict=True)):
        if value is None:
            continue
        at = svg.number(100 * (1 - scale.share(value)))
        x = svg.number(index + gap)
        stems[column.family].append(f"M{x} 100V{at}h{width}V100z")
        caps[column.family].append(f"M{x} {at}h{width}")
    paths = "".join(
        svg.tag("path", d="".join(data), class_=f"{kind} {family}")
        for kind, data_of in (("stem", stems), ("cap", caps))
        for family, data in data_of.items()
        if data
    )
    parts.append(svg.frame(len(columns), 100, paths, y=top, width="100%", height=PLOT))
    return "".join(parts)


def _scale(row: Row) -> axis.Axis:
    """An axis that reaches the band's edges; a logarithmic one no more than a decade beyond the values for them."""
    known = [value for value in row.drawn if value is not None]
    edges = [] if row.band is None else [row.band.low, row.band.high]
    if row.scale != "log":
        return axis.zero_based(max([*known, *edges], default=0))
    positive = [value for value in known if value > 0]
    if edges and positive:
        edges = [max(edges[0], min(positive) / 10), min(edges[1], max(positive) * 10)]
    return axis.logarithmic([*known, *edges], most=3)


def _band(row: Row, scale: axis.Axis, top: int) -> list[str]:
    if row.band is None:
        return []
    low, high = (top + PLOT * (1 - scale.share(edge)) for edge in (row.band.low, row.band.high))
    area = svg.tag("rect", width="100%", y=round(high, 1), height=round(low - high, 1), class_="band")
    words = row.band.words + (f"; drawn up to {row.most:g}" if row.cut else "")
    # At the right of the title's line, where no column can run through it.
    return [
        area,
        svg.text(words, x="100%", y=top - TITLE + 15, text_anchor="end", class_="said band-word"),
    ]


def _marks(columns: Sequence[Column], bottom: int) -> list[str]:
    marked = [(index, column.mark) for index, column in enumerate(columns) if column.mark]
    parts = []
    for index, level in marked:
        at = svg.percent((index + 0.5) / len(columns))
        few = len(marked) <= MOST_SHAPES
        start, stop = (16, bottom) if few else (4, MARKS - 4)
        parts.append(svg.tag("line", x1=at, x2=at, y1=start, y2=stop, class_=f"mark {level}"))
        if few:
            use = svg.tag("use", href=f"#i-{level}", x=-6, y=2, width=12, height=12, class_=level)
            parts.append(svg.tag("svg", use, x=at, overflow="visible"))
    return parts


def _bracket(group: Group, count: int, top: int) -> str:
    start, width = svg.percent(group.start / count), svg.percent((group.stop - group.start) / count)
    y = top + BRACKET * group.line
    line = svg.tag("rect", x=start, width=width, y=y + 3, height=1.5, class_="bracket")
    share = (group.stop - group.start) / count
    if share * PAGE < min(len(group.label) * LETTER, SHORTEST):
        return svg.tag("g", svg.title(group.note) + line)
    # A foreign object, since only HTML text can be cut with an ellipsis.
    label = f'<div class="cut">{svg.escape(group.label)}</div>'
    words = svg.tag("foreignObject", label, x=start, width=width, y=y + 5, height=BRACKET - 5)
    return svg.tag("g", svg.title(group.note) + line + words)


def _links(columns: Sequence[Column], height: int) -> str:
    """Transparent columns to point at and click; only marked ones where there are very many.

    Hidden from the keyboard and from screen readers, since the table of layers offers the same links.
    """
    many = len(columns) > MOST_LINKS
    parts = []
    for index, column in enumerate(columns):
        if many and not column.mark:
            continue
        area = svg.tag(
            "rect",
            x=svg.percent(index / len(columns)),
            width=svg.percent(1 / len(columns)),
            height="100%",
        )
        inner = svg.title(column.note) + area
        parts.append(
            svg.tag("a", inner, href=column.href, tabindex=-1) if column.href else svg.tag("g", inner)
        )
    return svg.tag("svg", "".join(parts), class_="hits", width="100%", height=height, aria_hidden="true")
