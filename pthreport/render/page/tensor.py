"""One tensor on a card: its figures in words, its pictures with a sentence under each."""

from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Histogram, Initialisation, Picture, Statistics, TensorRecord, Units, numbers
from pthreport.draw import bars, histogram
from pthreport.render.page.text import plain


@dataclass(frozen=True)
class Figure:
    """A labelled figure: text for people, exact form for a hover."""

    label: str
    text: str
    exact: str = ""


@dataclass(frozen=True)
class Drawing:
    """A picture with its heading and the sentence under it."""

    title: str
    picture: Markup
    caption: str


@dataclass(frozen=True)
class TensorView:
    """A tensor with everything drawn: the main one of a card."""

    record: TensorRecord
    figures: tuple[Figure, ...]
    quantiles: tuple[Figure, ...]
    quantiles_note: str
    drawings: tuple[Drawing, ...]
    units: Drawing | None
    units_text: str
    excerpt: str


@dataclass(frozen=True)
class SmallTensor:
    """A tensor as one row of a card's table."""

    record: TensorRecord
    label: str
    histogram: Markup | None
    value: str
    numbers: tuple[Figure, ...]


QUANTILE_WORDS = {
    "0.001": "0.1 %",
    "0.01": "1 %",
    "0.05": "5 %",
    "0.25": "25 %",
    "0.5": "50 %",
    "0.75": "75 %",
    "0.95": "95 %",
    "0.99": "99 %",
    "0.999": "99.9 %",
}


def tensor_view(record: TensorRecord, name: str | None = None, unit: str = "unit") -> TensorView:
    """The main tensor of a card; `name` is the id of its histogram's outline in the row, `unit` the word
    for one of its outputs."""
    statistics = record.statistics
    return TensorView(
        record=record,
        figures=_figures(statistics) if statistics else (),
        quantiles=_quantiles(statistics) if statistics else (),
        quantiles_note=_quantiles_note(statistics) if statistics else "",
        drawings=tuple(_drawings(record, statistics, name)) if statistics else (),
        units=_norms(record.units, unit, record.captions.units) if record.units else None,
        units_text=record.captions.units,
        excerpt=_excerpt(record),
    )


def initialisation_words(found: Initialisation) -> str:
    """Whether the values still look as they were drawn, with the evidence; never more than "consistent
    with", since a frozen layer looks the same."""
    evidence = []
    if found.ks is not None:
        evidence.append(f"KS {numbers.value(found.ks, 2)}")
    if found.spread_ratio is not None and not found.consistent:
        evidence.append(f"std {numbers.times(found.spread_ratio)} the law's")
    if found.bound_ratio is not None and not found.consistent:
        evidence.append(f"largest value {numbers.times(found.bound_ratio)} its bound")
    held = (
        f" ({'; '.join(evidence)}; {numbers.plural(found.values, 'value', short=True)})" if evidence else ""
    )
    lead = "consistent with" if found.consistent else "not consistent with"
    note = f"; {found.note}" if found.note else ""
    return f"{lead} {found.law}{held}{note}"


def small_tensor(record: TensorRecord, label: str) -> SmallTensor:
    """A tensor beside the main one."""
    value = ""
    if record.numel == 1 and record.excerpt and record.excerpt.rows:
        value = plain(record.excerpt.rows[0][0])
    statistics = record.statistics
    shown = (
        (
            ("Mean", statistics.mean),
            ("Std", statistics.std),
            ("Min", statistics.min),
            ("Max", statistics.max),
        )
        if statistics
        else (("Mean", None), ("Std", None), ("Min", None), ("Max", None))
    )
    return SmallTensor(
        record=record,
        label=label,
        histogram=small_histogram(record) if record.numel > 1 else None,
        value=value,
        numbers=tuple(Figure(name, numbers.value(item), numbers.exact(item)) for name, item in shown),
    )


def small_histogram(record: TensorRecord, name: str | None = None) -> Markup | None:
    """The histogram of a table cell; `name` is the id of its outline, for a larger one of the same."""
    shape = bins(record)
    if shape is None:
        return None
    # Without words: the cells beside it state the same in numbers.
    return Markup(histogram.small_histogram(shape, "", name))


def bins(record: TensorRecord) -> Histogram | None:
    """The histogram where it says anything: of values that are all the same it would not."""
    shape, statistics = record.histogram, record.statistics
    if shape is None or not any(shape.counts) or (statistics is not None and statistics.constant):
        return None
    return shape


def _excerpt(record: TensorRecord) -> str:
    """The exact corner as lines of text, in columns."""
    rows = record.excerpt.rows if record.excerpt else ()
    width = max((len(item) for row in rows for item in row), default=0)
    return "\n".join("  ".join(item.rjust(width) for item in row) for row in rows)


def _figures(statistics: Statistics) -> tuple[Figure, ...]:
    named = [
        ("Mean", statistics.mean),
        ("Std", statistics.std),
        ("Min", statistics.min),
        ("Max", statistics.max),
        ("Largest |w|", statistics.absmax),
        ("RMS", statistics.rms),
        ("L1 norm", statistics.l1),
        ("L2 norm", statistics.l2),
        ("Skewness", statistics.skewness),
        ("Excess kurtosis", statistics.kurtosis),
    ]
    figures = [_figure(label, item) for label, item in named]
    counts = [("Exact zeros", statistics.zeros), ("|w| < 1e-3 RMS", statistics.near_zero)]
    figures += [_counted(label, number, statistics) for label, number in counts]
    figures += [
        _counted(label, number, statistics)
        for label, number in (
            ("NaN", statistics.nan),
            ("+Inf", statistics.posinf),
            ("−Inf", statistics.neginf),
        )
        if number
    ]
    if statistics.unique is not None:
        figures.append(Figure("Distinct values", numbers.count(statistics.unique), str(statistics.unique)))
    return tuple(figures)


def _counted(label: str, number: int, statistics: Statistics) -> Figure:
    """A number of values, with its share where there are any."""
    share = f" ({numbers.percent(statistics.share(number))})" if number else ""
    text = numbers.count(number) + share
    return Figure(label, text, "" if text == str(number) else str(number))


def _figure(label: str, item: float | None) -> Figure:
    text, exact = numbers.value(item), numbers.exact(item)
    return Figure(label, text, "" if exact in (text, f"{text}.0") else exact)


def _quantiles(statistics: Statistics) -> tuple[Figure, ...]:
    return tuple(_figure(QUANTILE_WORDS.get(key, key), item) for key, item in statistics.quantiles.items())


def _quantiles_note(statistics: Statistics) -> str:
    if not statistics.quantiles:
        return ""
    if statistics.exact:
        return "exact"
    return f"each within {numbers.percent(statistics.quantile_error)} of a true one"


def _drawings(record: TensorRecord, statistics: Statistics, name: str | None) -> list[Drawing]:
    shape = record.histogram
    if shape is None or not any(shape.counts):
        return []
    drawings = []
    alt = (
        f"Histogram of {numbers.plural(statistics.count, 'value', short=True)} from {numbers.value(statistics.min)} to "
        f"{numbers.value(statistics.max)}, mean {numbers.value(statistics.mean)}, standard deviation "
        f"{numbers.value(statistics.std)}."
    )
    drawn = histogram.linear_histogram(shape, statistics.quantiles, statistics.mean, alt, name)
    what = {"values": "Values", "magnitude": "Magnitudes", "dequantised": "Dequantised values"}
    drawings.append(Drawing(what[statistics.of], Markup(drawn), record.captions.values))
    log_alt = f"Histogram of magnitudes over powers of two, up to {numbers.value(statistics.absmax)}."
    log_drawn = histogram.log_histogram(shape, log_alt)
    if log_drawn:
        drawings.append(
            Drawing("Magnitudes, by powers of two", Markup(log_drawn), _log_caption(shape, statistics))
        )
    return drawings


def _log_caption(shape: Histogram, statistics: Statistics) -> str:
    span = histogram.log_span(shape)
    if span is None:
        return ""
    text = f"Magnitudes run from {numbers.value(span[0], 2)} to {numbers.value(span[1], 2)}"
    if statistics.zeros:
        text += f"; {numbers.plural(statistics.zeros, 'exact zero', short=True)} {numbers.verb(statistics.zeros, 'is', 'are')} not in it"
    return f"{text}."


def _norms(units: Units, unit: str, caption: str) -> Drawing | None:
    if len(units.norms) < 2:
        return None
    alt = (
        f"L2 norms of {len(units.norms)} {unit}s from {numbers.value(units.norm_min)} to "
        f"{numbers.value(units.norm_max)}, median {numbers.value(units.norm_median)}."
    )
    drawn = bars.unit_norms(units.norms, alt, units.dead_units)
    first = "" if len(units.norms) == units.count else f"first {numbers.count(len(units.norms))} of "
    title = f"Norm of each {unit} ({first}{numbers.count(units.count)}, along dim {units.axis})"
    return Drawing(title, Markup(drawn), caption)


def picture_words(picture: Picture, scale: float, beyond: float) -> str:
    """The sentence under a picture of weights: what is shown, of how many, what lies beyond the scale
    of -`scale` to +`scale`."""
    cut = ""
    if beyond:
        most = numbers.value(picture.scale)
        cut = f" {numbers.percent(beyond)} of the cells lie beyond the scale, up to ±{most}."
    if picture.layout == "matrix":
        averaged = ""
        if picture.reduced:
            rows, columns = (numbers.value(item) for item in picture.averaged)
            averaged = f", each the mean of {rows} × {columns} weights"
        down, across = picture.rows or "rows", picture.columns or "columns"
        if picture.units:
            shown = len(picture.units)
            of = f"all {shown}" if shown == picture.total else f"{shown} of {numbers.count(picture.total)}"
            down = f"{down}, {of},"
        what = f"{down} down, {across} across"
        return f"{what[:1].upper()}{what[1:]}: {picture.height} × {picture.width} cells{averaged}.{cut}"
    shown = len(picture.units)
    of = f"All {shown}" if shown == picture.total else f"{shown} of {numbers.count(picture.total)}"
    size = f"{picture.height} × {picture.width}"
    if picture.layout == "rgb":
        return f"{of} filters, {size}, in colour: zero is mid grey, each channel runs to ±{numbers.value(scale)}.{cut}"
    return f"{of} filters, {size}, one input channel of each.{cut}"
