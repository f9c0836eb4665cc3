"""How the scale of a layer compares with that of its siblings, layers of its kind in the same model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod, sqrt
from statistics import median

from pthreport.checks.check import Facts
from pthreport.document import Layer, TensorRecord

KINDS = frozenset("conv1d conv2d conv3d conv-transpose linear attention".split())
"""Kinds whose scale bears comparison: in norms and depthwise kernels of good models it differs a hundredfold."""

LEAST_SIBLINGS = 4
LEAST_VALUES = 64


@dataclass(frozen=True)
class Scaled:
    """A layer's weight with its gain, rms sqrt(fan in), and how many times its siblings' median that is."""

    layer: Layer
    weight: TensorRecord
    gain: float
    typical: float

    @property
    def ratio(self) -> float:
        """Gain over the median gain."""
        return self.gain / self.typical


def scaled_layers(facts: Facts) -> list[Scaled]:
    """Every layer that has enough siblings, in the order of the file."""
    return [one for model in facts.models for one in scaled_siblings(model.layer_list, facts.tensors)]


def scaled_siblings(layers: Sequence[Layer], tensors: Mapping[str, TensorRecord]) -> list[Scaled]:
    """Every one of a model's `layers` that has enough siblings among them, by kind; `tensors` by path."""
    found: list[Scaled] = []
    kinds: dict[str, list[tuple[Layer, TensorRecord, float]]] = {}
    for layer, weight, gain in _gains(layers, tensors):
        kinds.setdefault(layer.kind, []).append((layer, weight, gain))
    for siblings in kinds.values():
        typical = median(gain for _, _, gain in siblings)
        if len(siblings) >= LEAST_SIBLINGS and typical > 0:
            found += [Scaled(layer, weight, gain, typical) for layer, weight, gain in siblings]
    return found


def _gains(
    layers: Sequence[Layer], tensors: Mapping[str, TensorRecord]
) -> Iterator[tuple[Layer, TensorRecord, float]]:
    for layer in layers:
        weight = tensors.get(layer.weight or "")
        if weight is None or weight.statistics is None or layer.kind not in KINDS:
            continue
        rms = weight.statistics.rms
        if rms and weight.numel >= LEAST_VALUES and weight.units is not None and weight.units.count:
            fan_in = prod(weight.shape) / weight.units.count
            yield layer, weight, rms * sqrt(fan_in)
