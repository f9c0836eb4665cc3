"""Weights of which every value is the same."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of, table
from pthreport.document import TensorRecord
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

WEIGHTED = frozenset(
    "conv1d conv2d conv3d depthwise-conv conv-transpose linear attention embedding lstm gru rnn".split()
)
NORMS = frozenset("batchnorm layernorm groupnorm instancenorm rmsnorm norm".split())
LEAST = 8
"""Values that a weight must have for their being equal to mean something."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where a matrix or kernel is constant, or a norm's scale is a constant other than one."""
    looked, found = 0, []
    for layer in facts.layers:
        weight = facts.tensors.get(layer.weight or "")
        if weight is None or weight.statistics is None or weight.numel < LEAST:
            continue
        if layer.kind in WEIGHTED:
            looked += 1
            if _constant(weight):
                found.append((layer, weight))
        elif layer.kind in NORMS and weight.role == "parameter":
            looked += 1
            if _constant(weight) and weight.statistics.min != 1:
                found.append((layer, weight))
    if not looked:
        return Outcome(status="not-applicable", evidence="no weight of a known layer was measured")
    if not found:
        return Outcome(status="pass", evidence=f"none of {plural(looked, 'weight')} is constant")
    zeros = sum(w.statistics is not None and w.statistics.absmax == 0 for _, w in found)
    zero = "" if not zeros else ", zero" if zeros == len(found) else f" ({zeros:,} zero)"
    return Outcome(
        status="warn",
        evidence=f"{of(len(found), looked, 'weight')} {verb(len(found), 'holds', 'hold')} one value everywhere{zero}: {listed(w.name for _, w in found)}",
        where=tuple(w.path for _, w in found),
        details=(
            table(
                ("weight", "kind", "values", "all are"),
                [
                    (w.name, la.kind, f"{w.numel:,}", f"{w.statistics.min:.6g}")
                    for la, w in found
                    if w.statistics and w.statistics.min is not None
                ],
            ),
        ),
    )


def _constant(record: TensorRecord) -> bool:
    s = record.statistics
    return s is not None and s.count == record.numel and s.min is not None and s.min == s.max


CONSTANT_TENSORS = Check(
    id="constant-tensors",
    category="training",
    needs=("values",),
    passed="No weight is constant",
    failed="Weights hold one value everywhere",
    severity="warning",
    judges=f"least value = largest value, in weights of at least {LEAST} values; a norm's scale of one is its start, not counted here",
    why=(
        "A constant matrix gives every unit the same output, and a zero one gives nothing: the layer cannot tell "
        "inputs apart. A scale of zero switches off a whole residual branch."
    ),
    remedy=(
        "Where layers start from zero on purpose (the last layer of a residual branch, the B of a LoRA pair) this "
        "says that they were not trained; elsewhere look for a failed copy or a loss that does not reach the layer."
    ),
    reference="Goyal et al. 2017, arXiv:1706.02677 (scales that start at zero); Hu et al. 2021, arXiv:2106.09685",
    examine=examine,
)
