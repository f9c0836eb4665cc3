"""A moving average of the weights that is the weights."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.document.numbers import plural


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where an average does not differ from the raw weights at all."""
    looked = [a for a in facts.training.averages if a.tensors and a.distance is not None]
    if not looked:
        return Outcome(
            status="not-applicable", evidence="the file holds no average of weights beside the raw ones"
        )
    same = [a for a in looked if a.distance == 0]
    if not same:
        words = ", ".join(f"{a.distance:.2e}" for a in looked)
        return Outcome(
            status="pass",
            evidence=f"the average differs from the raw weights by {words} (relative L2 distance)",
        )
    one = same[0]
    return Outcome(
        status="warn",
        evidence=f"{one.average or 'the average'} equals {one.raw or 'the raw weights'} in every value of {plural(one.tensors, 'tensor')}",
        where=(one.average,),
    )


IDENTICAL_AVERAGE = Check(
    id="identical-average",
    category="training",
    needs=("values",),
    passed="The average of the weights differs from them",
    failed="The average of the weights is a plain copy",
    severity="warning",
    judges="||average - raw|| / ||raw|| = 0 over all parameters that both have",
    why=(
        "An average of weights (EMA, SWA) that equals them was never updated, or one was saved twice: who evaluates "
        "it believes to see the smoothed model and does not."
    ),
    remedy=(
        "Look whether the averaging was called after each step and its warm-up had passed; otherwise leave the copy out "
        "of the file, it takes as many bytes as the model."
    ),
    reference="Polyak and Juditsky 1992; Izmailov et al. 2018, arXiv:1803.05407",
    examine=examine,
)
