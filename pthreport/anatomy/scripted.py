"""The model in a TorchScript archive: its modules are objects of `__torch__` classes whose tensors and
submodules are plain attributes."""

import re
from collections.abc import Iterator, Mapping

from pthreport.anatomy.outline import Outline
from pthreport.anatomy.value_text import settings_of
from pthreport.checkpoint import Record, Tensor
from pthreport.document.tensor import Role

_MANGLED = re.compile(r"___torch_mangle_\d+\.")
_CUSTOM = "__torch__.torch.classes."

Found = tuple[int, str, Role | None]
"""A tensor's position, its name in the model, its role where the file says it."""

Classes = dict[str, tuple[str, Mapping[str, str]]]
"""Module name to class and settings."""


def is_scripted(value: object) -> bool:
    """Whether a value is an object of TorchScript's."""
    return isinstance(value, Record) and value.module.split(".", 1)[0] == "__torch__"


def class_of(record: Record) -> str:
    """The class as it was called before it was scripted: without `__torch__` and mangling."""
    return _MANGLED.sub("", f"{record.module}.{record.name}").removeprefix("__torch__.")


def modules(outline: Outline, position: int) -> tuple[list[Found], Classes]:
    """The tensors and classes of the scripted module at `position`.

    A tensor that the code calls neither parameter nor buffer is an attribute like any other and no
    part of the model. A frozen module keeps its weights as constants of the code: those are listed
    where it has no others.
    """
    found: list[Found] = []
    classes: Classes = {}
    stack: list[tuple[int, str]] = [(position, "")]
    while stack:
        current, name = stack.pop()
        place = outline.places[current]
        record = place.value
        assert isinstance(record, Record)
        if record.module.startswith(_CUSTOM):
            found.extend((c, _join(name, inner), None) for c, inner in _packed(outline, current))
            continue
        classes[name] = (
            class_of(record),
            settings_of(record.state if isinstance(record.state, dict) else {}),
        )
        below = []
        for child in place.children:
            inner = outline.places[child]
            if isinstance(inner.value, Tensor):
                if inner.value.role != "attribute":
                    found.append((child, _join(name, inner.key), inner.value.role))
            elif is_scripted(inner.value) and inner.repeats is None:
                below.append((child, _join(name, inner.key)))
        stack.extend(reversed(below))
    if not found and (constants := outline.child(position, "constants")) is not None:
        inside = outline.tensors_in(outline.places[constants].children)
        found = [(child, f"c{outline.places[child].key}", None) for child in inside]
        classes = {}
    return found, classes


def _packed(outline: Outline, position: int) -> Iterator[tuple[int, str]]:
    """The tensors anywhere in the state of a C++ object, such as the packed weights of quantized
    layers."""
    names = {position: ""}
    for current in outline.below(position):
        place = outline.places[current]
        if current != position:
            key = "" if place.key == "state" else place.key
            names[current] = _join(names[place.parent], key)
        if isinstance(place.value, Tensor):
            yield current, names[current]


def _join(name: str, key: str) -> str:
    return f"{name}.{key}" if name and key else name or key
