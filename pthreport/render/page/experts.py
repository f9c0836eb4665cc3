"""Mixtures of experts: how alike the experts are, and how the router treats them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pthreport.document import Experts, Report, numbers
from pthreport.draw import bars
from pthreport.render.page.index import Index
from pthreport.render.page.table import (
    Cell,
    Column,
    FiguresTable,
    Row,
    figures,
    number,
    picture,
    picture_column,
    text_column,
)

MOST_ROWS = 200
MOST_DRAWN = 256

HEAD = ("Least cosine", "Mean", "Largest", "Duplicates")


@dataclass(frozen=True)
class ExpertsView:
    """The section."""

    table: FiguresTable
    sentences: tuple[str, ...]
    total: int


def experts(report: Report, index: Index, has: frozenset[str]) -> ExpertsView | None:
    """The section of `report`, None where no model has a mixture; `has` are the anchors on the page."""
    found = [one for model in report.models for one in model.experts]
    if not found:
        return None
    table = FiguresTable(
        label="Figures of every mixture",
        caption="Figures of every mixture; norms of all their weights and of the router's rows, cosines between two "
        "experts' weights",
        first="Mixture",
        columns=(
            Column("Experts", explained=False),
            Column("Each", explained=False),
            text_column("Experts' norms"),
            picture_column("Experts' norms"),
            *figures(HEAD),
            text_column("Router's norms"),
            picture_column("Router's norms"),
        ),
        rows=tuple(_row(one, index, has) for one in found[:MOST_ROWS]),
        group="Experts",
        what="mixtures",
        left_out=max(len(found) - MOST_ROWS, 0),
    )
    return ExpertsView(table, report.captions.experts, len(found))


def _row(one: Experts, index: Index, has: frozenset[str]) -> Row:
    key = index.layer_of.get(one.router_weight)
    anchor = index.layer_anchors[key] if key else None
    held = len(one.numbers)
    about = "≈ " if one.cosine_basis == "estimated" else ""
    return Row(
        name=one.at or one.router,
        anchor=anchor if anchor in has else None,
        cells=(
            Cell(str(one.count) if held == one.count else f"{held} of {one.count}", str(held)),
            Cell(numbers.count(one.parameters), str(one.parameters)),
            *_norms(one.norms, "experts"),
            number(one.cosine_min, about),
            number(one.cosine_mean, about),
            number(one.cosine_max, about),
            number(one.duplicate_pairs if one.cosine_max is not None else None),
            *_norms(one.router_norms, "rows of the router"),
        ),
    )


def _norms(norms: Sequence[float], of: str) -> tuple[Cell, Cell]:
    """The span of the norms in words, and the norms drawn."""
    span = bars.span(norms)
    if span is None:
        return Cell(numbers.DASH), Cell("")
    words = f"{numbers.value(span[0])} to {numbers.value(span[1])}"
    if len(norms) < 2:
        return Cell(words), Cell("")
    alt = f"Norms of {len(norms)} {of}: {words}."
    return Cell(words), picture(bars.unit_norms(norms[:MOST_DRAWN], alt, height=20))
