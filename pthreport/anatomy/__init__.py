"""Naming: what the tensors and values of a checkpoint are. Knows shapes and names, no numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from pthreport.anatomy import adapters, budget, experts, families, schedule, training
from pthreport.anatomy import contents as contents_room
from pthreport.anatomy import layers as layers_room
from pthreport.anatomy import models as models_room
from pthreport.anatomy import optimizer as optimizer_room
from pthreport.anatomy.architecture import Blueprint, compare, read_classes
from pthreport.anatomy.heads import Heads, heads, heads_in, heads_of_width
from pthreport.anatomy.kinds import CONVOLUTIONS, KINDS
from pthreport.anatomy.layers import LayerFound
from pthreport.anatomy.models import ModelFound
from pthreport.anatomy.optimizer import SlotTensor
from pthreport.anatomy.optimizer_kind import told_by_arguments
from pthreport.anatomy.outline import Outline, outline
from pthreport.anatomy.parameter_state import ParameterFound, in_words, parameter_states
from pthreport.anatomy.source_texts import source_texts
from pthreport.anatomy.storages import storages
from pthreport.anatomy.structure import structure_of
from pthreport.anatomy.value_text import brief, is_number
from pthreport.checkpoint import Checkpoint, key_text
from pthreport.checkpoint.uncollected import uncollected
from pthreport.document import (
    Architecture,
    Fact,
    Family,
    Layer,
    Model,
    ModuleClass,
    Node,
    Optimizer,
    SourceText,
    StorageUse,
    Tie,
    Training,
)
from pthreport.document.tensor import Role
from pthreport.document.text import cut

__all__ = [
    "CONVOLUTIONS",
    "KINDS",
    "Anatomy",
    "Heads",
    "LayerFound",
    "ModelAnatomy",
    "Named",
    "ParameterFound",
    "describe",
    "heads_in",
]


MODULES = 20_000
"""Modules of one model whose classes are kept."""


@dataclass(frozen=True)
class Named:
    """What a tensor is: its model's key, its name there, its role."""

    model: str | None
    name: str
    role: Role


@dataclass(frozen=True)
class ModelAnatomy:
    """A model's layers with all that measuring needs, and the same for the report (unmeasured)."""

    found: ModelFound
    layers: tuple[LayerFound, ...]
    described: Model


@dataclass(frozen=True)
class Anatomy:
    """The whole file, named. `names` has an entry for each tensor path that belongs to something."""

    models: tuple[ModelAnatomy, ...]
    training: Training
    names: Mapping[str, Named]
    contents: Node
    slots: tuple[SlotTensor, ...]
    states: tuple[ParameterFound, ...] = ()
    storages: tuple[StorageUse, ...] = ()
    sources: tuple[SourceText, ...] = ()
    heads: Heads | None = None
    architecture: Architecture | None = None


@uncollected()
def describe(
    checkpoint: Checkpoint, everything: bool = False, blueprint: Blueprint | None = None
) -> Anatomy:
    """Name everything in `checkpoint`; with `everything`, its contents are not cut; with a `blueprint`, the
    model that is most like it is compared with it and has its classes. Reads no tensor's values."""
    tree = outline(checkpoint.tree, checkpoint.limits)
    roles = models_room.find(tree)
    architecture = None if blueprint is None else compare(roles.models, blueprint)
    if blueprint is not None and architecture is not None and architecture.matched:
        roles.models = [
            read_classes(found, blueprint, architecture) if found.key == architecture.model else found
            for found in roles.models
        ]
    models = [_model(found, tree) for found in roles.models]
    names: dict[str, Named] = {}
    for model in models:
        for entry in model.found.entries:
            # A tensor that stands in two places is known by its first.
            names.setdefault(entry.path, Named(model.found.key, entry.name, entry.role))
    facts = training.facts_of(tree, roles.claimed)
    candidates = [_candidate(m.found) for m in models]
    optimizers = []
    slots: list[SlotTensor] = []
    states: list[ParameterFound] = []
    for position in roles.optimizers:
        place = tree.places[position]
        found = optimizer_room.describe(place.path, place.value, candidates)
        optimizers.append(_in_words(told_by_arguments(found.described, facts["arguments"]), place.value))
        states.extend(parameter_states(place.path, place.value, found.names))
        slots.extend(found.tensors)
        for slot in found.tensors:
            owner = names[slot.parameter].name if slot.parameter in names else f"parameter {slot.index}"
            names[slot.tensor.path] = Named(found.described.model, f"{slot.slot} of {owner}", "optimizer")
    scalers = [tree.places[p] for p in roles.scalers]
    facts["other"] += [
        Fact(path=p.path, name=f"GradScaler {key_text(key)}", value=brief(value))
        for p in scalers
        for key, value in p.value.items()
    ]
    return Anatomy(
        models=tuple(models),
        training=Training(
            optimizers=tuple(optimizers),
            schedulers=tuple(
                schedule.describe(tree.places[p].path, tree.places[p].value, _group_of(tree, roles, p))
                for p in roles.schedulers
            ),
            scalers=tuple(schedule.scaler(p.path, p.value) for p in scalers),
            counters=tuple(facts["counters"]),
            metrics=tuple(facts["metrics"]),
            arguments=tuple(facts["arguments"]),
            other=tuple(facts["other"]),
        ),
        names=names,
        contents=contents_room.contents(tree, everything),
        slots=tuple(slots),
        states=tuple(states),
        storages=storages(checkpoint.tensors),
        sources=source_texts(tree, everything),
        heads=heads(tree),
        architecture=architecture,
    )


def _in_words(described: Optimizer, value: object) -> Optimizer:
    """The optimizer with its groups in words, their rates as numbers."""
    groups = (optimizer_room.state_of(value) or {}).get("param_groups")
    assert isinstance(groups, list)
    said = []
    for group, options in zip(described.groups, groups, strict=True):
        rates = [options.get(key) for key in ("lr", "initial_lr", "max_lr")]
        known = [float(r) if is_number(r) and isinstance(r, int | float) else None for r in rates]
        said.append(
            msgspec.structs.replace(
                group,
                words=in_words(described.kind, options, group.parameters),
                rate=known[0],
                peak_rate=max((r for r in known if r is not None), default=None),
            )
        )
    return msgspec.structs.replace(described, groups=tuple(said))


def _group_of(tree: Outline, roles: models_room.Roles, position: int) -> Mapping[object, object] | None:
    """The first group of the optimizer that a scheduler belongs to: the one optimizer there is, else
    the one in the same place of its list."""
    if len(roles.optimizers) == 1:
        chosen = roles.optimizers[0]
    elif len(roles.optimizers) == len(roles.schedulers):
        chosen = roles.optimizers[roles.schedulers.index(position)]
    else:
        return None
    groups = (optimizer_room.state_of(tree.places[chosen].value) or {}).get("param_groups")
    return groups[0] if isinstance(groups, list) and groups else None


def _model(found: ModelFound, tree: Outline) -> ModelAnatomy:
    layers = tuple(_layers(found))
    modules = layers_room.module_tree(layers)
    structure = structure_of(layers)
    adapted = adapters.find([e for layer in layers for e in layer.entries.values()], tree)
    ties: dict[object, list[str]] = {}
    for entry in found.entries:
        if entry.storage is not None:
            ties.setdefault(entry.storage, []).append(entry.path)
    described = Model(
        key=found.key,
        label=found.key or "model",
        role=found.role,
        # Factors of adapters are layers of no family.
        family=None if adapted else _with_heads(families.recognise(structure), found, tree),
        parameters=modules[0].parameters,
        buffers=modules[0].buffers,
        bytes=modules[0].bytes,
        layer_list=tuple(_layer(layer) for layer in layers),
        modules=modules,
        classes=tuple(
            ModuleClass(name=name, class_name=cut(kind, 200), settings=dict(settings))
            for name, (kind, settings) in islice(found.classes.items(), MODULES)
        ),
        prefixes=found.removed,
        ties=tuple(Tie(paths=tuple(paths)) for paths in ties.values() if len(paths) > 1),
        adapters=adapted,
        experts=experts.describe(layers, structure),
        by_kind=budget.by_kind(layers),
        by_depth=budget.by_depth(layers, modules),
        by_dtype=budget.by_dtype(layers),
    )
    return ModelAnatomy(found, layers, described)


def _layers(found: ModelFound) -> list[LayerFound]:
    if found.classes_from is None:
        return layers_room.group(found.entries, found.classes)
    return layers_room.group(found.entries, found.classes, f"its class in {found.classes_from}")


def _with_heads(family: Family | None, found: ModelFound, tree: Outline) -> Family | None:
    """`family` with its heads of attention where no shape proves them but the file says them."""
    if family is None or "heads" in family.facts or "feed-forward width" not in family.facts:
        return family
    told = heads_of_width(tree, found.classes, int(family.facts["width"]))
    if told is None:
        return family
    return msgspec.structs.replace(
        family, facts={**family.facts, "heads": str(told[0]), "heads known by": told[1]}
    )


def _layer(layer: LayerFound) -> Layer:
    weight = layer.weight
    entries = layer.entries.values()
    return Layer(
        name=layer.name,
        kind=layer.kind.kind,
        basis=layer.basis,
        evidence=layer.kind.evidence,
        tensors=tuple(entry.path for entry in entries),
        weight=weight.path if weight else next((entry.path for entry in entries), None),
        parameters=sum(entry.numel for entry in entries if entry.role != "buffer"),
        buffers=sum(entry.numel for entry in entries if entry.role == "buffer"),
        bytes=sum(entry.nbytes for entry in entries),
        settings=dict(layer.settings),
    )


def _candidate(found: ModelFound) -> optimizer_room.Candidate:
    seen: set[object] = set()
    parameters = []
    for entry in found.entries:
        # An optimizer holds a tied parameter once.
        if entry.role == "buffer" or (entry.storage is not None and entry.storage in seen):
            continue
        seen.add(entry.storage)
        parameters.append(entry)
    return optimizer_room.Candidate(found.key, parameters)
