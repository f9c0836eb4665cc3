"""Findings for the page: by severity, each with its places as links and its details drawn."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import get_args

from markupsafe import Markup

from pthreport.document import (
    BytesDetail,
    Detail,
    Finding,
    HistogramDetail,
    LayerDetail,
    NumberDetail,
    PictureDetail,
    Report,
    TableDetail,
    TextDetail,
    numbers,
)
from pthreport.document.finding import Category
from pthreport.draw import histogram, tiles
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.index import Index
from pthreport.render.page.levels import ORDER, WORDS, Level, is_open
from pthreport.render.page.text import plain

CATEGORIES: tuple[Category, ...] = get_args(Category)
_FIGURE = re.compile(r"[-−]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?( ?%)?")


@dataclass(frozen=True)
class Place:
    """Where a finding points: a name, and the anchor to it where the page has one."""

    path: str
    anchor: str | None
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table detail, bounded; the cells that name one of the finding's layers are links to it."""

    head: tuple[str, ...]
    rows: tuple[tuple[Place, ...], ...]
    figures: tuple[bool, ...]
    """Whether a column holds nothing but figures."""
    left_out: int


@dataclass(frozen=True)
class Figure:
    """A picture detail."""

    label: str
    picture: Markup


@dataclass(frozen=True)
class Reference:
    """A paper or a page that a finding refers to, and whether it is an address."""

    text: str
    link: bool


@dataclass(frozen=True)
class FindingView:
    """One finding; details come sorted into the kinds that the template draws."""

    finding: Finding
    level: Level
    word: str
    anchor: str
    places: tuple[Place, ...]
    places_left_out: int
    texts: tuple[str, ...]
    figures: tuple[tuple[str, str, str], ...]
    tables: tuple[Table, ...]
    pictures: tuple[Figure, ...]
    details_left_out: int
    remedy: str
    references: tuple[Reference, ...]
    unfolded: bool


@dataclass(frozen=True)
class FindingsView:
    """Open findings worst first; passed and not applicable checks folded away, by what they are about."""

    open: tuple[FindingView, ...]
    closed: tuple[tuple[Category, tuple[FindingView, ...]], ...]
    passed: int
    skipped: int


def findings(report: Report, index: Index, has: frozenset[str], bounds: Bounds = PAGE) -> FindingsView:
    """All findings of `report`; `has` are the anchors of layers and tensors that the page holds."""
    order = sorted(
        range(len(report.findings)), key=lambda number: (ORDER.index(index.levels[number]), number)
    )
    views = [_view(report.findings[number], number, index, has, bounds) for number in order]
    closed = [view for view in views if not is_open(view.level)]
    closed.sort(key=lambda view: CATEGORIES.index(view.finding.category))
    return FindingsView(
        open=tuple(view for view in views if is_open(view.level)),
        closed=tuple(
            (category, tuple(those))
            for category, those in groupby(closed, lambda view: view.finding.category)
        ),
        passed=sum(view.level == "pass" for view in closed),
        skipped=sum(view.level == "skip" for view in closed),
    )


def place(path: str, index: Index, has: frozenset[str], note: str = "") -> Place:
    """A path with the anchor of its layer or tensor, where the page shows it."""
    anchor = index.tensor_anchors.get(path)
    if path in index.layer_of:
        anchor = index.layer_anchors[index.layer_of[path]]
    return Place(path, anchor if anchor in has else None, note)


def _view(finding: Finding, number: int, index: Index, has: frozenset[str], bounds: Bounds) -> FindingView:
    shown = index.levels[number]
    details = finding.details[: bounds.details]
    links = [detail for detail in details if isinstance(detail, LayerDetail)]
    linked = {detail.path for detail in links}
    paths = [place(detail.path, index, has, detail.note) for detail in links]
    paths += [place(path, index, has) for path in finding.where if path not in linked]
    known = _names(paths, index)
    tables = [
        _table(detail, known, bounds.evidence) for detail in details if isinstance(detail, TableDetail)
    ]
    paths = _not_in(tables, paths, known)
    return FindingView(
        finding=finding,
        level=shown,
        word=WORDS[shown],
        anchor=index.finding_anchors[number],
        places=tuple(paths[: bounds.places]),
        places_left_out=max(len(paths) - bounds.places, 0),
        texts=tuple(detail.text for detail in details if isinstance(detail, TextDetail)),
        figures=tuple(figure for detail in details if (figure := _figure(detail))),
        tables=tuple(tables),
        pictures=tuple(picture for detail in details if (picture := _picture(detail))),
        details_left_out=len(finding.details) - len(details),
        remedy=finding.remedy if shown != "pass" else "",
        references=tuple(
            Reference(text, text.startswith("https://") and " " not in text)
            for text in finding.reference.split("; ")
            if text
        ),
        unfolded=shown in ("error", "crash", "warning"),
    )


def _figure(detail: Detail) -> tuple[str, str, str] | None:
    """Label, text and exact form of a number or a size."""
    if isinstance(detail, NumberDetail):
        unit = f" {detail.unit}" if detail.unit else ""
        return detail.label, numbers.value(detail.value) + unit, numbers.exact(detail.value)
    if isinstance(detail, BytesDetail):
        return detail.label, numbers.size(detail.value), numbers.plural(detail.value, "byte")
    return None


def _names(places: list[Place], index: Index) -> Mapping[str, Place]:
    """The places by what a table calls them: a layer by its name, a tensor by its name or its path. A name
    that two of them have, in two models, leads to neither."""
    found: dict[str, dict[str | None, Place]] = {}
    for spot in places:
        key, tensor = index.layer_of.get(spot.path), index.tensors.get(spot.path)
        names = {spot.path, key[1] if key else spot.path, tensor.name if tensor else spot.path}
        for name in names:
            found.setdefault(name, {}).setdefault(spot.anchor, spot)
    return {name: next(iter(spots.values())) for name, spots in found.items() if len(spots) == 1}


def _table(detail: TableDetail, known: Mapping[str, Place], most: int) -> Table:
    rows = detail.rows[:most]
    return Table(
        detail.head,
        tuple(
            tuple(Place(cell, known[cell].anchor if cell in known else None) for cell in row)
            for row in rows
        ),
        tuple(all(_FIGURE.fullmatch(cell) for cell in column) for column in zip(*rows, strict=False)),
        detail.left_out + len(detail.rows) - len(rows),
    )


def _not_in(tables: list[Table], places: list[Place], known: Mapping[str, Place]) -> list[Place]:
    """The places that no table shows with its figures; those that it leaves out, it counts."""
    anchors: set[str] = set()
    for table in tables:
        here = {cell.anchor for row in table.rows for cell in row if cell.anchor}
        if here and table.left_out:
            anchors |= {spot.anchor for spot in known.values() if spot.anchor}
        anchors |= here
    return [spot for spot in places if spot.note or spot.anchor not in anchors]


def _picture(detail: Detail) -> Figure | None:
    if isinstance(detail, HistogramDetail):
        drawn = histogram.linear_histogram(
            detail.histogram,
            {},
            None,
            f"{plain(detail.label)}: histogram from {numbers.value(detail.histogram.low)} to "
            f"{numbers.value(detail.histogram.high)}",
        )
        return Figure(detail.label, Markup(drawn))
    if isinstance(detail, PictureDetail):
        try:
            montage = tiles.montage(detail.picture, 8)
        except tiles.PictureError:
            return None
        alt = f"{plain(detail.label)}: values within ±{numbers.value(detail.picture.scale)}"
        return Figure(detail.label, Markup(tiles.montage_svg(montage, tiles.zoom_for(montage, 320), alt)))
    return None
