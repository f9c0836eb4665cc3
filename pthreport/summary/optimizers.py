"""What an optimizer does, and what the state of its parameters shows."""

from collections.abc import Mapping
from statistics import median

from pthreport.checks import Examination
from pthreport.document import Optimizer, OptimizerCaptions, TensorRecord, numbers
from pthreport.summary.updates import band, called, sentence, steps

RULES: tuple[tuple[str, str], ...] = (
    ("8-bit Adam", "Adam with its two running means stored in 8 bits."),
    ("AMSGrad", "Adam that divides by the largest running mean of the square so far."),
    ("RAdam", "Adam that divides by the running mean of the square only once enough steps back it."),
    ("SparseAdam", "Adam that updates only what a sparse gradient touches."),
    ("LAMB", "Adam whose step is scaled to the norm of each tensor."),
    ("LBFGS", "It steps along the gradient, bent by the curvature that the last steps showed."),
    ("Muon", "It steps along a running sum of gradients that is made orthogonal for each matrix."),
    ("Rprop", "It steps by the sign of the gradient, with a step size of its own for each weight."),
    ("ASGD", "It steps along the gradient and averages the weights."),
    ("NAdam", "Adam that looks a step ahead along its momentum."),
    ("Adamax", "Adam that divides by the largest recent gradient instead of the root mean square."),
    (
        "Adam",
        "Adam: the running mean of the gradient divided by the root of the running mean of its square.",
    ),
    ("SGD with Nesterov", "It steps along a running sum of gradients, looked ahead."),
    ("SGD with momentum", "It steps along a running sum of gradients."),
    ("SGD", "It steps along the gradient, scaled by the learning rate."),
    ("Adafactor", "Adam whose running means of the square are kept by rows and columns only."),
    ("Lion", "It steps by the sign of a running mean of gradients."),
    ("RMSprop", "It divides the gradient by the root of a running mean of its square."),
    ("Adagrad", "It divides the gradient by the root of the sum of all its squares."),
    ("Adadelta", "It scales the gradient by the ratio of recent updates to recent gradients."),
)
"""The rule of each kind; the first whose name is part of the optimizer's stands."""


def optimizer_captions(
    optimizer: Optimizer, tensors: Mapping[str, TensorRecord], examination: Examination
) -> OptimizerCaptions:
    """The sentences of one optimizer; `tensors` by path."""
    found = steps(optimizer, tensors, examination)
    return OptimizerCaptions(
        rule=next((text for mark, text in RULES if mark in optimizer.kind), ""),
        updates=sentence(optimizer, found),
        update_range=band(found, examination),
        unusual={
            step.parameter.parameter: step.state
            for step in found
            if step.parameter.parameter is not None and step.state in ("below", "above")
        },
        notes=_notes(optimizer),
    )


def _notes(optimizer: Optimizer) -> tuple[str, ...]:
    notes = []
    without = [state for state in optimizer.states if state.zero_share]
    if without:
        most = max(without, key=lambda state: state.zero_share or 0.0)
        notes.append(
            f"Some weights of {numbers.plural(len(without), 'parameter tensor')} never had a gradient, most in "
            f"{called(most)} ({numbers.percent(most.zero_share)})."
        )
    broken = sum(state.nan > 0 for state in optimizer.states)
    if broken:
        notes.append(f"The state of {numbers.plural(broken, 'parameter tensor')} is not finite.")
    negative = sum(state.negative > 0 for state in optimizer.states)
    if negative:
        notes.append(
            f"{numbers.plural(negative, 'tensor')} {'holds' if negative == 1 else 'hold'} means of squares below zero, "
            "which cannot be."
        )
    noise = [state.noise for state in optimizer.states if state.noise is not None]
    if noise:
        notes.append(
            f"In the median tensor {numbers.percent(median(noise))} of the mean squared gradient is noise; the rest is "
            "what the steps agree on."
        )
    return tuple(notes)
