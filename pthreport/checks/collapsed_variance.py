"""Running variances that are impossible, zero, or next to it."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.document import BatchNormFacts, Layer
from pthreport.document.definitions import SMALL_VARIANCE
from pthreport.document.numbers import plural, value, verb

LARGE_SHARE = Threshold(
    name="large-share",
    value=0.1,
    unit="share of a layer's channels",
    source="calibrated: single collapsed channels occur in good models; a tenth of a layer only where units upstream died",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail on a negative or NaN variance, warn on a large share of collapsed ones, note single ones."""
    norms = [(la, la.batchnorm) for la in facts.layers if la.batchnorm is not None]
    if not norms:
        return Outcome(status="not-applicable", evidence="no running statistics were measured")
    found = [(la, bn) for la, bn in norms if bn.var_bad + bn.var_small]
    if not found:
        return Outcome(
            status="pass",
            evidence=f"all variances of {plural(len(norms), 'layer')} are above {value(SMALL_VARIANCE, 2)}",
        )
    impossible = [(la, bn) for la, bn in found if bn.var_min is None or bn.var_min < 0]
    worst, bn = max(
        impossible or found, key=lambda one: (one[1].var_bad + one[1].var_small) / one[1].channels
    )
    share = (bn.var_bad + bn.var_small) / bn.channels
    least = "NaN" if bn.var_min is None else f"{bn.var_min:.3g}"
    evidence = (
        f"{of(len(found), len(norms), 'layer')} {verb(len(found), 'has', 'have')} collapsed channels; "
        f"{'impossible' if impossible else 'most'} in {worst.name}: {bn.var_bad + bn.var_small:,} of {bn.channels:,} ({share:.0%}), least variance {least}"
    )
    return Outcome(
        status="fail" if impossible else "warn" if share >= limits[LARGE_SHARE.name] else "info",
        severity="error" if impossible else "warning" if share >= limits[LARGE_SHARE.name] else "info",
        evidence=evidence,
        where=tuple(p for la, _ in found for p in la.tensors if p.endswith("running_var")),
        details=(
            table(
                (
                    "layer",
                    "channels",
                    "zero or below",
                    f"below {value(SMALL_VARIANCE, 2)}",
                    "least",
                    "largest gain",
                ),
                [_row(*one) for one in found],
            ),
        ),
    )


def _row(layer: Layer, facts: BatchNormFacts) -> tuple[str, ...]:
    least = "NaN" if facts.var_min is None else f"{facts.var_min:.3g}"
    gain = "" if facts.gain_max is None else f"{facts.gain_max:.3g}"
    return (
        layer.name,
        f"{facts.channels:,}",
        f"{facts.var_bad:,}",
        f"{facts.var_small:,}",
        least,
        gain,
    )


COLLAPSED_VARIANCE = Check(
    id="collapsed-variance",
    category="training",
    needs=("values",),
    passed="No running variance has collapsed",
    failed="Running variances have collapsed",
    severity="warning",
    judges=f"running_var <= 0 or NaN is impossible or dead, below {value(SMALL_VARIANCE, 2)} collapsed; a warning from {{large-share:.0%}} of a layer's channels on",
    thresholds=(LARGE_SHARE,),
    why=(
        "A channel whose variance is next to zero carried a constant during training. The layer divides by its root, so "
        "whatever does come through there later is blown up by up to 1 / sqrt(eps), three hundred times. A negative "
        "or NaN variance makes every output NaN."
    ),
    remedy=(
        "Dead units upstream are the usual cause: prune the channels, or look at learning rate and weight decay. A "
        "negative or NaN variance comes from a wrong average of checkpoints or a broken conversion: take the file before it."
    ),
    reference="Ioffe and Szegedy 2015, arXiv:1502.03167",
    examine=examine,
)
