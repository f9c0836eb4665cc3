"""How large the last updates were beside the weights: the state of each, their usual range, a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from pthreport.checks import Examination, large_updates, small_updates
from pthreport.checks.large_updates import LARGE_UPDATES
from pthreport.checks.small_updates import SMALL_UPDATES
from pthreport.checks.updates import decay, is_matrix
from pthreport.document import Band, Group, Optimizer, ParameterState, Range, TensorRecord, numbers
from pthreport.document.text import cut

NAME = 80


@dataclass(frozen=True)
class Step:
    """The last update of one parameter: `decay` is how many times lower than at its peak the rate had come,
    `state` None for what the checks do not judge."""

    parameter: ParameterState
    ratio: float
    decay: float
    state: Range | None


def steps(
    optimizer: Optimizer, tensors: Mapping[str, TensorRecord], examination: Examination
) -> list[Step]:
    """The updates of `optimizer` whose size is known; `tensors` by path."""
    large, small = examination.limits(LARGE_UPDATES), examination.limits(SMALL_UPDATES)
    found = []
    for parameter in optimizer.states:
        ratio = parameter.update_ratio
        if ratio is None:
            continue
        decayed = decay(_group(optimizer, parameter))
        weight = tensors.get(parameter.parameter or "")
        state: Range | None = None
        if weight is not None and is_matrix(weight):
            state = "usual"
            if large_updates.large(ratio, large):
                state = "above"
            elif small_updates.small(ratio * decayed, small):
                state = "below"
        found.append(Step(parameter, ratio, decayed, state))
    return found


def _group(optimizer: Optimizer, parameter: ParameterState) -> Group | None:
    return optimizer.groups[parameter.group] if parameter.group < len(optimizer.groups) else None


def last_updates(
    optimizers: Sequence[Optimizer], tensors: Mapping[str, TensorRecord], examination: Examination
) -> dict[str, Step]:
    """The updates by the weight's path; of several optimizers' the largest."""
    largest: dict[str, Step] = {}
    for step in (step for optimizer in optimizers for step in steps(optimizer, tensors, examination)):
        path = step.parameter.parameter
        if path is not None and (path not in largest or step.ratio > largest[path].ratio):
            largest[path] = step
    return largest


def band(found: Sequence[Step], examination: Examination) -> Band | None:
    """The range between the thresholds of small-updates and large-updates, the decay of the rate allowed for; None
    where it is not the same for all."""
    factors = {step.decay for step in found if step.state is not None}
    if len(factors) != 1:
        return None
    (factor,) = factors
    low = examination.limits(SMALL_UPDATES)[small_updates.RATIO.name] / factor
    high = examination.limits(LARGE_UPDATES)[large_updates.RATIO.name]
    if not 0 < low < high:
        return None
    words = (
        f"{numbers.value(low, 2)} to {high:g}: usual for matrices{' at this rate' if factor > 1 else ''}"
    )
    return Band(low=low, high=high, words=words)


def sentence(optimizer: Optimizer, found: Sequence[Step]) -> str:
    """How far the last step moved the parameters, by the checks of its size."""
    moved = [step for step in found if step.ratio]
    if not moved:
        return ""
    middle = median(step.ratio for step in moved)
    most = max(moved, key=lambda step: step.ratio)
    said = [
        f"The last update of the median tensor is {numbers.value(middle, 2)} of its size, the largest is that of "
        f"{called(most.parameter)} ({numbers.value(most.ratio, 2)})."
    ]
    group = optimizer.groups[0] if optimizer.groups else None
    if group is not None and decay(group) > 1:
        share = numbers.percent(1 / decay(group))
        said.append(
            f"The learning rate has come down to {share} of its peak, where the same update would be "
            f"{numbers.value(middle * decay(group), 2)}."
        )
    judged = [step.state for step in found if step.state is not None]
    unusual: tuple[tuple[Range, str], ...] = (
        ("below", "smaller than usual, the peak rate allowed for"),
        ("above", "larger than usual"),
    )
    for state, words in unusual:
        if number := judged.count(state):
            said.append(
                f"{number:,} of {numbers.plural(len(judged), 'matrix', 'matrices')} moved by a step {words}."
            )
    if len(judged) > 1 and judged.count("usual") == len(judged):
        said.append(f"The updates of all {len(judged):,} matrices are of a usual size.")
    elif judged == ["usual"]:
        said.append("That of the only matrix is of a usual size.")
    if any(step.parameter.ratio_basis == "estimated" for step in found):
        said.append("Estimated, since the update itself also held the last gradient.")
    return " ".join(said)


def called(state: ParameterState) -> str:
    """What a sentence calls a parameter."""
    return cut(state.parameter or f"parameter {state.index}", NAME)
