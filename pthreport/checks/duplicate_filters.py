"""Units of one layer that say the same."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.document.definitions import DUPLICATE
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

LARGE_SHARE = Threshold(
    name="large-share",
    value=0.1,
    unit="pairs per unit of a layer",
    source=(
        "calibrated: good models have up to 0.06 pairs per unit (neighbouring output bins of a pitch estimator, gates "
        "of an LSTM); a discriminator that collapsed has 4 to 8"
    ),
)
LEAST_UNITS = 8
"""Units that a layer must have: two classes are each other's opposite in every good model."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where a layer has many pairs of parallel units, note where it has any."""
    looked, found = 0, []
    for layer in facts.layers:
        weight = facts.tensors.get(layer.weight or "")
        # Equal rows of an embedding are entries that were never told apart, not filters.
        if weight is None or weight.units is None or layer.kind == "embedding":
            continue
        units = weight.units
        if not units.duplicates_searched or units.count < LEAST_UNITS:
            continue
        looked += 1
        if units.duplicate_pairs:
            found.append((layer, weight, units))
    if not looked:
        return Outcome(
            status="not-applicable", evidence="no layer whose units can be compared was measured"
        )
    if not found:
        return Outcome(status="pass", evidence=f"no two units of {plural(looked, 'layer')} are parallel")
    found.sort(key=lambda one: -one[2].duplicate_pairs / one[2].count)
    layer, _, units = found[0]
    large = units.duplicate_pairs >= limits[LARGE_SHARE.name] * units.count
    pairs = sum(u.duplicate_pairs for _, _, u in found)
    rows = [
        (
            la.name,
            la.kind,
            f"{u.duplicate_pairs:,}",
            f"{u.count:,}",
            listed(f"{p.first} and {p.second} ({p.cosine:+.3f})" for p in u.duplicates),
        )
        for la, _, u in found
    ]
    return Outcome(
        status="warn" if large else "info",
        severity="warning" if large else "info",
        evidence=(
            f"{plural(pairs, 'pair')} of units in {of(len(found), looked, 'layer')} "
            f"{verb(pairs, 'is', 'are')} parallel; most in {layer.name}: {units.duplicate_pairs:,} among {plural(units.count, 'unit')}"
        ),
        where=tuple(w.path for _, w, _ in found),
        details=(table(("layer", "kind", "pairs", "units", "for instance (cosine)"), rows),),
    )


DUPLICATE_FILTERS = Check(
    id="duplicate-filters",
    category="training",
    needs=("values",),
    passed="No two filters of a layer are the same",
    failed="Filters repeat each other",
    severity="warning",
    judges=(
        f"|cosine| > {DUPLICATE:g} after removing each unit's mean, fan-in above 9, layers of at least "
        f"{LEAST_UNITS} units, depthwise kernels left out; a warning from {{large-share:g}} pairs per unit on"
    ),
    thresholds=(LARGE_SHARE,),
    why=(
        "Two units with the same weights compute the same thing twice. Many of them mean that the layer is wider than "
        "what it learnt, or that training collapsed: a discriminator that lost, units that started alike."
    ),
    remedy=(
        "Make the layer narrower or prune the copies (add their outgoing weights up). If there are many, look at the "
        "initialisation and at whether the loss still moved when this was saved."
    ),
    reference="RoyChowdhury et al. 2017, Reducing Duplicate Filters in Deep Neural Networks; Srinivas and Babu 2015, arXiv:1507.06149",
    examine=examine,
)
