"""Parameters in an optimizer to which no gradient ever came."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import count, names, of, table
from pthreport.document import ParameterState


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where the squared-gradient average of a matrix is all zero, note it for vectors."""
    states = [
        (optimizer, state)
        for optimizer in facts.training.optimizers
        for state in optimizer.states
        if state.zero_share is not None and state.elements > 0
    ]
    if not states:
        return Outcome(
            status="not-applicable", evidence="no optimizer keeps a trace of the gradients it was given"
        )
    found = [(optimizer, state) for optimizer, state in states if state.zero_share == 1]
    if not found:
        return Outcome(
            status="pass", evidence=f"every one of {count(len(states), 'parameter')} had gradients"
        )

    def name(state: ParameterState) -> str:
        record = facts.tensors.get(state.parameter or "")
        return record.name if record else f"parameter {state.index}"

    def matrix(state: ParameterState) -> bool:
        record = facts.tensors.get(state.parameter or "")
        return record is not None and sum(n > 1 for n in record.shape) >= 2

    heavy = any(matrix(state) for _, state in found)
    return Outcome(
        status="warn" if heavy else "info",
        severity="warning" if heavy else "info",
        evidence=f"{of(len(found), len(states), 'parameter')} never had a gradient other than zero: {names(name(state) for _, state in found)}",
        where=tuple(state.parameter for _, state in found if state.parameter is not None),
        details=(
            table(
                ("parameter", "elements", "steps", "optimizer"),
                [
                    (
                        name(state),
                        f"{state.elements:,}",
                        "" if state.step is None else f"{state.step:,.0f}",
                        optimizer.kind,
                    )
                    for optimizer, state in found
                ],
            ),
        ),
    )


MISSING_GRADIENTS = Check(
    id="missing-gradients",
    category="training",
    needs=("values", "optimizers"),
    passed="Every parameter had gradients",
    failed="Parameters never had a gradient",
    severity="warning",
    judges="the running average of squared gradients (of gradients, where the optimizer keeps no squares) is exactly 0 in every element",
    why=(
        "The optimizer steps these parameters, and the loss does not depend on them: a branch that is never taken, a "
        "detach too many, a bias in front of a normalisation, units that are dead. They are as they started, "
        "or weight decay shrank them."
    ),
    remedy=(
        "Follow the parameter through the forward pass; run one backward pass and look which .grad are None or zero. "
        "Take parameters that are not meant to learn out of the optimizer."
    ),
    reference="Kingma and Ba 2015, arXiv:1412.6980 (the second moment, exp_avg_sq)",
    examine=examine,
)
