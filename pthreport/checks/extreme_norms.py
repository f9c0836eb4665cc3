"""Normalisations whose learnt scale switches channels off or blows them up."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.document import Layer, TensorRecord
from pthreport.document.numbers import plural
from pthreport.document.text import listed

KINDS = frozenset("batchnorm layernorm groupnorm instancenorm rmsnorm norm".split())
VANISHING = Threshold(
    name="vanishing",
    value=1e-3,
    unit="largest |weight| of the layer",
    source="calibrated: the smallest among good models is 0.02",
)
SATURATED = Threshold(
    name="saturated",
    value=100,
    unit="largest |weight| of the layer",
    source="calibrated: the largest among good models is 27",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where the scale of a whole norm layer has vanished or one of it is huge."""
    looked = 0
    found: list[tuple[Layer, TensorRecord, float, str]] = []
    for layer in facts.layers:
        weight = facts.tensors.get(layer.weight or "")
        if layer.kind not in KINDS or weight is None or weight.statistics is None:
            continue
        largest = weight.statistics.absmax
        if weight.role != "parameter" or largest is None:
            continue
        looked += 1
        if 0 < largest < limits[VANISHING.name]:
            found.append((layer, weight, largest, "vanished"))
        elif largest > limits[SATURATED.name]:
            found.append((layer, weight, largest, "huge"))
    if not looked:
        return Outcome(status="not-applicable", evidence="no norm layer with a scale was measured")
    if not found:
        return Outcome(
            status="pass", evidence=f"the scales of {plural(looked, 'norm layer')} are in the usual range"
        )
    return Outcome(
        status="warn",
        evidence=f"{of(len(found), looked, 'norm layer')}: {listed(f'{la.name} {word} (largest |weight| {x:.3g})' for la, _, x, word in found)}",
        where=tuple(w.path for _, w, _, _ in found),
        details=(
            table(
                ("layer", "kind", "largest |weight|", ""),
                [(la.name, la.kind, f"{x:.3g}", word) for la, _, x, word in found],
            ),
        ),
    )


EXTREME_NORMS = Check(
    id="extreme-norms",
    category="training",
    needs=("values",),
    passed="The scales of the norm layers are usual",
    failed="Scales of norm layers have vanished or blown up",
    severity="warning",
    judges="largest |weight| of the layer below {vanishing:g} (and not zero) or above {saturated:g}",
    thresholds=(VANISHING, SATURATED),
    why=(
        "After a normalisation the scale alone decides how strong a layer's signal is. A vanished scale cuts the "
        "branch off, and its gradients with it; a huge one feeds a few channels with all there is, which fp16 and "
        "int8 cannot hold."
    ),
    remedy=(
        "Exclude norm layers from weight decay if scales shrink; lower the learning rate or clip gradients if they grow. "
        "A branch that was cut off can be pruned."
    ),
    reference="Liu et al. 2017, arXiv:1708.06519 (scales as a channel's importance); Kovaleva et al. 2021, arXiv:2105.06990",
    examine=examine,
)
