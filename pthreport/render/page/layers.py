"""The table of layers and the card under each row."""

from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Layer, Model, Report, TensorRecord
from pthreport.render import numbers
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.choose import Choice
from pthreport.render.page.gallery import Gallery, Shown
from pthreport.render.page.index import Index, layer_key
from pthreport.render.page.kinds import family
from pthreport.render.page.levels import Level
from pthreport.render.page.spectrum import SpectrumView, spectrum_view
from pthreport.render.page.tensor import (
    Figure,
    SmallTensor,
    TensorView,
    initialisation_words,
    small_histogram,
    small_tensor,
    tensor_view,
    zeros_share,
)
from pthreport.render.page.verdict import Line, line


@dataclass(frozen=True)
class Cell:
    """A number in a table: cut at its point for alignment, exact for a hover and for sorting."""

    whole: str
    fraction: str
    exact: str


@dataclass(frozen=True)
class Card:
    """What opens under a row: facts, the main tensor drawn, the others as a table, a picture."""

    facts: tuple[Figure, ...]
    main: TensorView | None
    picture: Shown | None
    others: tuple[SmallTensor, ...]
    others_left_out: int
    findings: tuple[Line, ...]
    spectrum: SpectrumView | None = None


@dataclass(frozen=True)
class Row:
    """One layer, or one tensor outside the models, as a row of a table."""

    anchor: str
    name: str
    model: str
    kind: str
    family: str
    shape: str
    dtype: str
    elements: int
    nbytes: int
    histogram: Markup | None
    cells: tuple[Cell, ...]
    reason: str
    worst: Level | None
    findings: tuple[Line, ...]
    card: Card | None


@dataclass(frozen=True)
class Table:
    """Rows with the totals of all of them, shown or not."""

    rows: tuple[Row, ...]
    total: int
    elements: int
    nbytes: int
    kinds: tuple[str, ...]
    models: tuple[str, ...]
    cards: int


@dataclass(frozen=True)
class Source:
    """All that rows are made from."""

    report: Report
    index: Index
    choice: Choice
    gallery: Gallery
    bounds: Bounds = PAGE


COLUMNS = ("Mean", "Std", "Min", "Max", "Zeros")


def layers(source: Source) -> Table:
    """All layers that were chosen, in model order."""
    report = source.report
    rows = []
    several = len(report.models) > 1
    for model in report.models:
        for layer in model.layer_list:
            if layer_key(model, layer) in source.choice.rows:
                rows.append(_row(source, model, layer))
    return Table(
        rows=tuple(rows),
        total=sum(len(model.layer_list) for model in report.models),
        elements=sum(model.parameters for model in report.models),
        nbytes=sum(model.bytes for model in report.models),
        kinds=tuple(sorted({row.kind for row in rows})),
        models=tuple(dict.fromkeys(row.model for row in rows)) if several else (),
        cards=sum(row.card is not None for row in rows),
    )


def loose_tensors(source: Source) -> Table:
    """The tensors that belong to no model: optimizer state and whatever else is in the file."""
    report, index, choice = source.report, source.index, source.choice
    rows = []
    for record in choice.loose:
        found = tuple(
            line(report, index, number) for number in index.findings_on_tensor.get(record.path, ())
        )
        card = None
        anchor = index.tensor_anchors[record.path]
        if record.path in choice.loose_cards:
            facts = _facts_of_tensor(record)
            card = Card(
                facts, tensor_view(record, f"{anchor}-h"), source.gallery.shown(record.path), (), 0, found
            )
        rows.append(
            Row(
                anchor=anchor,
                name=record.path,
                model="",
                kind=record.role,
                family="other",
                shape=numbers.shape(record.shape),
                dtype=record.dtype,
                elements=record.numel,
                nbytes=record.nbytes,
                histogram=small_histogram(record, f"{anchor}-h"),
                cells=_cells(record),
                reason=record.reason or "" if record.status == "skipped" else "",
                worst=found[0].level if found else None,
                findings=found,
                card=card,
            )
        )
    everything = [record for record in report.tensors if record.path in index.tensor_anchors]
    return Table(
        rows=tuple(rows),
        total=choice.loose_total,
        elements=sum(record.numel for record in everything),
        nbytes=sum(record.nbytes for record in everything),
        kinds=tuple(sorted({row.kind for row in rows})),
        models=(),
        cards=sum(row.card is not None for row in rows),
    )


def _row(source: Source, model: Model, layer: Layer) -> Row:
    report, index = source.report, source.index
    key = layer_key(model, layer)
    main = index.tensors.get(layer.weight) if layer.weight else None
    found = tuple(line(report, index, number) for number in index.findings_at.get(key, ()))
    card = None
    anchor = index.layer_anchors[key]
    if key in source.choice.cards:
        records = [index.tensors[path] for path in layer.tensors if path in index.tensors]
        others = [record for record in records if record is not main]
        card = Card(
            facts=_facts_of_layer(layer, main),
            main=tensor_view(main, f"{anchor}-h") if main else None,
            picture=source.gallery.shown(main.path) if main else None,
            others=tuple(
                small_tensor(record, _leaf(record, layer)) for record in others[: source.bounds.on_card]
            ),
            others_left_out=max(len(others) - source.bounds.on_card, 0),
            findings=found,
            spectrum=spectrum_view(layer, source.bounds),
        )
    return Row(
        anchor=anchor,
        name=layer.name or "(root)",
        model=(model.label or model.key or "(root)") if len(report.models) > 1 else "",
        kind=layer.kind,
        family=family(layer.kind),
        shape=numbers.shape(main.shape) if main else "",
        dtype=main.dtype if main else "",
        elements=layer.parameters,
        nbytes=layer.bytes,
        histogram=small_histogram(main, f"{anchor}-h") if main else None,
        cells=_cells(main),
        reason=main.reason or "" if main and main.status == "skipped" else "",
        worst=found[0].level if found else None,
        findings=found,
        card=card,
    )


def _cells(record: TensorRecord | None) -> tuple[Cell, ...]:
    statistics = record.statistics if record else None
    if record is None or statistics is None:
        return tuple(Cell("", "", "") for _ in COLUMNS)
    cells = [_cell(item) for item in (statistics.mean, statistics.std, statistics.min, statistics.max)]
    share = zeros_share(record)
    whole, fraction = numbers.at_point(numbers.percent(share).replace(" ", "\xa0"))
    cells.append(Cell(whole, fraction, numbers.exact(share)))
    return tuple(cells)


def _cell(item: float | None) -> Cell:
    whole, fraction = numbers.at_point(numbers.value(item))
    return Cell(whole, fraction, numbers.exact(item))


def _facts_of_layer(layer: Layer, main: TensorRecord | None) -> tuple[Figure, ...]:
    facts = [
        Figure(
            "Kind", f"{layer.kind}, {layer.basis} from {layer.evidence}" if layer.evidence else layer.kind
        )
    ]
    facts += [Figure(key, value) for key, value in layer.settings.items()]
    facts.append(Figure("Parameters", f"{layer.parameters:,}"))
    if layer.buffers:
        facts.append(Figure("Buffer elements", f"{layer.buffers:,}"))
    facts.append(Figure("Size", numbers.size(layer.bytes), f"{layer.bytes:,} bytes"))
    return (*facts, *_facts_of_tensor(main)) if main else tuple(facts)


def _facts_of_tensor(record: TensorRecord) -> tuple[Figure, ...]:
    facts = []
    if record.location:
        facts.append(Figure("Saved on", record.location))
    if not record.contiguous:
        facts.append(Figure("Layout", "not contiguous"))
    if record.shares_storage_with:
        facts.append(Figure("Shares storage with", record.shares_storage_with))
    if record.reason:
        facts.append(Figure("Not measured", record.reason))
    if record.initialisation:
        facts.append(Figure("Initialisation", initialisation_words(record.initialisation)))
    facts += [Figure("Note", note) for note in record.notes]
    return tuple(facts)


def _leaf(record: TensorRecord, layer: Layer) -> str:
    prefix = layer.name + "."
    return record.name.removeprefix(prefix) if record.name else record.path
