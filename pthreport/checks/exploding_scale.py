"""Layers whose weights are far larger than their siblings'."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.checks.siblings import KINDS, LEAST_SIBLINGS, scaled_layers
from pthreport.document.numbers import plural, verb

RATIO = Threshold(
    name="ratio",
    value=20,
    unit="times the median gain of the layers of its kind",
    source="calibrated: the largest among good models is 10 (a linear layer that holds reference energies)",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where the gain of a layer is many times its siblings'."""
    looked = scaled_layers(facts)
    if not looked:
        return Outcome(
            status="not-applicable",
            evidence=f"no kind of layer was measured in at least {LEAST_SIBLINGS} layers",
        )
    found = sorted((s for s in looked if s.ratio >= limits[RATIO.name]), key=lambda s: -s.ratio)
    largest = max(looked, key=lambda s: s.ratio)
    if not found:
        return Outcome(
            status="pass",
            evidence=f"the largest of {plural(len(looked), 'layer')} beside its siblings is {largest.layer.name}, {largest.ratio:.1f} times their median",
        )
    rows = [
        (s.layer.name, s.layer.kind, f"{s.gain:.3g}", f"{s.typical:.3g}", f"{s.ratio:.1f}") for s in found
    ]
    return Outcome(
        status="warn",
        evidence=(
            f"{of(len(found), len(looked), 'layer')} {verb(len(found), 'is', 'are')} beyond {limits[RATIO.name]:g} times the median of their "
            f"kind; the largest is {largest.layer.name}, {largest.ratio:.0f} times"
        ),
        where=tuple(s.weight.path for s in found),
        details=(table(("layer", "kind", "gain", "median of its kind", "times"), rows),),
    )


EXPLODING_SCALE = Check(
    id="exploding-scale",
    category="training",
    needs=("values",),
    passed="No layer is far larger than its siblings",
    failed="The weights of a layer have exploded",
    severity="warning",
    judges=(
        "gain = rms sqrt(fan in), at least {ratio:g} times the median gain of the layers of its kind in the model; kinds "
        f"{', '.join(sorted(KINDS))}, {LEAST_SIBLINGS} layers or more"
    ),
    thresholds=(RATIO,),
    why=(
        "A layer multiplies its inputs by about its gain. One that multiplies twenty times more than its siblings "
        "saturates what follows and makes gradients explode; it is the trace of a learning rate too high or of "
        "weights that were added up, scaled or loaded wrongly."
    ),
    remedy=(
        "Look at the layer's training curve and at what scales it afterwards (a norm may make up for it). Lower the "
        "learning rate, clip gradients, or give the layer weight decay; check how the file was converted."
    ),
    reference="Glorot and Bengio 2010; He et al. 2015, arXiv:1502.01852",
    examine=examine,
)
