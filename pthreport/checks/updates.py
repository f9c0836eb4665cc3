"""The step that an optimizer last made of each parameter, beside the size of the parameter."""

from dataclasses import dataclass

from pthreport.checks.check import Facts
from pthreport.document import Group, Optimizer, ParameterState, TensorRecord


@dataclass(frozen=True)
class Update:
    """A parameter's last step: `ratio` is rms of the step over rms of the weight as it was made, `at_peak`
    what it would have been at the schedule's largest rate."""

    weight: TensorRecord
    state: ParameterState
    optimizer: Optimizer
    ratio: float
    at_peak: float


def is_matrix(weight: TensorRecord) -> bool:
    """Whether a weight has two dims or more: vectors that start from zero (biases) have no size to compare with."""
    return sum(n > 1 for n in weight.shape) >= 2


def decay(group: Group | None) -> float:
    """How many times lower than at its peak the group's rate has come, at least 1; 1 where that is not known."""
    if group is None or not group.rate or not group.peak_rate:
        return 1.0
    return max(1.0, group.peak_rate / group.rate)


def updates(facts: Facts) -> list[Update]:
    """Every step of a matrix whose size is known."""
    found = []
    for optimizer in facts.training.optimizers:
        for state in optimizer.states:
            weight = facts.tensors.get(state.parameter or "")
            if weight is None or state.update_ratio is None or not is_matrix(weight):
                continue
            group = optimizer.groups[state.group] if state.group < len(optimizer.groups) else None
            at_peak = state.update_ratio * decay(group)
            found.append(Update(weight, state, optimizer, state.update_ratio, at_peak))
    return found


NONE_KNOWN = "no optimizer state tells the size of the last step"
