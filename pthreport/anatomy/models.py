"""Every model in the file, wherever it stands: state dicts, nested ones, modules pickled whole.

The rule is the shape of a value, not its key: a mapping of names to tensors, or an object that has
what `torch.nn.Module` keeps (`_parameters`, `_buffers`, `_modules`). Keys only label what was found.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pthreport.anatomy.kinds import BUFFER_NAMES
from pthreport.anatomy.layers import STANDARD, Entry, identity
from pthreport.anatomy.names import unwrap
from pthreport.anatomy.optimizer import state_of
from pthreport.anatomy.outline import Outline
from pthreport.anatomy.schedule import is_scaler, is_scheduler
from pthreport.anatomy.scripted import is_scripted
from pthreport.anatomy.scripted import modules as scripted_modules
from pthreport.anatomy.value_text import settings_of
from pthreport.checkpoint import Mapping as NamedMapping
from pthreport.checkpoint import Record, Tensor, key_text
from pthreport.document import RemovedPrefix
from pthreport.document.tensor import Role

_COPY = re.compile(r"(^|[._])(ema|swa|averaged?|shadow|teacher|target)([._]|$)|_ema$|ema_", re.I)
_SETS = re.compile(
    r"^((generator|discriminator|encoder|decoder|actor|critic|teacher|student|net|policy|value|target|ema|model|unet|"
    r"vae|text_encoder|state_dict)(_?\w*)|[gd](_\w*)?)$",
    re.I,
)
"""Keys under which whole models stand side by side: never parts of one nested model."""

VERSIONS = "_metadata"
"""Where `Module.state_dict` keeps its modules' format versions: of the state dict, not of the run."""

EXPORTED_CONSTANTS = "torch.export constants"
"""What an exported program's constants stand in: no model, though tensors by name."""

_NESTED_LEVELS = 32
_GROUPS: tuple[tuple[str, Role], ...] = (("_parameters", "parameter"), ("_buffers", "buffer"))


@dataclass(frozen=True)
class ModelFound:
    """One model: where it stands, its tensors, the classes its file names, what was taken off."""

    key: str
    entries: tuple[Entry, ...]
    removed: tuple[RemovedPrefix, ...]
    classes: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    role: str = ""
    classes_from: str | None = None
    """The architecture that `classes` were read from, where it was not the file."""


@dataclass
class Roles:
    """What the places of an outline are: the models, and positions of the other known things."""

    models: list[ModelFound] = field(default_factory=list)
    optimizers: list[int] = field(default_factory=list)
    schedulers: list[int] = field(default_factory=list)
    scalers: list[int] = field(default_factory=list)
    claimed: set[int] = field(default_factory=set)


def find(outline: Outline) -> Roles:
    """Models, optimizers, schedulers and scalers, each place belonging to at most one."""
    roles = Roles()
    root = outline.places[0].value
    lightning = isinstance(root, dict) and "pytorch-lightning_version" in root
    stack = [0]
    while stack:
        position = stack.pop()
        place = outline.places[position]
        if place.repeats is not None or isinstance(place.value, Tensor):
            continue
        if not isinstance(place.value, dict | Record):
            stack.extend(reversed(place.children))
            continue
        known = (
            roles.optimizers if state_of(place.value) is not None
            else roles.schedulers if is_scheduler(place.value)
            else roles.scalers if is_scaler(place.value)
            else None
        )  # fmt: skip
        if known is not None:
            known.append(position)
            roles.claimed.update(outline.below(position))
        elif (module := _module(outline, position)) is not None:
            roles.models.append(module)
            roles.claimed.update(outline.below(position))
        elif (nested := _nested(outline, position)) is not None:
            roles.models.append(_model(outline, position, nested, lightning))
            roles.claimed.update(outline.below(position))
        else:
            own = _state_dict(outline, position)
            if own:
                roles.models.append(_model(outline, position, own, lightning))
                roles.claimed.update(own.values())
                if (versions := outline.child(position, VERSIONS)) is not None:
                    roles.claimed.update(outline.below(versions))
            stack.extend(c for c in reversed(place.children) if c not in roles.claimed)
    roles.models = _with_roles(roles.models)
    return roles


def _state_dict(outline: Outline, position: int) -> dict[str, int]:
    """The tensors directly in the mapping at `position` by name, if they make a state dict."""
    place = outline.places[position]
    if not isinstance(place.value, dict) or getattr(place.value, "type_name", "") == EXPORTED_CONSTANTS:
        return {}
    tensors = {outline.places[c].key: c for c in outline.tensors_in(place.children)}
    if not tensors:
        return {}
    named = any(_is_parameter_name(name) for name in tensors)
    others = place.count - len(tensors) - (outline.child(position, VERSIONS) is not None)
    only = others == 0 and any(_tensor(outline, c).shape for c in tensors.values())
    return tensors if named or only else {}


def _nested(outline: Outline, position: int) -> dict[str, int] | None:
    """The tensors of a tree of mappings that is one model written as nested dicts (Flax, Haiku)."""
    place = outline.places[position]
    if not isinstance(place.value, dict) or len(place.children) < 2:
        return None
    if any(_SETS.match(outline.places[c].key) for c in place.children):
        return None
    found: dict[str, int] = {}
    stack = [(c, outline.places[c].key, 1) for c in reversed(place.children)]
    leaves = 0
    while stack:
        current, name, level = stack.pop()
        inner = outline.places[current]
        if isinstance(inner.value, Tensor):
            if level == 1 or inner.key not in STANDARD:
                return None
            found[name] = current
        elif (
            isinstance(inner.value, dict)
            and inner.children
            and inner.repeats is None
            and level < _NESTED_LEVELS
        ):
            leaves += any(isinstance(outline.places[c].value, Tensor) for c in inner.children)
            stack.extend(
                (c, f"{name}.{outline.places[c].key}", level + 1) for c in reversed(inner.children)
            )
        else:
            return None
    return found if leaves >= 2 else None


def _module(outline: Outline, position: int) -> ModelFound | None:
    """The model of an `nn.Module` object, its classes and settings read from the file."""
    if is_scripted(outline.places[position].value):
        tensors, scripted = scripted_modules(outline, position)
        found = tuple(_entry(outline, child, name, role) for child, name, role in tensors)
        return ModelFound(outline.places[position].path, found, (), scripted) if found else None
    if _module_state(outline.places[position].value) is None:
        return None
    entries: list[Entry] = []
    classes: dict[str, tuple[str, Mapping[str, str]]] = {}
    stack: list[tuple[int, str]] = [(position, "")]
    seen: set[int] = set()
    while stack:
        current, name = stack.pop()
        record = outline.places[current].value
        state = _module_state(record)
        if state is None or current in seen:
            continue
        seen.add(current)
        assert isinstance(record, Record)
        classes[name] = (record.type_name, settings_of(state))
        inside = _attributes(outline, current)
        for group, role in _GROUPS:
            for child in outline.places[inside[group]].children if group in inside else []:
                if isinstance(outline.places[child].value, Tensor):
                    full = f"{name}.{outline.places[child].key}" if name else outline.places[child].key
                    entries.append(_entry(outline, child, full, role))
        below = outline.places[inside["_modules"]].children if "_modules" in inside else []
        stack.extend(
            (c, f"{name}.{outline.places[c].key}" if name else outline.places[c].key)
            for c in reversed(below)
        )
    return ModelFound(outline.places[position].path, tuple(entries), (), classes)


def _module_state(value: object) -> Mapping[object, object] | None:
    if not isinstance(value, Record) or not isinstance(value.state, dict):
        return None
    return value.state if "_modules" in value.state and "_parameters" in value.state else None


def _attributes(outline: Outline, position: int) -> dict[str, int]:
    """The positions of `_parameters`, `_buffers` and `_modules` under a module's place."""
    wanted = {"_parameters", "_buffers", "_modules"}
    found: dict[str, int] = {}
    for child in outline.places[position].children:
        place = outline.places[child]
        if place.key in wanted:
            found.setdefault(place.key, child)
        elif isinstance(place.value, dict):
            for grandchild in place.children:
                if outline.places[grandchild].key in wanted:
                    found.setdefault(outline.places[grandchild].key, grandchild)
    return found


def _model(outline: Outline, position: int, tensors: Mapping[str, int], lightning: bool) -> ModelFound:
    names = unwrap(list(tensors), lightning=lightning)
    entries = tuple(
        _entry(outline, child, name, None)
        for name, child in zip(names.names, tensors.values(), strict=True)
    )
    return ModelFound(
        outline.places[position].path, entries, names.removed, _exported_classes(outline, position)
    )


def _exported_classes(outline: Outline, position: int) -> dict[str, tuple[str, Mapping[str, str]]]:
    """The modules' classes that an exported program keeps beside its weights."""
    value = outline.places[position].value
    named = value.attributes.get("module_classes") if isinstance(value, NamedMapping) else None
    if not isinstance(named, dict):
        return {}
    return {key_text(name): (key_text(kind), {}) for name, kind in named.items() if name}


def _entry(outline: Outline, position: int, name: str, role: Role | None) -> Entry:
    tensor = _tensor(outline, position)
    if role is None and tensor.role in ("parameter", "buffer"):
        role = tensor.role
    if role is None:
        leaf = name.rpartition(".")[2]
        whole = tensor.dtype.kind in ("int", "bool")
        role = "buffer" if (leaf in BUFFER_NAMES or whole) and not tensor.is_parameter else "parameter"
    shape, numel = tensor.logical_shape, tensor.logical_numel
    return Entry(tensor.path, name, shape, numel, tensor.nbytes, role, identity(tensor), tensor.dtype.name)


def _tensor(outline: Outline, position: int) -> Tensor:
    value = outline.places[position].value
    assert isinstance(value, Tensor)
    return value


def _is_parameter_name(name: str) -> bool:
    leaf = name.rpartition(".")[2]
    return leaf in STANDARD or leaf in BUFFER_NAMES or leaf.startswith(("weight_", "bias_")) or "." in name


def _with_roles(models: list[ModelFound]) -> list[ModelFound]:
    """Mark a moving average and its original where two models have the same names."""
    names = [frozenset(e.name for e in m.entries) for m in models]
    marked = []
    for index, model in enumerate(models):
        twins = [i for i, n in enumerate(names) if i != index and n == names[index]]
        role = ""
        if _COPY.search(model.key):
            role = "ema" if twins or "ema" in model.key.casefold() else ""
        elif any(_COPY.search(models[i].key) for i in twins):
            role = "raw"
        marked.append(replace(model, role=role))
    return marked
