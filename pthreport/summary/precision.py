"""Sentences on the precision of a report's weights: what is stored and not used, and where int8 needs more scales."""

from collections.abc import Sequence
from math import isfinite

from pthreport.checks.check import Limits
from pthreport.checks.int8_outliers import outliers
from pthreport.checks.padded_precision import padded
from pthreport.document import TensorRecord, numbers
from pthreport.document.text import cut

NAME = 80


def precision_sentences(weights: Sequence[TensorRecord], limits: Limits) -> tuple[str, ...]:
    """What the checks padded-precision and int8-outliers (with its `limits`) say of the measured weights."""
    return tuple(said for said in (_padded(weights), _outliers(weights, limits)) if said)


def _padded(weights: Sequence[TensorRecord]) -> str:
    found = [(r, r.precision) for r in weights if padded(r) and r.precision is not None]
    if not found:
        return ""
    types = ", ".join(sorted({form for _, precision in found for form in precision.exact_in}))
    return (
        f"{numbers.plural(len(found), 'weight tensor')} of {numbers.size(sum(r.nbytes for r, _ in found))} "
        f"{'holds' if len(found) == 1 else 'hold'} only values that a narrower type ({types}) holds exactly: the rest of "
        "the bytes is wasted."
    )


def _outliers(weights: Sequence[TensorRecord], limits: Limits) -> str:
    judged = [(r, r.precision) for r in weights if outliers(r, limits) is not None]
    gains = [
        (gain, r) for r, precision in judged if precision and (gain := precision.channel_gain) is not None
    ]
    if not gains:
        return ""
    found = [(gain, r) for gain, r in gains if outliers(r, limits)]
    most, where = max(found or gains, key=lambda pair: pair[0])
    place = f"{cut(where.name, NAME)} ({numbers.decibels(most)} dB)"
    if not found:
        return f"No matrix needs an int8 scale for each channel; it would gain most in {place}."
    return (
        f"{numbers.plural(len(found), 'matrix', 'matrices')} {'has' if len(found) == 1 else 'have'} outlier channels, for "
        f"which int8 needs a scale each; it gains most in {place}."
    )


def precision_note(records: Sequence[TensorRecord]) -> str:
    """How the signal-to-noise ratios of the models' weights were measured."""
    errors = [
        error
        for record in records
        if record.precision is not None and record.model is not None
        for error in record.precision.errors.values()
        if isfinite(error)
    ]
    if not errors:
        return "Signal over rounding noise in dB"
    return f"Signal over rounding noise in dB; ≈ estimated, 95 % within ±{numbers.decibels(max(errors))} dB"
