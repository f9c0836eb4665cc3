"""What narrower types would do: savings for the model, signal to noise for each layer."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Layer, Model, Precision, Report, Rounding, TensorRecord, numbers
from pthreport.draw import bars
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.choose import by_interest
from pthreport.render.page.index import Index, captions_of, layer_key
from pthreport.render.page.table import Cell, FiguresTable, Row, figures, text_column
from pthreport.render.page.text import plain

HEAD = ("int8 tensor", "int8 channel", "Gap", "int4 groups", "fp8 e4m3", "fp8 e5m2", "float16", "bfloat16")

Found = Sequence[tuple[Model, Layer, TensorRecord, Precision]]


@dataclass(frozen=True)
class SavingView:
    """One form: the size it would take, as a bar against today's, and what it would cost."""

    form: str
    nbytes: int
    bar: Markup
    saved: str
    exact: str
    cost: str


@dataclass(frozen=True)
class ModelSavings:
    """The forms of one model, with a sentence."""

    heading: str
    nbytes: int
    bar: Markup
    forms: tuple[SavingView, ...]
    sentence: str


@dataclass(frozen=True)
class PrecisionView:
    """The section."""

    savings: tuple[ModelSavings, ...]
    sentences: tuple[str, ...]
    table: FiguresTable | None


def precision(
    report: Report, index: Index, has: frozenset[str], bounds: Bounds = PAGE
) -> PrecisionView | None:
    """The section of `report`, None where nothing was measured; `has` are the anchors on the page."""
    found: list[tuple[Model, Layer, TensorRecord, Precision]] = []
    for model in report.models:
        for layer in model.layer_list:
            record = index.tensors.get(layer.weight or "")
            if record is not None and record.precision is not None and len(record.shape) > 1:
                found.append((model, layer, record, record.precision))
    savings = tuple(_savings(report, model) for model in report.models[: bounds.models] if model.savings)
    if not found and not savings:
        return None
    return PrecisionView(
        savings=savings,
        sentences=report.captions.precision,
        table=_table(report, found, index, has, bounds) if found else None,
    )


def _savings(report: Report, model: Model) -> ModelSavings:
    several = len(report.models) > 1
    return ModelSavings(
        heading=plain(model.label or model.key or "Model") if several else "",
        nbytes=model.bytes,
        bar=Markup(bars.share_bar(1.0)),
        forms=tuple(
            SavingView(
                form=saving.label or saving.form,
                nbytes=saving.left,
                bar=Markup(bars.share_bar(saving.left, model.bytes)),
                saved=f"{numbers.size(saving.saved)} ({numbers.percent(saving.share)})",
                exact=str(saving.saved),
                cost=saving.cost,
            )
            for saving in model.savings
        ),
        sentence=captions_of(report, model).savings,
    )


def _table(report: Report, found: Found, index: Index, has: frozenset[str], bounds: Bounds) -> FiguresTable:
    several = len(report.models) > 1
    pairs = [(layer_key(model, layer), layer) for model, layer, _, _ in found]
    kept = {key for key, _ in by_interest(pairs, index)[: bounds.figures]}
    rows = []
    for model, layer, record, item in found:
        if layer_key(model, layer) not in kept:
            continue
        anchor = index.layer_anchors[layer_key(model, layer)]
        texts = [model.label or model.key or "(root)"] * several + [record.dtype]
        rows.append(
            Row(
                layer.name or "(root)",
                anchor if anchor in has else None,
                (*map(Cell, texts), *_cells(layer, item)),
            )
        )
    marked = any(layer.states.int8 == "outliers" for _, layer, _, _ in found)
    return FiguresTable(
        label="Signal over rounding noise of every layer",
        caption=f"{report.captions.precision_note or 'Signal over rounding noise in dB'}; gap: what scales per channel "
        f"gain over one per tensor{', ↑ where int8 needs them' if marked else ''}",
        first="Layer",
        columns=(*map(text_column, ["Model"] * several + ["Type"]), *figures(HEAD)),
        rows=tuple(rows),
        group="Precision",
        what="layers",
        left_out=len(found) - len(rows),
    )


def _cells(layer: Layer, item: Precision) -> tuple[Cell, ...]:
    named = (
        ("int8_tensor", item.int8_tensor),
        ("int8_channel", item.int8_channel),
        ("gap", item.channel_gain),
        ("int4_group", item.int4_group),
        ("fp8_e4m3", item.fp8_e4m3),
        ("fp8_e5m2", item.fp8_e5m2),
    )
    cells = []
    for field, figure in named:
        about = "≈ " if field in item.errors else ""
        mark = " ↑" if field == "gap" and layer.states.int8 == "outliers" else ""
        cells.append(
            Cell(f"{about}{numbers.decibels(figure)}{mark}", f"{figure:.6g}" if figure is not None else "")
        )
    return (
        *cells,
        _rounding(item.float16, "float16" in item.exact_in),
        _rounding(item.bfloat16, "bfloat16" in item.exact_in),
    )


def _rounding(found: Rounding | None, exact: bool) -> Cell:
    """What is lost, counted; sorted by the worst of it."""
    if found is None:
        return Cell(numbers.DASH)
    if exact:
        return Cell("exact", "0")
    counted = ((found.overflow, "overflow"), (found.vanish, "vanish"), (found.subnormal, "subnormal"))
    parts = [f"{numbers.count(number)} {word}" for number, word in counted if number]
    return Cell(", ".join(parts) or "all held", str(found.overflow + found.vanish))
