"""NaN, infinite and impossible values in an optimizer's state."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of, table
from pthreport.document import TensorRecord
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

SQUARES = ("exp_avg_sq ", "square_avg ", "sum ", "max_exp_avg_sq ", "exp_inf ")
"""How the names of slots begin that hold averages of squares, which are never negative."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail where any state is not finite, or an average of squares is negative."""
    looked = [t for t in facts.tensors.values() if t.role == "optimizer" and t.statistics is not None]
    if not looked:
        return Outcome(status="not-applicable", evidence="no tensor of optimizer state was measured")
    found = [(t, bad) for t in looked if (bad := _bad(t))]
    if not found:
        return Outcome(
            status="pass",
            evidence=f"all values of {plural(len(looked), 'tensor')} of state are possible ones",
        )
    return Outcome(
        status="fail",
        evidence=f"{of(len(found), len(looked), 'tensor')} of optimizer state {verb(len(found), 'holds', 'hold')} NaN, infinity or negative squares: {listed(t.name for t, _ in found)}",
        where=tuple(t.path for t, _ in found),
        details=(table(("state", "what is wrong"), [(t.name, bad) for t, bad in found]),),
    )


def _bad(record: TensorRecord) -> str:
    s = record.statistics
    assert s is not None
    words = [
        f"{number:,} {word}"
        for number, word in ((s.nan, "NaN"), (s.posinf, "+Inf"), (s.neginf, "-Inf"))
        if number
    ]
    if record.name.startswith(SQUARES) and s.min is not None and s.min < 0:
        words.append(f"an average of squares of {s.min:.3g}")
    return ", ".join(words)


NONFINITE_OPTIMIZER = Check(
    id="nonfinite-optimizer",
    category="integrity",
    needs=("values", "optimizers"),
    passed="The optimizer's state is finite",
    failed="The optimizer's state is broken",
    severity="error",
    judges="0 values that are NaN or infinite, 0 averages of squares below zero",
    why=(
        "The next step from such a state makes every weight that it belongs to NaN. The weights in the file may still "
        "be sound: usually the loss overflowed in the step before it was saved."
    ),
    remedy=(
        "Use the weights, if they are finite, with a new optimizer; to go on with the run, take an earlier checkpoint "
        "and look at the loss scale, the learning rate and gradient clipping."
    ),
    reference="Kingma and Ba 2015, arXiv:1412.6980; https://docs.pytorch.org/docs/stable/amp.html",
    examine=examine,
)
