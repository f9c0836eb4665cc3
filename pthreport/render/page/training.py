"""The training state: the optimizer explained, its last step drawn, schedules on their curves."""

import statistics
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import (
    Average,
    Group,
    Optimizer,
    ParameterState,
    Report,
    Scaler,
    Scheduler,
    numbers,
)
from pthreport.draw import bars, line, strip
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.history import History, history
from pthreport.render.page.index import Index
from pthreport.render.page.strip import MOST_COLUMNS, USUAL_UPDATE, groups, update_row
from pthreport.render.page.tensor import Drawing, Figure
from pthreport.render.page.text import plain

_EXPLAINED: tuple[tuple[str, str], ...] = (
    ("8-bit Adam", "Adam with its two averages stored in 8 bits."),
    ("AMSGrad", "Adam that divides by the largest squared average so far."),
    ("RAdam", "Adam that trusts its squared averages only once enough steps back them."),
    ("SparseAdam", "Adam that moves only what a sparse gradient touches."),
    ("LAMB", "Adam whose step is scaled to each tensor's own norm."),
    ("LBFGS", "It steps along the gradient bent by the curvature that the last steps showed."),
    ("Muon", "It steps along a running sum of gradients, made orthogonal for each matrix."),
    ("Rprop", "It steps by sizes of its own for each weight, by the gradient's sign alone."),
    ("ASGD", "It steps along the gradient and averages the weights."),
    ("NAdam", "Adam that looks a step ahead along its momentum."),
    ("Adamax", "Adam that divides by the largest recent gradient instead of the root mean square."),
    ("Adam", "It divides a running mean of each weight's gradient by the root of that of its square."),
    ("SGD with Nesterov", "It steps along a running sum of gradients, looked ahead."),
    ("SGD with momentum", "It steps along a running sum of gradients."),
    ("SGD", "It steps along the gradient, scaled by the learning rate."),
    ("Adafactor", "Adam whose squared averages are kept by rows and columns only."),
    ("Lion", "It steps by the sign of a running mean of gradients."),
    ("RMSprop", "It divides the gradient by the root of a running mean of its square."),
    ("Adagrad", "It divides the gradient by the root of the sum of all its squares."),
    ("Adadelta", "It scales the gradient by the ratio of recent updates to recent gradients."),
)


@dataclass(frozen=True)
class OptimizerView:
    """One optimizer: what it does, what its state says, its last step per parameter drawn."""

    optimizer: Optimizer
    explained: str
    notes: tuple[str, ...]
    updates: Drawing | None
    links: Markup
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class SchedulerView:
    """One scheduler and its curve."""

    scheduler: Scheduler
    curve: Drawing | None


@dataclass(frozen=True)
class Farthest:
    """A tensor of an average: how far it is from the raw one, with a bar against the farthest."""

    name: str
    anchor: str | None
    distance: str
    exact: str
    bar: Markup


@dataclass(frozen=True)
class AverageView:
    """A moving average of the weights beside the raw ones."""

    sentence: str
    farthest: tuple[Farthest, ...]


@dataclass(frozen=True)
class ScalerView:
    """A gradient scaler in a sentence and figures."""

    path: str
    sentence: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class TrainingView:
    """The section of the training state."""

    optimizers: tuple[OptimizerView, ...]
    schedulers: tuple[SchedulerView, ...]
    scalers: tuple[ScalerView, ...]
    averages: tuple[AverageView, ...]
    metrics: History
    other: History


MOST_FARTHEST = 12


def training(
    report: Report, index: Index, has: frozenset[str], bounds: Bounds = PAGE
) -> TrainingView | None:
    """The section of `report`; None where the file tells of no training. What is nothing else than
    "other" stands in the contents already."""
    found = report.training
    if not (
        found.optimizers
        or found.schedulers
        or found.counters
        or found.metrics
        or found.arguments
        or found.scalers
        or found.averages
    ):
        return None
    return TrainingView(
        optimizers=tuple(_optimizer(optimizer, index, has, bounds) for optimizer in found.optimizers),
        schedulers=tuple(SchedulerView(item, _curve(item)) for item in found.schedulers),
        scalers=tuple(_scaler(item) for item in found.scalers),
        averages=tuple(_average(item, report, index, has) for item in found.averages),
        metrics=history(found.metrics),
        other=history(found.other),
    )


def _optimizer(optimizer: Optimizer, index: Index, has: frozenset[str], bounds: Bounds) -> OptimizerView:
    explained = next((text for mark, text in _EXPLAINED if mark in optimizer.kind), "")
    updates, links = _updates(optimizer, index, has)
    return OptimizerView(
        optimizer=optimizer,
        explained=explained,
        notes=tuple(_notes(optimizer)),
        updates=updates,
        links=links,
        groups=optimizer.groups[: bounds.groups],
    )


def _notes(optimizer: Optimizer) -> list[str]:
    """What the parameters' states say that no picture shows, a sentence each."""
    notes = []
    states = optimizer.states
    never = [state for state in states if state.zero_share]
    if never:
        most = max(never, key=lambda state: state.zero_share or 0.0)
        notes.append(
            f"Some weights of {numbers.plural(len(never), 'parameter tensor')} never got a gradient, most in "
            f"{_called(most)} ({numbers.percent(most.zero_share)})."
        )
    broken = [state for state in states if state.nan]
    if broken:
        notes.append(f"The state of {numbers.plural(len(broken), 'parameter tensor')} is not finite.")
    negative = [state for state in states if state.negative]
    if negative:
        notes.append(
            f"Squared averages below zero, which cannot be, stand in {numbers.plural(len(negative), 'tensor')}."
        )
    noise = [state.noise for state in states if state.noise is not None]
    if noise:
        notes.append(
            f"In the median tensor {numbers.percent(statistics.median(noise))} of the gradient's square is noise; the "
            "rest is what the steps agree on."
        )
    return notes


def _called(state: ParameterState) -> str:
    return plain(state.parameter or f"parameter {state.index}", 80)


def _updates(optimizer: Optimizer, index: Index, has: frozenset[str]) -> tuple[Drawing | None, Markup]:
    """How far the last step moved each parameter against its size, in the optimizer's order."""
    states = [state for state in optimizer.states if state.update_ratio is not None][:MOST_COLUMNS]
    ratios = tuple(state.update_ratio for state in states)
    if len(states) < 2 or not any(ratios):
        return None, Markup("")
    columns = []
    for state in states:
        note = [_called(state), f"update {numbers.value(state.update_rms)}"]
        note.append(f"{numbers.value(state.update_ratio)} of the weights")
        if state.noise is not None:
            note.append(f"noise {numbers.percent(state.noise)}")
        key = index.layer_of.get(state.parameter or "")
        anchor = index.layer_anchors[key] if key else None
        record = index.tensors.get(state.parameter or "")
        flat = record is not None and len(record.shape) < 2
        columns.append(
            strip.Column(
                "\n".join(note), f"#{anchor}" if anchor in has else None, "norm" if flat else "weight"
            )
        )
    names = [_relative(state, index) for state in states]
    caption = update_sentence(optimizer)
    alt = f"Last update over weight of {len(states)} parameter tensors. {caption}"
    row = update_row(ratios)
    drawn = strip.depth_strip(columns, [row], groups(names), alt)
    return Drawing("", Markup(drawn.picture), caption), Markup(drawn.links)


def _relative(state: ParameterState, index: Index) -> str:
    record = index.tensors.get(state.parameter or "")
    return record.name if record else state.index


def update_sentence(optimizer: Optimizer) -> str:
    """How far the last step went, judged with the schedule beside it."""
    known = [state for state in optimizer.states if state.update_ratio]
    ratios = [state.update_ratio or 0.0 for state in known]
    if not ratios:
        return ""
    middle = statistics.median(ratios)
    far = max(known, key=lambda state: state.update_ratio or 0.0)
    said = (
        f"The last step moved the median tensor by {numbers.value(middle, 2)} of its size, most "
        f"{_called(far)} ({numbers.value(far.update_ratio, 2)})."
    )
    group = optimizer.groups[0] if optimizer.groups else None
    if group and group.rate and group.peak_rate and group.rate < 0.5 * group.peak_rate:
        share = group.rate / group.peak_rate
        said += (
            f" The learning rate has come down to {numbers.percent(share)} of its peak; at the peak the same "
            f"step would be {numbers.value(middle / share, 2)}."
        )
    elif middle < USUAL_UPDATE[0]:
        said += " That is less than usual while a network learns."
    elif middle > USUAL_UPDATE[1]:
        said += " That is more than usual while a network learns."
    if any(state.ratio_basis == "estimated" for state in known):
        said += " Estimated, since the step itself also held the last gradient."
    return said


def _curve(scheduler: Scheduler) -> Drawing | None:
    curve = scheduler.curve
    if curve is None or len(curve.steps) < 2:
        return None
    steps = tuple(float(step) for step in curve.steps)
    said = scheduler.words or f"step {curve.at:,}, learning rate {numbers.value(curve.now)}"
    caption = f"{said[:1].upper()}{said[1:]}."
    if curve.ends and curve.steps[-1] > curve.at >= 0:
        left = (curve.steps[-1] - curve.at) / (curve.steps[-1] - curve.steps[0])
        caption += f" {numbers.percent(left)} of the curve lies ahead."
    drawn = line.line_chart(
        [line.Line(steps, curve.rates)],
        f"Learning rate over {curve.steps[-1]:,} steps. {caption}",
        line.Mark(float(curve.at), curve.now, "saved here"),
        scale="zero",
    )
    return Drawing("Learning rate over the scheduler's steps", Markup(drawn), caption)


def _scaler(scaler: Scaler) -> ScalerView:
    said = []
    if scaler.scale is not None:
        said.append(
            f"Losses are scaled by {numbers.value(scaler.scale)} before their gradients are taken in float16"
        )
    if scaler.growth_tracker is not None:
        said.append(f"the last overflow was {numbers.plural(scaler.growth_tracker, 'step')} ago or more")
    if scaler.growth_interval is not None and scaler.growth_factor is not None:
        said.append(
            f"after {numbers.plural(scaler.growth_interval, 'step')} without one the scale grows "
            f"{numbers.times(scaler.growth_factor)}"
        )
    named = (
        ("Scale", scaler.scale),
        ("Growth factor", scaler.growth_factor),
        ("Backoff factor", scaler.backoff_factor),
        ("Growth interval", scaler.growth_interval),
        ("Growth tracker", scaler.growth_tracker),
    )
    figures = tuple(
        Figure(label, numbers.value(item), numbers.exact(item)) for label, item in named if item is not None
    )
    return ScalerView(scaler.path, "; ".join(said) + "." if said else "", figures)


def _average(average: Average, report: Report, index: Index, has: frozenset[str]) -> AverageView:
    labels = {model.key: plain(model.label or model.key or "the model", 80) for model in report.models}
    one, other = (labels.get(key, plain(key, 80)) for key in (average.average, average.raw))
    if average.distance is None:
        said = f"{one} looks like a moving average of {other}, over {numbers.plural(average.tensors, 'tensor')}."
    else:
        said = (
            f"{one} is a moving average of {other}: over {numbers.plural(average.tensors, 'tensor')} the two "
            f"differ by {numbers.percent(average.distance)} of the raw weights' norm."
        )
    most = max((item.distance for item in average.farthest), default=0.0) or 1.0
    farthest = []
    for item in average.farthest[:MOST_FARTHEST]:
        key = index.layer_of.get(item.path)
        anchor = index.layer_anchors[key] if key else None
        farthest.append(
            Farthest(
                name=item.name,
                anchor=anchor if anchor in has else None,
                distance=numbers.value(item.distance),
                exact=f"{item.distance:.6g}",
                bar=Markup(bars.share_bar(item.distance / most)),
            )
        )
    return AverageView(said, tuple(farthest))
