"""Units that put out a constant: their weights are zero, or next to it, beside their siblings'."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of
from pthreport.document import Layer, LayerDetail, Model, TableDetail, TensorRecord
from pthreport.document.definitions import DEAD_UNIT
from pthreport.document.numbers import plural

LARGE_SHARE = Threshold(
    name="large-share",
    value=0.1,
    unit="share of a layer's units",
    source=(
        "networks trained with weight decay lose some channels and are none the worse: of the good models looked "
        "at, a MobileNetV2 has 4 dead channels in 104 layers, 3 % of the worst layer; a CHGNet has a layer with 25 %"
    ),
)
"""From this share on dead units are a warning, below it a note."""

ROWS = 40
"""Layers listed in the finding; the rest is counted."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where a large share of the units, note where any, of convolutions, linear layers or norms are dead."""
    found: list[tuple[Model, Layer, TensorRecord]] = []
    looked = 0
    for model in facts.models:
        for layer in model.layer_list:
            weight = facts.tensors.get(layer.weight or "")
            # An embedding's rows are not units that feed a following layer: unused ones are common.
            if weight is None or weight.units is None or layer.kind == "embedding":
                continue
            looked += 1
            if weight.units.dead:
                found.append((model, layer, weight))
    if not looked:
        return Outcome(
            status="not-applicable", evidence="no layer whose units could be told apart was measured"
        )
    if not found:
        return Outcome(status="pass", evidence=f"no dead unit in {plural(looked, 'layer')}")
    rows = []
    for _, layer, weight in found[:ROWS]:
        assert weight.units is not None
        units = weight.units
        shown = ", ".join(map(str, units.dead_units[:8])) + (" ..." if units.dead > 8 else "")
        share = units.dead / units.count
        rows.append(
            (
                layer.name,
                layer.kind,
                f"{units.dead:,} of {units.count:,}",
                f"{share:.1%}",
                shown,
                _constant(layer, facts, units.dead_units),
            )
        )
    total = sum(w.units.dead for _, _, w in found if w.units)
    _, worst, weight = max(found, key=lambda f: f[2].units.dead / f[2].units.count if f[2].units else 0)
    assert weight.units is not None
    evidence = (
        f"{plural(total, 'unit')} in {of(len(found), looked, 'layer')}; most in {worst.name}: "
        f"{weight.units.dead:,} of {weight.units.count:,} ({weight.units.dead / weight.units.count:.0%})"
    )
    table = TableDetail(
        head=("layer", "kind", "dead", "share", "units", "what they still put out"),
        rows=tuple(rows),
        left_out=len(found) - len(rows),
    )
    link = LayerDetail(path=weight.path, note="the layer with the largest share")
    where = tuple(w.path for _, _, w in found)
    large = weight.units.dead >= limits[LARGE_SHARE.name] * weight.units.count
    return Outcome(
        status="warn" if large else "info",
        evidence=evidence,
        where=where,
        details=(link, table),
        severity="warning" if large else "info",
    )


def _constant(layer: Layer, facts: Facts, dead: tuple[int, ...]) -> str:
    """Zero, or the constant that the layer's own bias adds."""
    bias = next(
        (facts.tensors[p] for p in layer.tensors if p.endswith("bias") and p in facts.tensors), None
    )
    if bias is None or bias.statistics is None:
        return "nothing (the layer has no bias)"
    if bias.statistics.absmax in (0, 0.0):
        return "nothing (its bias is zero)"
    return "a constant (its bias)"


DEAD_UNITS = Check(
    id="dead-units",
    category="training",
    needs=("values",),
    passed="No dead units",
    failed="Units are dead",
    severity="warning",
    judges=(
        f"largest weight of the unit = 0, or its L2 norm < {DEAD_UNIT:g} of its layer's median; "
        "a warning from {large-share:.0%} of a layer on"
    ),
    thresholds=(LARGE_SHARE,),
    why=(
        "A unit whose weights are zero puts out a constant whatever comes in: its parameters and its part of "
        "the following layer are paid for and do nothing. Weight decay on a norm's scale, a learning rate that "
        "was too high for ReLU, or pruning leave them."
    ),
    remedy=(
        "If the file was pruned, remove the units and shrink the layer. Otherwise look at initialisation, "
        "learning rate and weight decay of the layers named here; a share of some percent is common in good "
        "networks trained with weight decay, half a layer is not."
    ),
    reference="Lu et al. 2019, arXiv:1903.06733 (dying ReLU); Mehta et al. 2019, arXiv:1811.12495 (filters lost to weight decay)",
    examine=examine,
)
