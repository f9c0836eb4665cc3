"""Layers whose weights are far smaller than their siblings', or noticeably larger."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.exploding_scale import EXPLODING_SCALE
from pthreport.checks.exploding_scale import RATIO as EXPLODING
from pthreport.checks.listing import of, table
from pthreport.checks.siblings import KINDS, LEAST_SIBLINGS, scaled_layers
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

RATIO = Threshold(
    name="ratio",
    value=8,
    unit="times the median gain of the layers of its kind, or that part of it",
    source="calibrated: 97 % of the layers of good models lie within a factor of 8 of their siblings' median",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note layers whose gain is far from their siblings', short of what has exploded."""
    looked = scaled_layers(facts)
    if not looked:
        return Outcome(
            status="not-applicable",
            evidence=f"no kind of layer was measured in at least {LEAST_SIBLINGS} layers",
        )
    ratio = limits[RATIO.name]
    exploded = EXPLODING_SCALE.limits(facts.adjusted.get(EXPLODING_SCALE.id))[EXPLODING.name]
    found = [s for s in looked if s.ratio <= 1 / ratio or ratio <= s.ratio < exploded]
    if not found:
        return Outcome(
            status="pass",
            evidence=f"all of {plural(len(looked), 'layer')} lie within a factor of {ratio:g} of their siblings' median",
        )
    found.sort(key=lambda s: min(s.ratio, 1 / s.ratio))
    rows = [
        (s.layer.name, s.layer.kind, f"{s.gain:.3g}", f"{s.typical:.3g}", f"{s.ratio:.3g}") for s in found
    ]
    return Outcome(
        status="info",
        evidence=f"{of(len(found), len(looked), 'layer')} {verb(len(found), 'is', 'are')} farther than a factor of {ratio:g} from the median of their kind: {listed(s.layer.name for s in found)}",
        where=tuple(s.weight.path for s in found),
        details=(table(("layer", "kind", "gain", "median of its kind", "times"), rows),),
    )


OUTLYING_SPREAD = Check(
    id="outlying-spread",
    category="training",
    needs=("values",),
    passed="The layers of a kind are of like scale",
    failed="Layers are of another scale than their siblings",
    severity="info",
    judges=(
        "gain = rms sqrt(fan in), a factor of {ratio:g} or more away from the median gain of the layers of its kind "
        f"({', '.join(sorted(KINDS))}; {LEAST_SIBLINGS} layers or more)"
    ),
    thresholds=(RATIO,),
    why=(
        "Layers that share a role mostly end up of like scale. One that does not is often special by design (an "
        "output head, a table of references) and sometimes a layer that was not trained, decayed away or loaded wrongly."
    ),
    remedy="Look at the layer's histogram beside a sibling's; where its role does not explain the scale, look at its training.",
    reference="Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
    examine=examine,
)
