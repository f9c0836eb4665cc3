"""Low-rank adapters: how far each changes the layer that it is for."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Adapter, Report, numbers
from pthreport.draw import strip
from pthreport.render.page.groups import groups
from pthreport.render.page.index import Index
from pthreport.render.page.strip import MOST_COLUMNS
from pthreport.render.page.table import Cell, FiguresTable, Row, figures, number, share, text_column
from pthreport.render.page.text import plain

MOST_ROWS = 250
MOST_PROBLEMS = 20

HEAD = (
    "Rank",
    "Scale",
    "Norm",
    "Spectral norm",
    "Stable rank",
    "Effective rank",
    "Of weight",
)


@dataclass(frozen=True)
class AdaptersView:
    """The section: `problems` are those whose factors were not multiplied, and why."""

    total: int
    parameters: int
    sentences: tuple[str, ...]
    picture: Markup
    links: Markup
    table: FiguresTable | None
    problems: tuple[tuple[str, str], ...]
    problems_left_out: int


def adapters(report: Report, index: Index, has: frozenset[str]) -> AdaptersView | None:
    """The section of `report`, None where no model has an adapter; `has` are the anchors on the page."""
    found = [adapter for model in report.models for adapter in model.adapters]
    if not found:
        return None
    fine = [adapter for adapter in found if not adapter.problem]
    broken = [adapter for adapter in found if adapter.problem]
    drawn = _drawn(fine, index, has)
    return AdaptersView(
        total=len(found),
        parameters=sum(adapter.parameters for adapter in found),
        sentences=report.captions.adapters,
        picture=Markup(drawn.picture if drawn else ""),
        links=Markup(drawn.links if drawn else ""),
        table=_table(fine, index, has) if fine else None,
        problems=tuple((adapter.target, adapter.problem) for adapter in broken[:MOST_PROBLEMS]),
        problems_left_out=max(len(broken) - MOST_PROBLEMS, 0),
    )


def _anchor(adapter: Adapter, index: Index, has: frozenset[str]) -> str | None:
    for path in (adapter.base, adapter.b, adapter.a):
        key = index.layer_of.get(path or "")
        anchor = index.layer_anchors[key] if key else None
        if anchor in has:
            return anchor
    return None


def _table(fine: Sequence[Adapter], index: Index, has: frozenset[str]) -> FiguresTable:
    """The figures of the largest adapters, in model order."""
    named = any(adapter.name for adapter in fine)
    forms = len({adapter.form for adapter in fine}) > 1
    largest = sorted(range(len(fine)), key=lambda at: (-fine[at].parameters, at))[:MOST_ROWS]
    rows = []
    for at in sorted(largest):
        adapter = fine[at]
        texts = [adapter.name] * named + [adapter.form] * forms
        texts.append(numbers.shape(adapter.shape) if adapter.shape else "")
        cells = (
            number(adapter.rank),
            number(adapter.scale),
            number(adapter.delta_norm),
            number(adapter.spectral_norm),
            number(adapter.stable_rank),
            number(adapter.effective_rank),
            share(adapter.relative),
        )
        rows.append(
            Row(adapter.target or "(root)", _anchor(adapter, index, has), (*map(Cell, texts), *cells))
        )
    heads = ["Adapter"] * named + ["Form"] * forms + ["Change"]
    return FiguresTable(
        label="Figures of every adapter",
        caption="Figures of every adapter; the last column is the norm of the change over that of the weight",
        first="Layer",
        columns=(*map(text_column, heads), *figures(HEAD)),
        rows=tuple(rows),
        group="Adapters",
        what="adapters",
        left_out=len(fine) - len(rows),
    )


def _drawn(fine: Sequence[Adapter], index: Index, has: frozenset[str]) -> strip.Strip | None:
    """The changes over the layers in model order."""
    drawn = [adapter for adapter in fine if adapter.delta_norm is not None][:MOST_COLUMNS]
    if len(drawn) < 2:
        return None
    columns = []
    for adapter in drawn:
        note = [plain(adapter.target), f"rank {adapter.rank}, change {numbers.value(adapter.delta_norm)}"]
        if adapter.relative is not None:
            note.append(f"{numbers.percent(adapter.relative)} of the weight")
        note.append(f"effective rank {numbers.value(adapter.effective_rank)}")
        anchor = _anchor(adapter, index, has)
        columns.append(strip.Column("\n".join(note), f"#{anchor}" if anchor else None))
    relative = all(adapter.relative is not None for adapter in drawn)
    size = strip.Row(
        "Norm of the change over that of the weight, log scale"
        if relative
        else "Norm of the change (Frobenius), log scale",
        tuple(adapter.relative if relative else adapter.delta_norm for adapter in drawn),
        "log",
    )
    used = strip.Row(
        "Effective rank of the change, share of its rank", tuple(a.rank_share for a in drawn), "share"
    )
    alt = f"Changes of {len(drawn)} layers by low-rank adapters."
    return strip.depth_strip(columns, [size, used], groups([a.target for a in drawn]), alt)
