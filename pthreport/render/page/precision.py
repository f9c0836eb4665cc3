"""What narrower types would do: savings for the model, signal to noise for each layer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Layer, Model, Precision, Report, Rounding, Saving, TensorRecord, numbers
from pthreport.draw import bars
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.choose import by_interest
from pthreport.render.page.index import Index, layer_key
from pthreport.render.page.spectra import Number
from pthreport.render.page.text import plain

WIDE_GAP = 6.0
"""Decibels that scales per channel gain over one per tensor from which outlier channels are named:
a factor of two in the error."""

FORMS = {
    "float16": "float16",
    "bfloat16": "bfloat16",
    "fp8-e4m3": "fp8 e4m3",
    "fp8-e5m2": "fp8 e5m2",
    "int8-tensor": "int8, one scale a tensor",
    "int8-channel": "int8, one scale a channel",
    "int4-group": "int4, one scale for 128 values",
}

HEAD = ("int8 tensor", "int8 channel", "Gap", "int4 groups", "fp8 e4m3", "fp8 e5m2")


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
class PrecisionRow:
    """One layer's main tensor: decibels, then what the two 16-bit floats lose in words."""

    name: str
    model: str
    anchor: str | None
    dtype: str
    cells: tuple[Number, ...]
    float16: Number
    bfloat16: Number


@dataclass(frozen=True)
class PrecisionView:
    """The section."""

    savings: tuple[ModelSavings, ...]
    sentences: tuple[str, ...]
    rows: tuple[PrecisionRow, ...]
    total: int
    note: str
    several: bool


def precision(
    report: Report, index: Index, has: frozenset[str], bounds: Bounds = PAGE
) -> PrecisionView | None:
    """The section of `report`, None where nothing was measured; `has` are the anchors on the page."""
    several = len(report.models) > 1
    found: list[tuple[Model, Layer, TensorRecord, Precision]] = []
    for model in report.models:
        for layer in model.layer_list:
            record = index.tensors.get(layer.weight or "")
            if record is not None and record.precision is not None and len(record.shape) > 1:
                found.append((model, layer, record, record.precision))
    savings = tuple(_savings(model, several) for model in report.models[: bounds.models] if model.savings)
    if not found and not savings:
        return None
    pairs = [(layer_key(model, layer), layer) for model, layer, _, _ in found]
    kept = {key for key, _ in by_interest(pairs, index)[: bounds.figures]}
    rows = [
        _row(model, layer, record, item, index, has, several)
        for model, layer, record, item in found
        if layer_key(model, layer) in kept
    ]
    measured = [
        record.precision for record in report.tensors if record.precision and record.model is not None
    ]
    return PrecisionView(
        savings=savings,
        sentences=tuple(
            said for said in (_wasted(report), outlier_sentence([(la, p) for _, la, _, p in found])) if said
        ),
        rows=tuple(rows),
        total=len(found),
        note=_note(measured),
        several=several,
    )


def _savings(model: Model, several: bool) -> ModelSavings:
    now = model.bytes or 1
    forms = []
    for saving in model.savings:
        # What the form does not touch stays as it is.
        after = max(model.bytes - saving.saved, 0)
        forms.append(
            SavingView(
                form=FORMS.get(saving.form, saving.form),
                nbytes=after,
                bar=Markup(bars.share_bar(after / now)),
                saved=f"{numbers.size(saving.saved)} ({numbers.percent(saving.saved / now)})",
                exact=str(saving.saved),
                cost=_cost(saving),
            )
        )
    return ModelSavings(
        heading=plain(model.label or model.key or "Model") if several else "",
        nbytes=model.bytes,
        bar=Markup(bars.share_bar(1.0)),
        forms=tuple(forms),
        sentence=savings_sentence(model),
    )


def _cost(saving: Saving) -> str:
    if saving.lossless:
        return "nothing: every value is exact in it"
    lost = []
    if saving.overflow:
        lost.append(
            f"{numbers.plural(saving.overflow, 'value', short=True)} {numbers.verb(saving.overflow, 'overflows', 'overflow')}"
        )
    if saving.vanish:
        lost.append(
            f"{numbers.plural(saving.vanish, 'value', short=True)} {numbers.verb(saving.vanish, 'vanishes', 'vanish')}"
        )
    if saving.median_sqnr is not None:
        lost.append(f"{_decibels(saving.median_sqnr)} dB in the median tensor")
    if saving.worst is not None and saving.worst_sqnr is not None:
        lost.append(f"{_decibels(saving.worst_sqnr)} in {plain(saving.worst, 80)}")
    if not lost and saving.form in ("float16", "bfloat16"):
        return "rounding only: no value overflows or vanishes"
    return "; ".join(lost)


def savings_sentence(model: Model) -> str:
    """The smallest form that keeps at least 30 dB in its worst tensor, said as a choice."""
    good = [
        saving
        for saving in model.savings
        if saving.lossless or (saving.worst_sqnr is not None and saving.worst_sqnr >= 30)
    ]
    if not good or not model.bytes:
        return ""
    best = min(good, key=lambda saving: saving.bytes)
    after = numbers.size(model.bytes - best.saved)
    words = FORMS.get(best.form, best.form)
    if best.lossless:
        return f"As {words} the model would take {after} instead of {numbers.size(model.bytes)} and lose nothing."
    return (
        f"As {words} the model would take {after} instead of {numbers.size(model.bytes)} and keep at least "
        f"{_decibels(best.worst_sqnr)} dB of signal over rounding noise in every tensor."
    )


def _wasted(report: Report) -> str:
    """Precision that is stored and not used."""
    exact = [
        (record, record.precision.exact_in)
        for record in report.tensors
        if record.precision
        and record.precision.exact_in
        and record.model is not None
        and len(record.shape) > 1
    ]
    if not exact:
        return ""
    nbytes = sum(record.nbytes for record, _ in exact)
    names = sorted({form for _, forms in exact for form in forms})
    verb = numbers.verb(len(exact), "holds", "hold")
    return (
        f"{numbers.plural(len(exact), 'weight tensor')} of {numbers.size(nbytes)} {verb} only values that a "
        f"narrower type ({', '.join(names)}) holds exactly: the rest of their bytes is wasted."
    )


def outlier_sentence(found: Sequence[tuple[Layer, Precision]]) -> str:
    """Where scales per channel gain much over one per tensor: a few channels are far larger."""
    gaps = [(gap, layer) for layer, item in found if (gap := _gap(item)) is not None]
    if not gaps:
        return ""
    wide = [pair for pair in gaps if pair[0] >= WIDE_GAP]
    most, where = max(gaps, key=lambda pair: pair[0])
    if not wide:
        return (
            f"No layer has outlier channels: scales per channel gain at most {_decibels(most)} dB over one "
            f"per tensor ({plain(where.name or 'the root', 80)})."
        )
    verb = numbers.verb(len(wide), "has", "have")
    return (
        f"{numbers.plural(len(wide), 'layer')} {verb} outlier channels, for which int8 needs a scale each: the "
        f"gap is largest in {plain(where.name or 'the root', 80)} ({_decibels(most)} dB)."
    )


def _gap(item: Precision) -> float | None:
    if item.int8_tensor is None or item.int8_channel is None:
        return None
    gap = item.int8_channel - item.int8_tensor
    return gap if math.isfinite(gap) else None


def _row(
    model: Model,
    layer: Layer,
    record: TensorRecord,
    item: Precision,
    index: Index,
    has: frozenset[str],
    several: bool,
) -> PrecisionRow:
    anchor = index.layer_anchors[layer_key(model, layer)]
    named = (
        ("int8_tensor", item.int8_tensor),
        ("int8_channel", item.int8_channel),
        ("gap", _gap(item)),
        ("int4_group", item.int4_group),
        ("fp8_e4m3", item.fp8_e4m3),
        ("fp8_e5m2", item.fp8_e5m2),
    )
    cells = []
    for field, figure in named:
        about = "≈ " if field in item.errors else ""
        text = about + _decibels(figure)
        cells.append(Number(text, f"{figure:.6g}" if figure is not None else ""))
    return PrecisionRow(
        name=layer.name or "(root)",
        model=(model.label or model.key or "(root)") if several else "",
        anchor=anchor if anchor in has else None,
        dtype=record.dtype,
        cells=tuple(cells),
        float16=_rounding(item.float16, "float16" in item.exact_in),
        bfloat16=_rounding(item.bfloat16, "bfloat16" in item.exact_in),
    )


def _rounding(found: Rounding | None, exact: bool) -> Number:
    """What is lost, counted; sorted by the worst of it."""
    if found is None:
        return Number("–")
    if exact:
        return Number("exact", "0")
    parts = []
    for number, word in (
        (found.overflow, "overflow"),
        (found.vanish, "vanish"),
        (found.subnormal, "subnormal"),
    ):
        if number:
            parts.append(f"{numbers.count(number)} {word}")
    return Number(", ".join(parts) or "all held", str(found.overflow + found.vanish))


def _decibels(figure: float | None) -> str:
    if figure is None or not math.isfinite(figure):
        return numbers.value(figure)
    return f"{figure:.1f}".replace("-", numbers.MINUS)


def _note(measured: Sequence[Precision]) -> str:
    errors = [error for item in measured for error in item.errors.values()]
    if not errors:
        return "Signal over rounding noise in dB"
    return f"Signal over rounding noise in dB; ≈ estimated, 95 % within ±{_decibels(max(errors))} dB"
