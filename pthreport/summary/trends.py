"""How the figures of like layers go with depth: which rise or fall from the first block to the last."""

from collections.abc import Sequence
from math import isfinite, log
from statistics import StatisticsError, correlation, median

from pthreport.document import Layer, Trend, numbers
from pthreport.document.model import Quantity
from pthreport.document.text import cut
from pthreport.measure.distance import short

LEAST = 6
"""Like layers that a trend needs: of five, random figures rise or fall throughout once in sixty."""
CORRELATION = 0.8
"""Magnitude of Spearman's rank correlation with depth that makes a trend (dimensionless; a choice of ours)."""
CHANGE = 1.25
"""Ratio of the last third's median to the first's, or of the first's to the last's, that makes a trend worth a
sentence (dimensionless; a choice of ours)."""
MOST = 24
SENTENCES = 3
NAME = 80

_WORDS: dict[Quantity, str] = {
    "spread": "standard deviation",
    "zeros": "share of exact zeros",
    "stable_rank": "stable rank",
    "alpha": "alpha",
    "kurtosis": "excess kurtosis",
}

QUANTITIES: tuple[Quantity, ...] = ("spread", "zeros", "stable_rank", "alpha", "kurtosis")


def trends(layers: Sequence[Layer]) -> tuple[Trend, ...]:
    """The clear trends of a model's `layers`, the one with the largest change first."""
    roles: dict[tuple[str, str], list[tuple[int, Layer]]] = {}
    for layer in layers:
        parts = layer.name.split(".")
        # The block is the first number: `encoder.layer.3.attention.to_out.0` stands in block 3.
        at = next((n for n, part in enumerate(parts) if part.isdecimal() and len(part) < 7), None)
        if at is not None:
            name = ".".join([*parts[:at], "*", *parts[at + 1 :]])
            roles.setdefault((name, layer.kind), []).append((int(parts[at]), layer))
    found = []
    for (name, _), members in roles.items():
        if len(members) >= LEAST:
            ordered = [layer for _, layer in sorted(members, key=lambda pair: pair[0])]
            found += [trend for one in QUANTITIES if (trend := _trend(name, one, ordered)) is not None]
    found.sort(key=lambda trend: -abs(log(trend.last / trend.first)))
    return tuple(found[:MOST])


def _trend(name: str, quantity: Quantity, layers: Sequence[Layer]) -> Trend | None:
    values = [value for layer in layers if (value := getattr(layer.profile, quantity)) is not None]
    if len(values) < max(LEAST, len(layers)) or not all(isfinite(value) for value in values):
        return None
    third = len(values) // 3
    first, last = median(values[:third]), median(values[-third:])
    # Shares of nothing and excesses below zero have no ratio.
    if first <= 0 or last <= 0 or max(first, last) < CHANGE * min(first, last):
        return None
    try:
        ranked = correlation(list(range(len(values))), _ranks(values))
    except StatisticsError:
        return None
    if abs(ranked) < CORRELATION:
        return None
    return Trend(
        layers=name,
        quantity=quantity,
        count=len(values),
        correlation=short(ranked) or 0.0,
        first=first,
        last=last,
    )


def _ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, the mean of theirs for equal ones."""
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(place)
    return [sum(places[value]) / len(places[value]) for value in values]


def trend_sentences(trends: Sequence[Trend]) -> tuple[str, ...]:
    """The strongest trend of each quantity, the first `SENTENCES` of them; `trends` are in the order of their change."""
    strongest: dict[Quantity, Trend] = {}
    for trend in trends:
        strongest.setdefault(trend.quantity, trend)
    return tuple(_in_words(trend) for trend in list(strongest.values())[:SENTENCES])


def _in_words(trend: Trend) -> str:
    show = numbers.percent if trend.quantity == "zeros" else numbers.value
    return (
        f"The {_WORDS[trend.quantity]} of {cut(trend.layers, NAME)} {'rises' if trend.last > trend.first else 'falls'} with "
        f"depth, from {show(trend.first)} in the first third to {show(trend.last)} in the last."
    )
