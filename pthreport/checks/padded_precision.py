"""float32 numbers of which the lower half says nothing."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.document import BytesDetail, TensorRecord
from pthreport.document.numbers import plural, verb

LARGE_SHARE = Threshold(
    name="large-share",
    value=0.9,
    unit="share of the wide floating elements",
    source="a file that was cast up as a whole has 1; single tensors of constants occur everywhere",
)
LEAST = 64
"""Elements that a tensor must have: a scale of one is exact in every type."""


def padded(record: TensorRecord) -> bool | None:
    """Whether 16 bits would hold every value of a wide tensor; None where that is not judged."""
    if record.dtype not in ("float32", "float64") or record.numel < LEAST or record.precision is None:
        return None
    return bool(record.precision.exact_in) and not _constant(record)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where nearly all wide weights fit 16 bits, note where some do."""
    looked = [t for t in facts.weights if padded(t) is not None]
    if not looked:
        return Outcome(status="not-applicable", evidence="no float32 or float64 weights were measured")
    found = [t for t in looked if padded(t)]
    if not found:
        return Outcome(
            status="pass",
            evidence=f"none of {plural(len(looked), 'wide tensor')} would fit 16 bits exactly",
        )
    elements = sum(t.numel for t in found)
    share = elements / sum(t.numel for t in looked)
    saved = sum(t.nbytes - 2 * t.numel for t in found)
    large = share >= limits[LARGE_SHARE.name]
    return Outcome(
        status="warn" if large else "info",
        severity="warning" if large else "info",
        evidence=f"{of(len(found), len(looked), 'wide tensor')} ({share:.0%} of the elements) {verb(len(found), 'holds', 'hold')} only values that {_types(found)} can hold",
        where=tuple(t.path for t in found),
        details=(
            BytesDetail(label="saved without any loss", value=saved),
            table(
                ("tensor", "stored as", "exact in", "elements"),
                [
                    (t.name, t.dtype, ", ".join(t.precision.exact_in), f"{t.numel:,}")
                    for t in found
                    if t.precision
                ],
            ),
        ),
    )


def _constant(record: TensorRecord) -> bool:
    return record.statistics is not None and record.statistics.min == record.statistics.max


def _types(found: list[TensorRecord]) -> str:
    """The 16-bit types that hold all of them, or, where none does, those that hold some."""
    exact = [set(t.precision.exact_in) for t in found if t.precision]
    return " or ".join(sorted(set.intersection(*exact) or set.union(*exact)))


PADDED_PRECISION = Check(
    id="padded-precision",
    category="precision",
    needs=("values",),
    passed="float32 weights use their precision",
    failed="float32 weights carry 16 bits",
    severity="warning",
    judges=f"every value of a tensor of at least {LEAST} elements, not all equal, survives a round trip through a 16-bit float; a warning from {{large-share:.0%}} of the wide elements on",
    thresholds=(LARGE_SHARE,),
    why=(
        "The weights were rounded to 16 bits once (trained or stored in half precision, then cast up): the file takes "
        "twice the space for the same values, and whoever sees float32 believes in digits that are not there."
    ),
    remedy="Store these tensors in the 16-bit type that holds them exactly; nothing is lost. Do not compare their last digits.",
    reference="IEEE 754 binary16; https://cloud.google.com/tpu/docs/bfloat16",
    examine=examine,
)
