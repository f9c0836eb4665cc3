"""NaN and infinite values among a model's tensors."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of
from pthreport.document import TableDetail, TensorRecord
from pthreport.document.numbers import plural, verb

ROWS = 40
"""Tensors listed in the finding; the rest is counted."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail where any parameter or buffer holds NaN or an infinity (a mask's -inf is meant)."""
    looked = facts.weights
    bad = [t for t in looked if _nonfinite(t) and not _is_mask(t)]
    if not bad:
        return Outcome(status="pass", evidence=f"all values of {plural(len(looked), 'tensor')} are finite")
    rows = []
    for tensor in bad[:ROWS]:
        assert tensor.statistics is not None
        s = tensor.statistics
        share = _nonfinite(tensor) / tensor.numel
        rows.append((tensor.name, f"{s.nan:,}", f"{s.posinf:,}", f"{s.neginf:,}", f"{share:.2%}"))
    worst = max(bad, key=lambda t: _nonfinite(t) / t.numel)
    total = sum(_nonfinite(t) for t in bad)
    evidence = (
        f"{plural(total, 'value')} in {of(len(bad), len(looked), 'tensor')} {verb(total, 'is', 'are')} NaN or infinite; the worst is "
        f"{worst.name} with {_nonfinite(worst) / worst.numel:.2%}"
    )
    table = TableDetail(
        head=("tensor", "NaN", "+Inf", "-Inf", "share"), rows=tuple(rows), left_out=len(bad) - len(rows)
    )
    return Outcome(status="fail", evidence=evidence, where=tuple(t.path for t in bad), details=(table,))


def _nonfinite(tensor: TensorRecord) -> int:
    s = tensor.statistics
    return s.nan + s.posinf + s.neginf if s else 0


def _is_mask(tensor: TensorRecord) -> bool:
    """An additive attention mask: -inf where nothing may be seen, zero elsewhere."""
    s = tensor.statistics
    return (
        s is not None
        and tensor.role == "buffer"
        and s.nan == 0
        and s.posinf == 0
        and s.zeros == s.count
        and "mask" in tensor.name.casefold()
    )


NONFINITE_WEIGHTS = Check(
    id="nonfinite-weights",
    category="integrity",
    needs=("weights",),
    passed="All weights are finite",
    failed="Weights are NaN or infinite",
    severity="error",
    judges="0 values (NaN, +Inf or -Inf) in parameters and buffers; masks of 0 and -Inf are meant",
    why=(
        "One NaN spreads through every matrix product: the outputs of such a model are NaN for most or all "
        "inputs. It usually means that training diverged, or that a cast to fp16 overflowed."
    ),
    remedy=(
        "Go back to an earlier checkpoint. If training is to go on, look at the learning rate, gradient "
        "clipping and loss scaling just before the step at which this was saved."
    ),
    reference="IEEE 754; https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html",
    examine=examine,
)
