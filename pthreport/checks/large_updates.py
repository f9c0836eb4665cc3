"""Steps so large that a weight is rewritten in a few of them."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.checks.updates import NONE_KNOWN, updates
from pthreport.document.numbers import plural

RATIO = Threshold(
    name="ratio",
    value=0.03,
    unit="rms of the last step over rms of the weight",
    source="about 1e-3 is healthy, 1e-1 too fast (Karpathy, CS231n); the largest of a matrix in good models is 1e-3",
)


def large(ratio: float, limits: Limits) -> bool:
    """Whether a step of `ratio` of its weight is too large."""
    return ratio > limits[RATIO.name]


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where the last step was large beside the weight."""
    looked = updates(facts)
    if not looked:
        return Outcome(status="not-applicable", evidence=NONE_KNOWN)
    found = sorted((u for u in looked if large(u.ratio, limits)), key=lambda u: -u.ratio)
    if not found:
        largest = max(looked, key=lambda u: u.ratio)
        return Outcome(
            status="pass",
            evidence=f"the largest last step of {plural(len(looked), 'weight')} is {largest.ratio:.1e} of the weight ({largest.weight.name})",
        )
    return Outcome(
        status="warn",
        evidence=f"{of(len(found), len(looked), 'weight')} moved by more than {limits[RATIO.name]:g} of itself in the last step; most {found[0].weight.name}, by {found[0].ratio:.2g}",
        where=tuple(u.weight.path for u in found),
        details=(
            table(
                ("weight", "step / weight", "step (rms)", "optimizer"),
                [
                    (u.weight.name, f"{u.ratio:.2e}", f"{u.state.update_rms or 0:.2e}", u.optimizer.kind)
                    for u in found
                ],
            ),
        ),
    )


LARGE_UPDATES = Check(
    id="large-updates",
    category="training",
    needs=("values", "optimizers"),
    passed="The last step was small beside the weights",
    failed="The last step was too large",
    severity="warning",
    judges="rms of the step last made over rms of the weight above {ratio:g}, weights of two dims or more (as the optimizer's rule and state give it)",
    thresholds=(RATIO,),
    why=(
        "A weight that changes by several percent in one step forgets what it learnt within a few dozen: the learning "
        "rate is too high for it, and what was saved is one point of a noisy walk."
    ),
    remedy=(
        "Lower the learning rate of these layers, warm it up, or clip gradients; early in a run large steps are usual. "
        "An average of several checkpoints is better than this one."
    ),
    reference="Karpathy, CS231n, Neural Networks Part 3: ratio of weights to updates; https://cs231n.github.io/neural-networks-3/",
    examine=examine,
)
