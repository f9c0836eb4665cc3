"""What storing a model's weights in a narrower form would save, and what it would cost."""

from collections.abc import Mapping, Sequence
from statistics import median

from pthreport.checks.check import Limits
from pthreport.checks.int8_outliers import LEAST_DB
from pthreport.document import Layer, Precision, Saving, TensorRecord, Tie, numbers
from pthreport.document.text import cut

SCALE_BYTES = 4
GROUP_SCALE_BYTES = 2
"""Bytes of a scale in float32, and of one of the many of int4 groups, in float16."""

_QUANTISED = {
    "fp8-e4m3": "fp8_e4m3",
    "fp8-e5m2": "fp8_e5m2",
    "int8-tensor": "int8_tensor",
    "int8-channel": "int8_channel",
    "int4-group": "int4_group",
}
_HALVES = ("float16", "bfloat16")

LABELS = {
    "float16": "float16",
    "bfloat16": "bfloat16",
    "fp8-e4m3": "fp8 e4m3",
    "fp8-e5m2": "fp8 e5m2",
    "int8-tensor": "int8, one scale a tensor",
    "int8-channel": "int8, one scale a channel",
    "int4-group": "int4, one scale for 128 values",
}

NAME = 80


def savings(
    layers: Sequence[Layer], ties: Sequence[Tie], nbytes: int, records: Mapping[str, TensorRecord]
) -> tuple[Saving, ...]:
    """One entry for each form in which the floating weights of a model's `layers` could be kept, of `nbytes` in all;
    tied weights count once. Empty where no precision was measured."""
    again = {path for tie in ties for path in tie.paths[1:]}
    paths = dict.fromkeys(path for layer in layers for path in layer.tensors)
    weights = [records[path] for path in paths if path in records and path not in again]
    weights = [r for r in weights if r.role == "parameter" and "float" in r.dtype]
    measured = [(r, r.precision) for r in weights if r.precision is not None]
    found = [
        *(_half(form, weights, measured, nbytes) for form in _HALVES),
        *(_quantised(form, weights, measured, nbytes) for form in _QUANTISED),
    ]
    return tuple(saving for saving in found if saving is not None)


Measured = Sequence[tuple[TensorRecord, Precision]]


def _half(form: str, weights: Sequence[TensorRecord], measured: Measured, nbytes: int) -> Saving | None:
    """What a 16-bit float would take and lose, None where no weight is wider."""
    wide = [(r, p) for r, p in measured if r.nbytes > 2 * r.numel]
    if not wide:
        return None
    taken = sum(min(r.nbytes, 2 * r.numel) for r in weights)
    saved = sum(r.nbytes for r in weights) - taken
    rounding = [p.float16 if form == "float16" else p.bfloat16 for _, p in wide]
    lossless = all(form in p.exact_in for _, p in wide)
    overflow = sum(r.overflow for r in rounding if r is not None)
    vanish = sum(r.vanish for r in rounding if r is not None)
    return Saving(
        form=form,
        label=LABELS[form],
        bytes=taken,
        saved=saved,
        share=saved / nbytes if nbytes else 0.0,
        left=max(nbytes - saved, 0),
        tensors=len(wide),
        lossless=lossless,
        overflow=overflow,
        vanish=vanish,
        cost="nothing: every value is exact in it" if lossless else _lost(overflow, vanish),
    )


def _quantised(
    form: str, weights: Sequence[TensorRecord], measured: Measured, nbytes: int
) -> Saving | None:
    """What a form with scales would take and lose, None where no signal-to-noise ratio was measured."""
    figures = [(value, r) for r, p in measured if (value := getattr(p, _QUANTISED[form])) is not None]
    if not figures:
        return None
    saved = sum(max(0, r.nbytes - _taken(form, r, p)) for r, p in measured)
    worst, where = min(figures, key=lambda pair: pair[0])
    middle = median(value for value, _ in figures)
    return Saving(
        form=form,
        label=LABELS[form],
        bytes=sum(r.nbytes for r in weights) - saved,
        saved=saved,
        share=saved / nbytes if nbytes else 0.0,
        left=max(nbytes - saved, 0),
        tensors=len(measured),
        worst=where.path,
        worst_sqnr=worst,
        median_sqnr=middle,
        cost=f"{numbers.decibels(middle)} dB in the median tensor; {numbers.decibels(worst)} in {cut(where.path, NAME)}",
    )


def _lost(overflow: int, vanish: int) -> str:
    if not overflow and not vanish:
        return "rounding only: no value overflows or vanishes"
    lost = []
    if overflow:
        lost.append(
            f"{numbers.plural(overflow, 'value', short=True)} {numbers.verb(overflow, 'overflows', 'overflow')}"
        )
    if vanish:
        lost.append(
            f"{numbers.plural(vanish, 'value', short=True)} {numbers.verb(vanish, 'vanishes', 'vanish')}"
        )
    return "; ".join(lost)


def savings_caption(savings: Sequence[Saving], nbytes: int, limits: Limits) -> str:
    """Of a model of `nbytes`, the smallest form that keeps the signal-to-noise ratio that int8-outliers asks for in its worst tensor, as a
    choice; "" where there is none."""
    least = limits[LEAST_DB.name]
    good = [
        saving
        for saving in savings
        if saving.lossless or (saving.worst_sqnr is not None and saving.worst_sqnr >= least)
    ]
    if not good:
        return ""
    best = min(good, key=lambda saving: saving.bytes)
    said = (
        f"As {best.label} the model would take {numbers.size(best.left)} instead of {numbers.size(nbytes)}"
    )
    if best.lossless:
        return f"{said} and lose nothing."
    return f"{said} and keep at least {numbers.decibels(best.worst_sqnr)} dB of signal over rounding noise in every tensor."


def _taken(form: str, record: TensorRecord, precision: Precision) -> int:
    channels = record.shape[precision.channel_axis] if record.shape else 1
    if form == "int8-channel":
        return record.numel + SCALE_BYTES * channels
    if form == "int4-group":
        each = record.numel // max(1, channels)
        groups = channels * -(-each // precision.group_size)
        return -(-record.numel // 2) + GROUP_SCALE_BYTES * groups
    return record.numel + SCALE_BYTES
