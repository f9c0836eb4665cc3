"""Sentences on what else a file says of its training: schedules, gradient scalers, averages, histories."""

from collections.abc import Sequence
from math import isfinite

from pthreport.document import Average, Fact, Model, Scaler, Scheduler, numbers
from pthreport.document.text import cut

NAME = 80


def schedule_caption(scheduler: Scheduler) -> str:
    """Where on its curve a schedule is, and how much of it lies ahead; "" where there is no curve to draw."""
    curve = scheduler.curve
    if curve is None or len(curve.steps) < 2:
        return ""
    said = scheduler.words or f"step {curve.at:,}, learning rate {numbers.value(curve.now)}"
    caption = f"{said[:1].upper()}{said[1:]}."
    if curve.ends and curve.steps[-1] > curve.at >= 0:
        left = (curve.steps[-1] - curve.at) / (curve.steps[-1] - curve.steps[0])
        caption += f" {numbers.percent(left)} of the curve lies ahead."
    return caption


def scaler_caption(scaler: Scaler) -> str:
    """What a gradient scaler does now."""
    said = []
    if scaler.scale is not None:
        said.append(
            f"losses are scaled by {numbers.value(scaler.scale)} before their gradients are taken in float16"
        )
    if scaler.growth_tracker is not None:
        said.append(f"the last overflow was {numbers.plural(scaler.growth_tracker, 'step')} ago or more")
    if scaler.growth_interval is not None and scaler.growth_factor is not None:
        said.append(
            f"after {numbers.plural(scaler.growth_interval, 'step')} without one the scale grows "
            f"{numbers.times(scaler.growth_factor)}"
        )
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def average_caption(average: Average, models: Sequence[Model]) -> str:
    """How far a moving average is from the raw weights."""
    labels = {model.key: model.label or model.key or "the model" for model in models}
    one, other = (cut(labels.get(key, key), NAME) for key in (average.average, average.raw))
    tensors = numbers.plural(average.tensors, "tensor")
    if average.distance is None:
        return f"{one} looks like a moving average of {other}, over {tensors}."
    return (
        f"{one} is a moving average of {other}: over {tensors} the two differ by "
        f"{numbers.percent(average.distance)} of the raw weights' norm."
    )


def history_caption(fact: Fact) -> str:
    """How a series goes from its first to its last finite number, without its name; "" for fewer than two."""
    finite = [(item, at) for at, item in enumerate(fact.series, 1) if isfinite(item)]
    if len(finite) < 2:
        return ""
    first, last, total = finite[0][0], finite[-1][0], len(fact.series)
    least, most = min(finite), max(finite, key=lambda pair: pair[0])
    if last == first:
        said = f"starts and ends at {numbers.value(last)}"
    elif last < first:
        said = f"falls from {numbers.value(first)} to {numbers.value(last)}"
        if least[1] != finite[-1][1]:
            said += f", least {numbers.value(least[0])} at {least[1]} of {total}"
    else:
        said = f"rises from {numbers.value(first)} to {numbers.value(last)}"
        if most[1] != finite[-1][1]:
            said += f", highest {numbers.value(most[0])} at {most[1]} of {total}"
    lost = total - len(finite)
    return said + (f"; {numbers.plural(lost, 'value')} not finite" if lost else "") + "."
