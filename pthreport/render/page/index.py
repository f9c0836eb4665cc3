"""Who is where: anchors, and the ways between findings, layers and tensors."""

from collections.abc import Mapping
from dataclasses import dataclass

from pthreport.document import Finding, Layer, Model, ModelCaptions, Report, TensorRecord
from pthreport.render.page.anchors import anchors
from pthreport.render.page.levels import ORDER, Level, is_open, level

HOW_SAVED = frozenset(("safety", "hygiene"))
"""Categories of findings about the file rather than the numbers in it."""

LayerKey = tuple[str, str]
"""A layer by its model's key and its own name."""


@dataclass(frozen=True)
class Index:
    """Look-ups over one report. `layer_of` leads from a tensor's path to its layer; `findings_at` from
    a layer to the open findings that name one of its tensors, as indices, worst first."""

    tensors: Mapping[str, TensorRecord]
    layer_anchors: Mapping[LayerKey, str]
    finding_anchors: Mapping[int, str]
    tensor_anchors: Mapping[str, str]
    layer_of: Mapping[str, LayerKey]
    findings_at: Mapping[LayerKey, tuple[int, ...]]
    findings_on_tensor: Mapping[str, tuple[int, ...]]
    levels: tuple[Level, ...]

    tells: frozenset[int]
    """Findings that tell layers from each other: about what one has learnt or lost, or about how some of them were
    saved. How a file was saved often holds for most of its layers alike, and would mark them all."""

    def telling(self, key: LayerKey) -> tuple[int, ...]:
        """The open findings at a layer that tell it from others, worst first."""
        return tuple(number for number in self.findings_at.get(key, ()) if number in self.tells)

    def worst(self, key: LayerKey) -> Level | None:
        """The worst level of those."""
        at = self.telling(key)
        return self.levels[at[0]] if at else None


def index(report: Report) -> Index:
    """The look-ups of `report`."""
    layers: list[tuple[LayerKey, str]] = []
    layer_of: dict[str, LayerKey] = {}
    several = len(report.models) > 1
    for model in report.models:
        for layer in model.layer_list:
            key = (model.key, layer.name)
            layers.append((key, f"{model.key}.{layer.name}" if several else layer.name or model.label))
            for path in layer.tensors:
                layer_of.setdefault(path, key)
    levels = tuple(level(finding) for finding in report.findings)
    at_layer: dict[LayerKey, set[int]] = {}
    at_tensor: dict[str, set[int]] = {}
    for number, finding in enumerate(report.findings):
        if not is_open(levels[number]):
            continue
        for path in named_paths(finding):
            at_tensor.setdefault(path, set()).add(number)
            if path in layer_of:
                at_layer.setdefault(layer_of[path], set()).add(number)

    marked: dict[int, int] = {}
    for numbers in at_layer.values():
        for number in numbers:
            marked[number] = marked.get(number, 0) + 1

    def worst_first(numbers: set[int]) -> tuple[int, ...]:
        return tuple(sorted(numbers, key=lambda number: (ORDER.index(levels[number]), number)))

    return Index(
        tensors={tensor.path: tensor for tensor in report.tensors},
        layer_anchors=anchors(layers, "layer"),
        finding_anchors=anchors(
            ((number, _finding_name(report, number)) for number in range(len(report.findings))), "finding"
        ),
        tensor_anchors=anchors(
            ((tensor.path, tensor.path) for tensor in report.tensors if tensor.path not in layer_of),
            "tensor",
        ),
        layer_of=layer_of,
        findings_at={key: worst_first(numbers) for key, numbers in at_layer.items()},
        findings_on_tensor={path: worst_first(numbers) for path, numbers in at_tensor.items()},
        levels=levels,
        tells=frozenset(
            number
            for number, finding in enumerate(report.findings)
            if finding.category not in HOW_SAVED or 2 * marked.get(number, 0) <= len(layers)
        ),
    )


def named_paths(finding: Finding) -> tuple[str, ...]:
    """The paths that a finding points to."""
    return finding.where


def layer_key(model: Model, layer: Layer) -> LayerKey:
    """How the index calls a layer."""
    return model.key, layer.name


def captions_of(report: Report, model: Model) -> ModelCaptions:
    """The sentences of `model`; none where the report was made before there were any."""
    return report.captions.models.get(model.key, ModelCaptions())


def _finding_name(report: Report, number: int) -> str:
    return report.findings[number].check
