"""Channels so much larger than the others that one int8 scale for a tensor ruins it."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.document import TensorRecord
from pthreport.document.numbers import plural

LEAST_DB = Threshold(
    name="least-db",
    value=25.0,
    unit="dB of signal to noise of int8 with one scale for the tensor",
    source="calibrated: a Gaussian gives 40 dB; 5 % of the matrices of good models are below 25",
)
GAP_DB = Threshold(
    name="gap-db",
    value=10.0,
    unit="dB that a scale for each channel gains",
    source="calibrated: half of the matrices of good models gain less than 6, a tenth more than 12",
)


LEAST = 1024
"""Values that a matrix must have."""


def outliers(record: TensorRecord, limits: Limits) -> bool | None:
    """Whether channels of a matrix need an int8 scale each; None where that is not judged."""
    p = record.precision
    if p is None or len(record.shape) < 2 or record.numel < LEAST:
        return None
    if p.int8_tensor is None or p.int8_channel is None:
        return None
    return p.int8_tensor < limits[LEAST_DB.name] and p.int8_channel - p.int8_tensor > limits[GAP_DB.name]


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note matrices that int8 per tensor loses and int8 per channel keeps."""
    looked = [
        (record, record.precision.int8_tensor or 0.0, record.precision.int8_channel or 0.0)
        for record in facts.weights
        if record.precision is not None and outliers(record, limits) is not None
    ]
    if not looked:
        return Outcome(status="not-applicable", evidence="no matrix's int8 noise was measured")
    found = sorted((one for one in looked if outliers(one[0], limits)), key=lambda one: one[1])
    if not found:
        least = min(looked, key=lambda one: one[1])
        return Outcome(
            status="pass",
            evidence=f"int8 keeps at least {least[1]:.0f} dB in each of {plural(len(looked), 'matrix', 'matrices')} (least: {least[0].name})",
        )
    record, tensor, channel = found[0]
    return Outcome(
        status="info",
        evidence=f"{of(len(found), len(looked), 'matrix', 'matrices')}; most {record.name}: {tensor:.0f} dB with one scale, {channel:.0f} dB with one for each channel",
        where=tuple(r.path for r, _, _ in found),
        details=(
            table(
                ("tensor", "one scale (dB)", "a scale each channel (dB)", "channels far above the median"),
                [(r.name, f"{t:.1f}", f"{c:.1f}", _large(r)) for r, t, c in found],
            ),
        ),
    )


def _large(record: TensorRecord) -> str:
    units = record.units
    if units is None or not units.large:
        return ""
    return f"{units.large:,}: " + ", ".join(map(str, units.large_units[:6]))


INT8_OUTLIERS = Check(
    id="int8-outliers",
    category="precision",
    needs=("values", "weights"),
    passed="int8 keeps every matrix",
    failed="Outlier channels hurt int8",
    severity="info",
    judges=f"SQNR of symmetric int8 with one scale below {{least-db:g}} dB, and more than {{gap-db:g}} dB better with a scale for each output channel; matrices of at least {LEAST:,} values",
    thresholds=(LEAST_DB, GAP_DB),
    why=(
        "One channel that is much larger than the rest takes the whole range of int8; the others are left with a few "
        "steps. Quantised so, the layer loses most of what it knows."
    ),
    remedy="Quantise with a scale for each channel (or group), or move the outliers into the activations first (SmoothQuant).",
    reference="Jacob et al. 2018, arXiv:1712.05877; Xiao et al. 2022, arXiv:2211.10438; Dettmers et al. 2022, arXiv:2208.07339",
    examine=examine,
)
