"""Weights and buffers that half precision cannot hold."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import table
from pthreport.document import TensorRecord
from pthreport.document.numbers import plural

LARGEST = 65520.0
"""From here on rounding to fp16 gives infinity (half a step above 65504)."""
VANISHING = Threshold(
    name="vanishing-share",
    value=0.01,
    unit="share of a tensor's values",
    source="calibrated: at most 1e-4 in good models",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where fp16 would overflow, note where many values would vanish."""
    looked = [t for t in facts.weights if t.dtype in ("float32", "float64", "bfloat16")]
    if not looked:
        return Outcome(
            status="not-applicable", evidence="no weights of a wider range than fp16 were measured"
        )
    over = [t for t in looked if t.statistics and (t.statistics.absmax or 0) >= LARGEST]
    under = [t for t in looked if _vanish(t) > limits[VANISHING.name] * t.numel]
    if not over and not under:
        return Outcome(
            status="pass", evidence=f"fp16 can hold the range of all {plural(len(looked), 'tensor')}"
        )
    words = []
    if over:
        worst = max(over, key=lambda t: (t.statistics.absmax or 0) if t.statistics else 0)
        assert worst.statistics is not None
        words.append(
            f"{plural(len(over), 'tensor')} would overflow, most {worst.name} with {worst.statistics.absmax:.4g}"
        )
    if under:
        worst = max(under, key=lambda t: _vanish(t) / t.numel)
        words.append(
            f"in {plural(len(under), 'tensor')} values would vanish, most in {worst.name}: {_vanish(worst) / worst.numel:.1%}"
        )
    listed = list(dict.fromkeys(t.path for t in [*over, *under]))
    return Outcome(
        status="warn" if over else "info",
        severity="warning" if over else "info",
        evidence="; ".join(words),
        where=tuple(listed),
        details=(
            table(
                ("tensor", "role", "largest magnitude", "values that vanish"),
                [_row(facts.tensors[path]) for path in listed],
            ),
        ),
    )


def _row(record: TensorRecord) -> tuple[str, ...]:
    largest = record.statistics.absmax if record.statistics else None
    return record.name, record.role, f"{largest or 0:.4g}", f"{_vanish(record):,}"


def _vanish(record: TensorRecord) -> int:
    return record.precision.float16.vanish if record.precision and record.precision.float16 else 0


HALF_OVERFLOW = Check(
    id="half-overflow",
    category="precision",
    needs=("values", "weights"),
    passed="Half precision could hold all weights",
    failed="Half precision would lose weights",
    severity="warning",
    judges=f"largest magnitude from {LARGEST:,.0f} on becomes infinite in fp16; a note where more than {{vanishing-share:.0%}} of a tensor's values (|w| <= 2^-25) become zero",
    thresholds=(VANISHING,),
    why=(
        "model.half() turns such values into infinity or zero without a word; running variances and scales are where "
        "it happens first, and the outputs are NaN from there on."
    ),
    remedy="Use bfloat16, which has float32's range, or keep these tensors in float32 (autocast does so for normalisations).",
    reference="IEEE 754 binary16; Micikevicius et al. 2018, arXiv:1710.03740",
    examine=examine,
)
