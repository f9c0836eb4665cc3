"""Plain values of the tree as short text."""

import math
from collections.abc import Mapping
from typing import TypeGuard

from pthreport.checkpoint import Collection, Global, Record, Tensor
from pthreport.document.numbers import plural
from pthreport.document.text import cut, cut_value

LONGEST = 120
"""Characters of a value's short text; beyond it the text is cut and its length said."""

LARGEST_BITS = 1000
"""Integers of more bits are no counts, steps or metrics; a float ends at 1,024."""

_MANY_DIGITS = 4000  # CPython refuses to write integers of more than 4,300 digits


def is_number(value: object) -> TypeGuard[int | float]:
    """A plain int or finite float, not a bool, not beyond what a float can hold."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= LARGEST_BITS


SETTINGS = 64
"""Settings of one module."""


def settings_of(state: Mapping[object, object]) -> dict[str, str]:
    """The constructor's arguments that a module keeps as plain attributes."""
    settings: dict[str, str] = {}
    for key, value in state.items():
        if not isinstance(key, str) or key.startswith("_") or key in ("training", "dump_patches"):
            continue
        short = isinstance(value, tuple) and len(value) <= 4
        if short or value is None or isinstance(value, bool | int | float | str):
            settings[cut(key, 100)] = brief(value)
        if len(settings) == SETTINGS:
            break
    return settings


def brief(value: object, *, longest: int = LONGEST) -> str:
    """A short text of any value of the tree: never recursive beyond one level, never long."""
    if isinstance(value, list | tuple):
        if len(value) <= 8 and all(_scalar(v) for v in value):
            inside = ", ".join(scalar(v, longest=40) for v in value)
            single = "," if len(value) == 1 else ""
            return f"[{inside}]" if isinstance(value, list) else f"({inside}{single})"
        return f"{type_name(value)} of {len(value):,}"
    if isinstance(value, dict):
        return f"{type_name(value)} of {len(value):,}"
    if isinstance(value, Collection):
        return f"{value.kind} of {len(value.items):,}"
    if isinstance(value, Tensor):
        return f"{value.dtype.name} tensor {shape_text(value.shape)}"
    if isinstance(value, Record):
        return type_name(value)
    return scalar(value, longest=longest)


def scalar(value: object, *, longest: int = LONGEST) -> str:
    """A number, text, bytes or name in the way Python would write it, cut where it is long."""
    if isinstance(value, str):
        return cut_value(str(value), longest)  # a str itself, which is all that JSON takes
    if isinstance(value, bytes):
        shown = value[: longest // 4].hex(" ")
        size = plural(len(value), "byte")
        return f"{size}: {shown}{' ...' if len(value) > longest // 4 else ''}" if value else size
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        if value.bit_length() > _MANY_DIGITS * 3:
            return f"integer of {value.bit_length():,} bits"
        return cut_value(str(value), longest)
    if isinstance(value, float | complex):
        return repr(value)
    if isinstance(value, Global):
        return cut(f"{value.module}.{value.name}", longest)
    return type_name(value)


def type_name(value: object) -> str:
    """The name that the file gives the type of `value`."""
    if isinstance(value, Record):
        return cut(f"{value.module}.{value.name}", LONGEST)
    if isinstance(value, Collection):
        return value.kind
    name = getattr(value, "type_name", "")
    return str(name) if name else type(value).__name__


def shape_text(shape: tuple[int, ...]) -> str:
    """`64 x 3 x 7 x 7`; a scalar is `()`."""
    if len(shape) > 16:
        return " x ".join(map(str, shape[:16])) + f" x ... ({len(shape):,} dimensions)"
    return " x ".join(map(str, shape)) if shape else "()"


def _scalar(value: object) -> bool:
    return isinstance(value, str | bytes | bool | int | float | complex | Global) or value is None
