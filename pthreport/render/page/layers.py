"""The table of layers and the card under each row."""

from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Histogram, Layer, Model, Report, TensorRecord, numbers
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.choose import Choice
from pthreport.render.page.facts import facts_of_layer
from pthreport.render.page.gallery import Gallery, Shown
from pthreport.render.page.index import Index, layer_key
from pthreport.render.page.kinds import family
from pthreport.render.page.rows import packed_rows
from pthreport.render.page.spectrum import SpectrumView, spectrum_view
from pthreport.render.page.tensor import (
    Figure,
    SmallTensor,
    TensorView,
    bins,
    initialisation_words,
    small_histogram,
    small_tensor,
    tensor_view,
)
from pthreport.render.page.verdict import Line, line

COLUMNS = ("Mean", "Std", "Min", "Max", "Zeros")


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
    """One layer, or one tensor outside the models, as a row of a table; `figures` are those of `COLUMNS`.

    Where it is not `shown`, nothing of it is drawn: its figures and `bins` are data for the script.
    """

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
    figures: tuple[float | None, ...]
    cells: tuple[Cell, ...]
    reason: str
    findings: tuple[Line, ...]
    bins: Histogram | None
    shown: bool
    card: Card | None


@dataclass(frozen=True)
class Table:
    """The rows that are shown, the data of all of them, and the totals of all in the caption; `what` an element is
    called."""

    rows: tuple[Row, ...]
    data: Markup
    caption: str
    what: str
    total: int
    kinds: tuple[str, ...]
    models: tuple[str, ...]
    cards: int

    @property
    def width(self) -> int:
        """The columns of the page's table: seven, that of the models where there are several, and the figures."""
        return 7 + bool(self.models) + len(COLUMNS)

    @property
    def types(self) -> tuple[str, ...]:
        """The types of element of the rows shown, each once."""
        return tuple(dict.fromkeys(row.dtype for row in self.rows))

    @property
    def marked(self) -> bool:
        """Whether a row shown has a finding."""
        return any(row.findings for row in self.rows)


@dataclass(frozen=True)
class Source:
    """All that rows are made from."""

    report: Report
    index: Index
    choice: Choice
    gallery: Gallery
    bounds: Bounds = PAGE


def layers(source: Source) -> Table:
    """The table of layers, in model order; shown are those that were chosen."""
    report = source.report
    return _table(
        [_layer_row(source, model, layer) for model in report.models for layer in model.layer_list],
        "layer",
        "parameter",
        elements=sum(model.parameters for model in report.models),
        nbytes=sum(model.bytes for model in report.models),
    )


def loose_tensors(source: Source) -> Table:
    """The tensors that belong to no model: optimizer state and whatever else is in the file."""
    records = [record for record in source.report.tensors if record.path in source.index.tensor_anchors]
    return _table(
        [_tensor_row(source, record) for record in records],
        "tensor",
        "element",
        elements=sum(record.numel for record in records),
        nbytes=sum(record.nbytes for record in records),
    )


def _table(rows: list[Row], row: str, element: str, *, elements: int, nbytes: int) -> Table:
    counted = (
        numbers.plural(len(rows), row, short=True),
        numbers.plural(elements, element, short=True),
        numbers.size(nbytes),
    )
    models = dict.fromkeys(one.model for one in rows)
    return Table(
        rows=tuple(one for one in rows if one.shown),
        data=packed_rows(rows),
        total=len(rows),
        caption=", ".join(counted),
        what=f"{element}s",
        kinds=tuple(sorted({one.kind for one in rows})),
        models=tuple(models) if len(models) > 1 else (),
        cards=sum(one.card is not None for one in rows),
    )


def _layer_row(source: Source, model: Model, layer: Layer) -> Row:
    report, index = source.report, source.index
    key = layer_key(model, layer)
    anchor = index.layer_anchors[key]
    main = index.tensors.get(layer.weight) if layer.weight else None
    shown = key in source.choice.rows
    histogram = small_histogram(main, f"{anchor}-h") if main and shown else None
    card = None
    if key in source.choice.cards:
        records = [index.tensors[path] for path in layer.tensors if path in index.tensors]
        others = [record for record in records if record is not main]
        card = Card(
            facts=(*facts_of_layer(layer), *(_facts_of_tensor(main) if main else ())),
            main=tensor_view(main, f"{anchor}-h", "row" if layer.kind == "embedding" else "unit")
            if main
            else None,
            picture=source.gallery.shown(main.path) if main else None,
            others=tuple(
                small_tensor(record, _leaf(record, layer)) for record in others[: source.bounds.on_card]
            ),
            others_left_out=max(len(others) - source.bounds.on_card, 0),
            findings=tuple(line(report, index, number) for number in index.findings_at.get(key, ())),
            spectrum=spectrum_view(layer, source.bounds),
        )
    figures = _row_figures(main)
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
        histogram=histogram,
        figures=figures,
        cells=_cells(figures) if shown else (),
        reason=_reason(main),
        findings=tuple(line(report, index, number) for number in index.telling(key)),
        bins=bins(main) if main else None,
        shown=shown,
        card=card,
    )


def _tensor_row(source: Source, record: TensorRecord) -> Row:
    report, index, choice = source.report, source.index, source.choice
    anchor = index.tensor_anchors[record.path]
    at = index.findings_on_tensor.get(record.path, ())
    found = tuple(line(report, index, number) for number in at)
    shown = record.path in choice.loose
    histogram = small_histogram(record, f"{anchor}-h") if shown else None
    card = None
    if record.path in choice.loose_cards:
        view = tensor_view(record, f"{anchor}-h" if histogram else None)
        card = Card(_facts_of_tensor(record), view, source.gallery.shown(record.path), (), 0, found)
    figures = _row_figures(record)
    return Row(
        anchor=anchor,
        name=record.path,
        model="",
        kind=record.role,
        family="other",
        shape=numbers.shape(record.shape),
        dtype=record.dtype,
        elements=record.numel,
        nbytes=record.nbytes,
        histogram=histogram,
        figures=figures,
        cells=_cells(figures) if shown else (),
        reason=_reason(record),
        findings=tuple(line(report, index, number) for number in at if number in index.tells),
        bins=bins(record),
        shown=shown,
        card=card,
    )


def _reason(record: TensorRecord | None) -> str:
    """Why there are no figures, "" where there are."""
    return record.reason or "" if record and record.status == "skipped" else ""


def _row_figures(record: TensorRecord | None) -> tuple[float | None, ...]:
    """The figures of `COLUMNS`; none where nothing was measured."""
    statistics = record.statistics if record else None
    if record is None or statistics is None:
        return ()
    return statistics.mean, statistics.std, statistics.min, statistics.max, statistics.zeros_share


def _cells(figures: tuple[float | None, ...]) -> tuple[Cell, ...]:
    if not figures:
        return tuple(Cell("", "", "") for _ in COLUMNS)
    *measured, share = figures
    whole, fraction = numbers.at_point(numbers.percent(share).replace(" ", "\xa0"))
    return (*(_cell(item) for item in measured), Cell(whole, fraction, numbers.exact(share)))


def _cell(item: float | None) -> Cell:
    whole, fraction = numbers.at_point(numbers.value(item))
    return Cell(whole, fraction, numbers.exact(item))


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
