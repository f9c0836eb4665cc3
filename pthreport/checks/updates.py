"""The step that an optimizer last made of each parameter, beside the size of the parameter."""

from dataclasses import dataclass

from pthreport.checks.check import Facts
from pthreport.document import Optimizer, ParameterState, TensorRecord


@dataclass(frozen=True)
class Update:
    """A parameter's last step: `ratio` is rms of the step over rms of the weight as it was made, `at_peak`
    what it would have been at the schedule's largest rate."""

    weight: TensorRecord
    state: ParameterState
    optimizer: Optimizer
    ratio: float
    at_peak: float


def updates(facts: Facts) -> list[Update]:
    """Every step whose size is known, of weights of two dims or more: vectors that start from zero (biases)
    have no size to compare with."""
    found = []
    for optimizer in facts.training.optimizers:
        for state in optimizer.states:
            weight = facts.tensors.get(state.parameter or "")
            if weight is None or state.update_ratio is None or sum(n > 1 for n in weight.shape) < 2:
                continue
            group = optimizer.groups[state.group] if state.group < len(optimizer.groups) else None
            decayed = 1.0
            if group is not None and group.rate and group.peak_rate:
                decayed = max(1.0, group.peak_rate / group.rate)
            found.append(Update(weight, state, optimizer, state.update_ratio, state.update_ratio * decayed))
    return found


NONE_KNOWN = "no optimizer state tells the size of the last step"
