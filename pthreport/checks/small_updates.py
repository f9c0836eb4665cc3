"""Weights that the optimizer hardly moves."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.checks.updates import NONE_KNOWN, updates
from pthreport.document.numbers import plural
from pthreport.document.text import listed

RATIO = Threshold(
    name="ratio",
    value=1e-6,
    unit="rms of the last step at the schedule's peak rate over rms of the weight",
    source="1e-3 is healthy, 1e-6 standing still; calibrated: medians of good models at their peak rate are 2e-5 to 4e-4",
)
LARGE_SHARE = Threshold(
    name="large-share",
    value=0.5,
    unit="share of the weights whose step is known",
    source="single weights that have found their place occur in good models",
)


def small(at_peak: float, limits: Limits) -> bool:
    """Whether a step that would have been `at_peak` of its weight at the peak rate is too small."""
    return at_peak < limits[RATIO.name]


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where most weights stand still, note where some do."""
    looked = updates(facts)
    if not looked:
        return Outcome(status="not-applicable", evidence=NONE_KNOWN)
    found = sorted((u for u in looked if small(u.at_peak, limits)), key=lambda u: u.at_peak)
    if not found:
        least = min(looked, key=lambda u: u.at_peak)
        return Outcome(
            status="pass",
            evidence=f"the smallest last step of {plural(len(looked), 'weight')} is {least.at_peak:.1e} of the weight at the peak rate ({least.weight.name})",
        )
    large = len(found) >= limits[LARGE_SHARE.name] * len(looked)
    return Outcome(
        status="warn" if large else "info",
        severity="warning" if large else "info",
        evidence=f"{of(len(found), len(looked), 'weight')} moved by less than {limits[RATIO.name]:g} of itself in the last step, the decay of the rate allowed for: {listed(u.weight.name for u in found)}",
        where=tuple(u.weight.path for u in found),
        details=(
            table(
                ("weight", "step / weight", "at the peak rate", "optimizer"),
                [(u.weight.name, f"{u.ratio:.2e}", f"{u.at_peak:.2e}", u.optimizer.kind) for u in found],
            ),
        ),
    )


SMALL_UPDATES = Check(
    id="small-updates",
    category="training",
    needs=("values", "optimizers"),
    passed="The weights still moved",
    failed="Weights stand still",
    severity="warning",
    judges=(
        "rms of the step last made, scaled up to the schedule's largest rate, over rms of the weight below {ratio:g}, "
        "weights of two dims or more; a warning from {large-share:.0%} of them on"
    ),
    thresholds=(RATIO, LARGE_SHARE),
    why=(
        "A weight that moves by a millionth of itself a step does not learn in any affordable time: its gradients "
        "vanish, its learning rate is too low, or the training has converged long ago."
    ),
    remedy=(
        "If the loss was still high, raise the learning rate, or look for what blocks the gradient (saturation, a "
        "detach, a loss scale). At the end of a run nothing needs to be done."
    ),
    reference="Karpathy, CS231n, Neural Networks Part 3: ratio of weights to updates; https://cs231n.github.io/neural-networks-3/",
    examine=examine,
)
