"""What stands out in a model: the facts that captions state."""

from collections.abc import Mapping, Sequence

from pthreport.checks import Examination, Limits
from pthreport.checks.outlying_spread import OUTLYING_SPREAD, RATIO
from pthreport.checks.siblings import Scaled, scaled_siblings
from pthreport.document import Highlight, Layer, TensorRecord, numbers
from pthreport.document.text import cut

MANY_ZEROS = 0.01
"""Share of exact zeros in a layer's weight from which on a caption names the layer that has the most: training leaves
none, so that a hundredth has a reason. No check judges it."""

NAME = 80


def highlights(
    layers: Sequence[Layer],
    parameters: int,
    records: Mapping[str, TensorRecord],
    examination: Examination,
) -> tuple[Highlight, ...]:
    """The largest layer of a model of so many `parameters`, the layers whose gain is farthest from that of their kind,
    by the threshold of outlying-spread, and the one with the most zeros; `records` by path."""
    owners = [la for la in layers if la.parameters]
    if not owners:
        return ()
    largest = max(owners, key=lambda la: la.parameters)
    found = [
        Highlight(
            kind="largest-layer",
            layer=largest.name,
            value=float(largest.parameters),
            typical=float(parameters),
        )
    ]
    found += _farthest(scaled_siblings(layers, records), examination.limits(OUTLYING_SPREAD)[RATIO.name])
    zeros = [(la.profile.zeros, la) for la in owners if la.profile.zeros is not None]
    share, layer = max(zeros, key=lambda pair: pair[0], default=(0.0, largest))
    if share >= MANY_ZEROS:
        found.append(Highlight(kind="most-zeros", layer=layer.name, value=share))
    return tuple(found)


def _farthest(layers: list[Scaled], ratio: float) -> list[Highlight]:
    if not layers or ratio <= 1:
        return []
    high = max(layers, key=lambda one: one.ratio)
    low = min(layers, key=lambda one: one.ratio)
    found = []
    if high.ratio >= ratio:
        found.append(
            Highlight(kind="gain-high", layer=high.layer.name, value=high.gain, typical=high.typical)
        )
    if low.ratio <= 1 / ratio:
        found.append(Highlight(kind="gain-low", layer=low.layer.name, value=low.gain, typical=low.typical))
    if not found:
        far = max(layers, key=lambda one: max(one.ratio, 1 / one.ratio))
        found.append(
            Highlight(kind="gain-usual", layer=far.layer.name, value=far.gain, typical=far.typical)
        )
    return found


def highlight_sentence(highlight: Highlight, limits: Limits) -> str:
    """What a caption says of it, by the thresholds of outlying-spread; "" for the largest layer, which the caption of
    the parameters names."""
    layer, value, typical = cut(highlight.layer, NAME), highlight.value, highlight.typical
    if highlight.kind == "most-zeros":
        return f"{layer} has the most exact zeros: {numbers.percent(value)} of its weights."
    if highlight.kind not in ("gain-high", "gain-low", "gain-usual") or typical is None:
        return ""
    ratio = (
        numbers.times(value / typical)
        if value >= typical
        else f"{numbers.times(typical / value)} smaller than"
    )
    if highlight.kind == "gain-usual":
        return (
            f"Every gain, the RMS times the root of the fan-in, lies within a factor of {limits[RATIO.name]:g} of the "
            f"median of its kind; farthest is that of {layer}, {ratio} it."
        )
    figures = f"({numbers.value(value)} against {numbers.value(typical)})"
    return f"The gain of {layer}, its RMS times the root of its fan-in, is {ratio} the median of its kind {figures}."
