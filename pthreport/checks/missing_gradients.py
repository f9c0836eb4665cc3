"""Parameters in an optimizer to which no gradient ever came."""

from collections.abc import Iterator
from dataclasses import dataclass

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of, table
from pthreport.document import Optimizer, TensorRecord
from pthreport.document.numbers import plural
from pthreport.document.text import listed


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where a matrix never had a gradient, note it for vectors."""
    looked = sum(
        len(optimizer.stateless) + sum(s.zero_share is not None for s in optimizer.states)
        for optimizer in facts.training.optimizers
    )
    found = [one for optimizer in facts.training.optimizers for one in _without(optimizer, facts)]
    if not looked:
        return Outcome(
            status="not-applicable", evidence="no optimizer keeps a trace of the gradients it was given"
        )
    if not found:
        return Outcome(status="pass", evidence=f"every one of {plural(looked, 'parameter')} had gradients")
    heavy = any(one.matrix for one in found)
    return Outcome(
        status="warn" if heavy else "info",
        severity="warning" if heavy else "info",
        evidence=f"{of(len(found), looked, 'parameter')} never had a gradient other than zero: {listed(one.name for one in found)}",
        where=tuple(one.path for one in found if one.path),
        details=(
            table(
                ("parameter", "elements", "steps", "by", "optimizer"),
                [(one.name, f"{one.elements:,}", one.steps, one.witness, one.optimizer) for one in found],
            ),
        ),
    )


@dataclass(frozen=True)
class _Ungraded:
    # A parameter without a gradient, and what tells so.
    path: str
    name: str
    elements: int
    matrix: bool
    steps: str
    witness: str
    optimizer: str


def _without(optimizer: Optimizer, facts: Facts) -> Iterator[_Ungraded]:
    for state in optimizer.states:
        if state.zero_share == 1 and state.elements > 0:
            record = facts.tensors.get(state.parameter or "")
            yield _Ungraded(
                path=state.parameter or "",
                name=record.name if record else f"parameter {state.index}",
                elements=state.elements,
                matrix=record is not None and _is_matrix(record),
                steps="" if state.step is None else f"{state.step:,.0f}",
                witness="its average of squares is zero",
                optimizer=optimizer.kind,
            )
    for path in optimizer.stateless:
        record = facts.tensors.get(path)
        if record is not None and record.numel:
            yield _Ungraded(
                path=path,
                name=record.name,
                elements=record.numel,
                matrix=_is_matrix(record),
                steps="0",
                witness="the optimizer has no state of it",
                optimizer=optimizer.kind,
            )


def _is_matrix(record: TensorRecord) -> bool:
    return sum(n > 1 for n in record.shape) >= 2


MISSING_GRADIENTS = Check(
    id="missing-gradients",
    category="training",
    needs=("values", "optimizers"),
    passed="Every parameter had gradients",
    failed="Parameters never had a gradient",
    severity="warning",
    judges="the running average of squared gradients (of gradients, where the optimizer keeps no squares) is exactly 0 in every element, or the optimizer holds the parameter and has no state of it, though of others it has",
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
