"""The sentences under the pictures of one tensor: its values, its units."""

from collections.abc import Sequence

from pthreport.document import Histogram, Statistics, TensorCaptions, Units, numbers
from pthreport.document.definitions import LARGE_UNIT

LISTED = 8
PAIRS = 4


def tensor_captions(
    statistics: Statistics | None, histogram: Histogram | None, units: Units | None, unit: str = "unit"
) -> TensorCaptions:
    """The sentences of a tensor that has a card; `unit` is the word for one of its outputs ("row" of an embedding)."""
    values = ""
    if statistics is not None and histogram is not None and any(histogram.counts):
        values = _values(statistics)
        if outside := histogram.below + histogram.above:
            values += f" {numbers.plural(outside, 'value', short=True)} {numbers.verb(outside, 'lies', 'lie')} outside the picture."
    return TensorCaptions(values=values, units=_units(units, unit) if units is not None else "")


def _values(statistics: Statistics) -> str:
    at = statistics.quantiles
    if "0.01" in at and "0.99" in at and statistics.std:
        text = f"98 % of the values lie between {numbers.value(at['0.01'])} and {numbers.value(at['0.99'])}"
        if statistics.absmax and statistics.rms:
            text += f"; the largest is {numbers.times(statistics.absmax / statistics.rms)} the RMS"
        return f"{text}."
    if statistics.std == 0 and statistics.count:
        same = numbers.value(statistics.mean)
        if statistics.count == 1:
            return f"The one value is {same}."
        return f"All {numbers.count(statistics.count)} values are {same}."
    return f"{numbers.plural(statistics.count, 'finite value', short=True)}."


def _units(units: Units, unit: str) -> str:
    parts = []
    if units.norm_median is not None:
        deviation = (
            f", standard deviation {numbers.percent(units.norm_spread)} of the mean"
            if units.norm_spread is not None
            else ""
        )
        parts.append(
            f"Norms from {numbers.value(units.norm_min)} to {numbers.value(units.norm_max)}, "
            f"median {numbers.value(units.norm_median)}{deviation}."
        )
    if units.large:
        listed = _first(units.large_units, units.large)
        parts.append(
            f"{numbers.plural(units.large, unit, short=True)} above {LARGE_UNIT:g} times the median: {listed}."
        )
    if units.dead:
        one = unit == "unit"
        dead = numbers.plural(
            units.dead,
            "dead unit" if one else f"{unit} with a norm of nearly zero",
            None if one else f"{unit}s with a norm of nearly zero",
        )
        parts.append(f"{dead}: {_first(units.dead_units, units.dead)}.")
    elif unit == "unit":
        parts.append("No dead unit.")
    if units.duplicate_pairs:
        pairs = ", ".join(f"{pair.first} and {pair.second}" for pair in units.duplicates[:PAIRS])
        more = ", …" if units.duplicate_pairs > PAIRS else ""
        parts.append(
            f"{numbers.plural(units.duplicate_pairs, 'pair', short=True)} of near-duplicates: {pairs}{more}."
        )
    elif units.duplicates_searched is not None:
        parts.append(f"No two {unit}s are near-duplicates.")
    return " ".join(parts)


def _first(listed: Sequence[int], count: int) -> str:
    return ", ".join(str(unit) for unit in listed[:LISTED]) + (", …" if count > LISTED else "")
