"""The depth strip's data: which columns, rows and brackets."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Band, Layer, Model, ModelCaptions, Report, numbers
from pthreport.draw import strip
from pthreport.render.page.groups import groups
from pthreport.render.page.index import Index, captions_of, layer_key
from pthreport.render.page.kinds import family
from pthreport.render.page.levels import WORDS
from pthreport.render.page.text import plain

MOST_COLUMNS = 1500
NORMAL = 3.0
"""The kurtosis of a normal distribution: reports give the excess over it, which no logarithmic scale can show."""


@dataclass(frozen=True)
class StripView:
    """The strip as markup, and what it shows and says in sentences; `norms` where both weights and normalisations
    are in it."""

    picture: Markup
    links: Markup
    sentences: tuple[str, ...]
    norms: bool
    terms: tuple[str, ...]
    """The quantities of its rows, by the names that the glossary knows."""


def strip_view(report: Report, model: Model, index: Index, shown_rows: frozenset[str]) -> StripView | None:
    """The strip of one model, None where nothing of it was measured or it has but one layer.

    `shown_rows` are the anchors that the page has: a column without a row to land on is no link.
    """
    # Without mere buffers: positions and masks are no weights, and would stretch the scale.
    layers = [layer for layer in model.layer_list if layer.weight is not None and layer.parameters]
    total = len(layers)
    layers = layers[:MOST_COLUMNS]
    if len(layers) < 2 or all(layer.profile.norm is None for layer in layers):
        return None
    said = captions_of(report, model)
    columns = [column(report, model, layer, index, shown_rows, _facts(layer)) for layer in layers]
    rows = _rows(layers, said)
    first = f"The first {numbers.count(len(layers))} of " if len(layers) < total else ""
    alt = f"{len(layers)} layers of {plain(model.label or model.key or 'the model')} in model order."
    drawn = strip.depth_strip(columns, rows, groups([layer.name for layer in layers]), alt)
    return StripView(
        picture=Markup(drawn.picture),
        links=Markup(drawn.links),
        sentences=(f"{first}{numbers.plural(total, 'layer')} in model order, each a column.", *said.depth),
        norms={column.family for column in columns} == {"weight", "norm"},
        terms=tuple(row.title.partition(":")[0].partition(",")[0] for row in rows),
    )


def _rows(layers: Sequence[Layer], said: ModelCaptions) -> list[strip.Row]:
    """The quantities that any layer has."""
    profiles = [layer.profile for layer in layers]
    rows = [
        strip.Row("Norm: root mean square, log scale", tuple(p.norm for p in profiles), "log"),
        strip.Row("Standard deviation, log scale", tuple(p.spread for p in profiles), "log"),
        strip.Row("Zeros: share of exact zeros", tuple(p.zeros for p in profiles), "share", said.few_zeros),
        strip.Row(
            "Tails: kurtosis, log scale (normal 3, uniform 1.8)",
            tuple(p.kurtosis for p in profiles),
            "log",
            origin=-NORMAL,
        ),
        strip.Row("Stable rank, log scale", tuple(p.stable_rank for p in profiles), "log"),
        update_row(tuple(p.update_ratio for p in profiles), said.update_range),
    ]
    return [*rows[:3], *(row for row in rows[3:] if any(value is not None for value in row.values))]


def _facts(layer: Layer) -> list[str]:
    """What a pointer reads of a layer's figures."""
    profile, states = layer.profile, layer.states
    facts = [f"RMS {numbers.value(profile.norm)}, std {numbers.value(profile.spread)}"]
    if profile.zeros is not None:
        facts.append(f"zeros {numbers.percent(profile.zeros)}")
    if profile.kurtosis is not None:
        facts.append(f"excess kurtosis {numbers.value(profile.kurtosis)}")
    if profile.stable_rank is not None:
        facts.append(f"stable rank {numbers.value(profile.stable_rank)}")
    if profile.update_ratio is not None:
        facts.append(
            f"last update {numbers.value(profile.update_ratio)} of the weights{place(states.update)}"
        )
    return facts


def place(state: str | None) -> str:
    """Where a figure lies, said where that is outside its usual range."""
    return f", {state} the usual range" if state in ("below", "above") else ""


def column(
    report: Report,
    model: Model,
    layer: Layer,
    index: Index,
    shown_rows: frozenset[str],
    facts: Sequence[str],
    *,
    marked: bool = True,
) -> strip.Column:
    """One layer as a column: a pointer reads its name, kind and `facts`, a click leads to its row."""
    key = layer_key(model, layer)
    anchor = index.layer_anchors[key]
    worst = index.worst(key) if marked else None
    note = [plain(layer.name), layer.kind, *facts]
    if worst:
        titles = [report.findings[number].title for number in index.telling(key)[:3]]
        note.append(f"{WORDS[worst]}: " + "; ".join(plain(title) for title in titles))
    return strip.Column(
        note="\n".join(note),
        href=f"#{anchor}" if anchor in shown_rows else None,
        family="norm" if family(layer.kind) == "norm" else "weight",
        mark=worst,
    )


def update_row(ratios: tuple[float | None, ...], usual: Band | None) -> strip.Row:
    """How far the last update moved each weight, with the usual range."""
    return strip.Row("Last update over weight: root mean squares, log scale", ratios, "log", band=usual)
