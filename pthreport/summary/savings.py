"""What storing a model's weights in a narrower form would save, and what it would cost."""

from collections.abc import Mapping
from statistics import median

from pthreport.document import Model, Precision, Saving, TensorRecord

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


def savings(model: Model, records: Mapping[str, TensorRecord]) -> tuple[Saving, ...]:
    """One entry for each form in which the model's floating weights could be kept; tied weights count
    once. Empty where no precision was measured."""
    again = {path for tie in model.ties for path in tie.paths[1:]}
    paths = dict.fromkeys(path for layer in model.layer_list for path in layer.tensors)
    weights = [records[path] for path in paths if path in records and path not in again]
    weights = [r for r in weights if r.role == "parameter" and "float" in r.dtype]
    measured = [(r, r.precision) for r in weights if r.precision is not None]
    if not measured:
        return ()
    now = sum(r.nbytes for r in weights)
    found = []
    for form in _HALVES:
        taken = sum(min(r.nbytes, 2 * r.numel) for r in weights)
        wide = [(r, p) for r, p in measured if r.nbytes > 2 * r.numel]
        if not wide:
            continue
        rounding = [p.float16 if form == "float16" else p.bfloat16 for _, p in wide]
        found.append(
            Saving(
                form=form,
                bytes=taken,
                saved=now - taken,
                tensors=len(wide),
                lossless=all(form in p.exact_in for _, p in wide),
                overflow=sum(r.overflow for r in rounding if r is not None),
                vanish=sum(r.vanish for r in rounding if r is not None),
            )
        )
    for form, field in _QUANTISED.items():
        figures = [(value, r) for r, p in measured if (value := getattr(p, field)) is not None]
        if not figures:
            continue
        saved = sum(max(0, r.nbytes - _taken(form, r, p)) for r, p in measured)
        worst = min(figures, key=lambda pair: pair[0])
        found.append(
            Saving(
                form=form,
                bytes=now - saved,
                saved=saved,
                tensors=len(measured),
                worst=worst[1].path,
                worst_sqnr=worst[0],
                median_sqnr=median(value for value, _ in figures),
            )
        )
    return tuple(found)


def _taken(form: str, record: TensorRecord, precision: Precision) -> int:
    channels = record.shape[precision.channel_axis] if record.shape else 1
    if form == "int8-channel":
        return record.numel + SCALE_BYTES * channels
    if form == "int4-group":
        each = record.numel // max(1, channels)
        groups = channels * -(-each // precision.group_size)
        return -(-record.numel // 2) + GROUP_SCALE_BYTES * groups
    return record.numel + SCALE_BYTES
