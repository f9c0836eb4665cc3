"""The depth strip's data: which columns, rows and brackets, and the sentences under it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Highlight, Layer, Model, Report, Trend, numbers
from pthreport.draw import strip
from pthreport.render.page.index import Index, layer_key
from pthreport.render.page.kinds import family
from pthreport.render.page.levels import WORDS
from pthreport.render.page.text import plain

MOST_COLUMNS = 1500
FEW_ZEROS = 0.001
NORMAL = 3.0
"""The kurtosis of a normal distribution, of which reports give the excess."""
USUAL_UPDATE = (1e-4, 1e-2)
MOST_TRENDS = 3
_MOST_GROUPS = 26
NEARLY_ALL = 0.9


@dataclass(frozen=True)
class StripView:
    """The strip as markup, what it says in sentences, and how many layers it shows of how many."""

    picture: Markup
    links: Markup
    height: int
    sentences: tuple[str, ...]
    shown: int
    total: int
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
    profiles = [layer.profile for layer in layers]
    if len(layers) < 2 or all(profile.norm is None for profile in profiles):
        return None
    columns = []
    for layer in layers:
        profile = layer.profile
        facts = [f"RMS {numbers.value(profile.norm)}, spread {numbers.value(profile.spread)}"]
        if profile.zeros:
            facts.append(f"zeros {numbers.percent(profile.zeros)}")
        if profile.kurtosis is not None:
            facts.append(f"excess kurtosis {numbers.value(profile.kurtosis)}")
        if profile.stable_rank is not None:
            facts.append(f"stable rank {numbers.value(profile.stable_rank)}")
        if profile.update_ratio is not None:
            facts.append(f"last update {numbers.value(profile.update_ratio)} of the weights")
        columns.append(column(report, model, layer, index, shown_rows, facts))
    zeros = tuple(profile.zeros for profile in profiles)
    rows = [
        strip.Row("Norm: root mean square, log scale", tuple(p.norm for p in profiles), "log"),
        strip.Row("Spread: standard deviation, log scale", tuple(p.spread for p in profiles), "log"),
        strip.Row("Zeros: share of exact zeros", zeros, "share", _few(zeros)),
    ]
    tails = tuple(None if p.kurtosis is None else p.kurtosis + NORMAL for p in profiles)
    if any(tail is not None for tail in tails):
        rows.append(strip.Row("Tails: kurtosis, log scale (normal 3, uniform 1.8)", tails, "log"))
    ranks = tuple(profile.stable_rank for profile in profiles)
    if any(rank is not None for rank in ranks):
        rows.append(strip.Row("Stable rank, log scale", ranks, "log"))
    updates = tuple(profile.update_ratio for profile in profiles)
    if any(updates):
        rows.append(update_row(updates))
    brackets = groups([layer.name for layer in layers])
    alt = _alt(model, layers=len(layers), rows=rows)
    drawn = strip.depth_strip(columns, rows, brackets, alt)
    return StripView(
        picture=Markup(drawn.picture),
        links=Markup(drawn.links),
        height=drawn.height,
        sentences=sentences(model),
        shown=len(layers),
        total=total,
        norms={column.family for column in columns} == {"weight", "norm"},
        terms=tuple(row.title.partition(":")[0].partition(",")[0] for row in rows),
    )


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


def update_row(ratios: tuple[float | None, ...]) -> strip.Row:
    """How far the last update moved each weight, with the span around 1e-3 that is usual while a
    network learns."""
    return strip.Row(
        "Last update over weight: root mean squares, log scale",
        ratios,
        "log",
        band=USUAL_UPDATE,
        band_word="usual while it learns: within ten times of 1e-3",
    )


def sentences(model: Model) -> tuple[str, ...]:
    """What stands out in the profile of `model`, one sentence each."""
    said = [_sentence(highlight) for highlight in model.highlights if highlight.kind != "largest-layer"]
    # The strongest trend of each quantity.
    strongest = {trend.quantity: trend for trend in reversed(model.trends)}
    chosen = [trend for trend in model.trends if strongest[trend.quantity] is trend][:MOST_TRENDS]
    return tuple(said + [_trend(trend) for trend in chosen])


def _trend(trend: Trend) -> str:
    show = numbers.percent if trend.quantity == "zeros" else numbers.value
    moves = "rises" if trend.last > trend.first else "falls"
    verb = moves.rstrip("s") if trend.quantity == "zeros" else moves
    return (
        f"The {_WORDS[trend.quantity]} of {plain(trend.layers, 80)} {verb} with depth, from {show(trend.first)} in the "
        f"first third to {show(trend.last)} in the last."
    )


_WORDS = {
    "spread": "spread",
    "zeros": "zeros",
    "stable_rank": "stable rank",
    "alpha": "alpha",
    "kurtosis": "excess kurtosis",
}


def _sentence(highlight: Highlight) -> str:
    layer = plain(highlight.layer, 80)
    value, typical = highlight.value, highlight.typical
    if highlight.kind == "most-zeros":
        return f"{layer} has the most exact zeros: {numbers.percent(value)} of its weights."
    quantity = "spread" if highlight.kind.startswith("spread") else "norm"
    if typical is None or typical <= 0 or value <= 0:
        return f"{layer} stands out with a {quantity} of {numbers.value(value)}."
    figures = f"({numbers.value(value)} against {numbers.value(typical)})"
    if value >= typical:
        return f"The {quantity} of {layer} is {numbers.times(value / typical)} its siblings' {figures}."
    return f"The {quantity} of {layer} is {numbers.times(typical / value)} smaller than its siblings' {figures}."


def _few(zeros: tuple[float | None, ...]) -> str:
    """What is said instead of a row that would be flat."""
    most = max((share for share in zeros if share is not None), default=0.0)
    if most < FEW_ZEROS:
        return "no layer has more than 0.1 %" if most else "no layer has any"
    return ""


def _alt(model: Model, *, layers: int, rows: list[strip.Row]) -> str:
    parts = [f"{layers} layers of {plain(model.label or model.key or 'the model')} in model order."]
    for row in rows:
        known = [value for value in row.values if value is not None]
        if not known:
            continue
        show = numbers.percent if row.scale == "share" else numbers.value
        name = row.title.split(":")[0]
        parts.append(f"{name} from {show(min(known))} to {show(max(known))}.")
    return " ".join(parts)


def groups(names: list[str]) -> list[strip.Group]:
    """Brackets under the columns: the first parts of the names, and the second where one part holds
    most of the columns."""
    names = _below_common(names)
    first = _runs([name.split(".")[0] for name in names], 0, len(names))
    groups = [strip.Group(plain(label, 40), plain(label), start, stop) for label, start, stop in first]
    if len(groups) > _MOST_GROUPS:
        return []
    second: list[strip.Group] = []
    for label, start, stop in first:
        if stop - start >= 0.3 * len(names):
            second += _inner(label, names, start, stop)
    return groups + second if len(groups) <= 4 else groups


def _below_common(names: list[str]) -> list[str]:
    """The names without the modules that hold nearly all of them: a bracket under everything says nothing.
    What lies outside keeps its name."""
    while True:
        heads = Counter(head for name in names for head, dot, _ in [name.partition(".")] if dot)
        head, times = max(heads.items(), key=lambda item: item[1], default=("", 0))
        if times < NEARLY_ALL * len(names):
            return names
        names = [name.removeprefix(f"{head}.") for name in names]


def _inner(label: str, names: list[str], start: int, stop: int) -> list[strip.Group]:
    """The parts of one large bracket, at the first depth where its names differ."""
    parts = [name.split(".") for name in names[start:stop]]
    for depth in range(1, 5):
        runs = _runs([part[depth] if len(part) > depth + 1 else "" for part in parts], start, stop)
        if len(runs) > _MOST_GROUPS + 10:
            break
        if len(runs) > 1:
            return [
                strip.Group(
                    plain(sub, 40), plain(f"{label} … {sub}" if depth > 1 else f"{label}.{sub}"), a, b, 1
                )
                for sub, a, b in runs
            ]
    return []


def _runs(labels: list[str], start: int, stop: int) -> list[tuple[str, int, int]]:
    """Runs of equal labels as (label, first, past the last), counted from `start`."""
    runs: list[tuple[str, int, int]] = []
    for offset, label in enumerate(labels):
        at = start + offset
        if runs and runs[-1][0] == label:
            runs[-1] = (label, runs[-1][1], at + 1)
        else:
            runs.append((label, at, at + 1))
    assert not runs or runs[-1][2] == stop
    return runs
