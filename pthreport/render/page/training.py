"""The training state: the optimizer explained, its last step drawn, schedules on their curves."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import (
    Average,
    Group,
    Optimizer,
    OptimizerCaptions,
    ParameterState,
    Report,
    Scaler,
    Scheduler,
    numbers,
)
from pthreport.draw import bars, line, strip
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.groups import groups
from pthreport.render.page.history import History, history
from pthreport.render.page.index import Index
from pthreport.render.page.strip import MOST_COLUMNS, place, update_row
from pthreport.render.page.tensor import Drawing, Figure
from pthreport.render.page.text import plain, sentence

MOST_FARTHEST = 12


@dataclass(frozen=True)
class GroupView:
    """One parameter group in words, and the peak of its learning rate where that is another one."""

    group: Group
    words: str
    peak: str


@dataclass(frozen=True)
class OptimizerView:
    """One optimizer: sentences on what it is, what its state says, its last step drawn."""

    optimizer: Optimizer
    about: tuple[str, ...]
    notes: tuple[str, ...]
    updates: Drawing | None
    links: Markup
    groups: tuple[GroupView, ...]


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
    """A moving average of the weights and the raw ones."""

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


def training(
    report: Report, index: Index, has: frozenset[str], bounds: Bounds = PAGE
) -> TrainingView | None:
    """The section of `report`; None where the file tells of no training. What is nothing else than
    "other" is in the contents already."""
    found, said = report.training, report.captions
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
        optimizers=tuple(
            _optimizer(
                optimizer, said.optimizers.get(optimizer.path, OptimizerCaptions()), index, has, bounds
            )
            for optimizer in found.optimizers
        ),
        schedulers=tuple(
            SchedulerView(item, _curve(item, said.schedulers.get(item.path, "")))
            for item in found.schedulers
        ),
        scalers=tuple(_scaler(item, said.scalers.get(item.path, "")) for item in found.scalers),
        averages=tuple(
            _average(item, said.averages.get(item.average, ""), index, has) for item in found.averages
        ),
        metrics=history(found.metrics, said.histories),
        other=history(found.other, said.histories),
    )


def _optimizer(
    optimizer: Optimizer, said: OptimizerCaptions, index: Index, has: frozenset[str], bounds: Bounds
) -> OptimizerView:
    updates, links = _updates(optimizer, said, index, has)
    return OptimizerView(
        optimizer=optimizer,
        about=tuple(text for text in _about(optimizer, said) if text),
        notes=said.notes,
        updates=updates,
        links=links,
        groups=tuple(
            _group(group, number, len(optimizer.groups))
            for number, group in enumerate(optimizer.groups[: bounds.groups])
        ),
    )


def _about(optimizer: Optimizer, said: OptimizerCaptions) -> Iterator[str]:
    """What the optimizer does, from what that is known, how far it came, and to what its parameters belong."""
    yield said.rule
    yield sentence(optimizer.evidence) if optimizer.basis == "read" else f"Known by {optimizer.evidence}."
    if optimizer.steps is not None:
        first, last = optimizer.steps
        steps = numbers.plural(last, "step")
        yield f"{steps if first == last else f'{first:,} to {steps}'} {'was' if last == 1 else 'were'} made."
    if optimizer.matched_by:
        tensors = numbers.plural(optimizer.parameters, "parameter tensor")
        yield f"{numbers.count(optimizer.matched)} of {tensors} matched to the model by {optimizer.matched_by}."
    yield sentence(optimizer.problem)


def _group(group: Group, number: int, of: int) -> GroupView:
    words = group.words or numbers.plural(group.parameters, "parameter tensor")
    rate, peak = numbers.value(group.rate), numbers.value(group.peak_rate)
    known = group.rate is not None and group.peak_rate is not None
    return GroupView(
        group=group,
        words=f"Group {number}: {words}" if of > 1 else words,
        peak=peak if known and peak != rate else "",
    )


def _called(state: ParameterState) -> str:
    return plain(state.parameter or f"parameter {state.index}", 80)


def _updates(
    optimizer: Optimizer, said: OptimizerCaptions, index: Index, has: frozenset[str]
) -> tuple[Drawing | None, Markup]:
    """How far the last step moved each parameter against its size, in the optimizer's order."""
    states = [state for state in optimizer.states if state.update_ratio is not None][:MOST_COLUMNS]
    ratios = tuple(state.update_ratio for state in states)
    if len(states) < 2:
        return None, Markup("")
    columns = []
    for state in states:
        note = [_called(state), f"update {numbers.value(state.update_rms)}"]
        unusual = place(said.unusual.get(state.parameter or ""))
        note.append(f"{numbers.value(state.update_ratio)} of the weights{unusual}")
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
    alt = f"Last update over weight of {len(states)} parameter tensors. {said.updates}"
    drawn = strip.depth_strip(columns, [update_row(ratios, said.update_range)], groups(names), alt)
    return Drawing("", Markup(drawn.picture), said.updates), Markup(drawn.links)


def _relative(state: ParameterState, index: Index) -> str:
    record = index.tensors.get(state.parameter or "")
    return record.name if record else state.index


def _curve(scheduler: Scheduler, caption: str) -> Drawing | None:
    curve = scheduler.curve
    if curve is None or len(curve.steps) < 2:
        return None
    drawn = line.line_chart(
        [line.Line(tuple(map(float, curve.steps)), curve.rates)],
        f"Learning rate over {curve.steps[-1]:,} steps. {caption}",
        line.Mark(float(curve.at), curve.now, "saved here"),
        scale="zero",
    )
    return Drawing("Learning rate over the scheduler's steps", Markup(drawn), caption)


def _scaler(scaler: Scaler, caption: str) -> ScalerView:
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
    return ScalerView(scaler.path, caption, figures)


def _average(average: Average, caption: str, index: Index, has: frozenset[str]) -> AverageView:
    shown = average.farthest[:MOST_FARTHEST]
    drawn = bars.share_bars([item.distance for item in shown])
    farthest = []
    for item, bar in zip(shown, drawn, strict=True):
        key = index.layer_of.get(item.path)
        anchor = index.layer_anchors[key] if key else None
        farthest.append(
            Farthest(
                name=item.name,
                anchor=anchor if anchor in has else None,
                distance=numbers.value(item.distance),
                exact=f"{item.distance:.6g}",
                bar=Markup(bar),
            )
        )
    return AverageView(caption, tuple(farthest))
