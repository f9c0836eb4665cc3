"""Visiting every value of a tree once, and naming its place."""

from collections.abc import Iterator
from dataclasses import dataclass

from pthreport.checkpoint.limits import Limits
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Collection, Global, Key, LongBytes, Mapping, Record, Value
from pthreport.document.text import cut, encodable

KEY_CHARACTERS = Limits().key_characters
"""Characters of a key that are shown by default."""

LONG_PATH = 128
"""Characters of a path that cost as much as a value: paths are what a walk's memory goes into."""


@dataclass(slots=True, eq=False)
class Visit:
    """One value at one place.

    `path` is the keys from the root joined with "."; for tensors and containers no two are the same.
    `key` is the dict key, index or attribute as it is, `key_text` what is shown of it. `depth` is
    0 at the root. `repeat_of` is the path under which this very container was visited before (it is
    then not entered again, so shared and cyclic trees end). `cut` is the number of children that a
    limit keeps from being visited.
    """

    path: str
    key: Value
    key_text: str
    value: Value
    depth: int
    parent: str | None
    repeat_of: str | None = None
    cut: int = 0


def _short(text: str, limit: int) -> str:
    """`text` as a part of a path: it can be encoded, and is cut to `limit` characters."""
    return encodable(cut(text, limit))


def key_text(key: Value, limit: int = KEY_CHARACTERS) -> str:
    """A dict key as it is written into a path."""
    if type(key) is str:
        if key.isascii() and len(key) <= limit:
            return key
        return _short(key, limit)
    if isinstance(key, bytes):
        # Both ends of a long one are enough: its middle is cut out.
        ends = key if len(key) <= 2 * limit else key[:limit] + key[-limit:]
        return _short(ends.decode("utf-8", "backslashreplace"), limit)
    if isinstance(key, tuple):
        inner = ("<tuple>" if isinstance(item, tuple) else key_text(item, 40) for item in key[:8])
        return _short(f"({', '.join(inner)}{', …' if len(key) > 8 else ''})", limit)
    if isinstance(key, int) and key.bit_length() > 256:
        return f"<integer of {key.bit_length():,} bits>"
    if isinstance(key, Key):
        return f"<{kind_of(key.value)}>"
    if isinstance(key, Record | Collection | list | dict | Tensor | Global | LongBytes):
        return f"<{kind_of(key)}>"
    return str(key)


def kind_of(value: Value) -> str:
    """A value's type as the file calls it, short enough to show."""
    if isinstance(value, Mapping):
        return _short(value.type_name, 100)
    if isinstance(value, Record):
        return _short(value.type_name, 100)
    if isinstance(value, Global):
        return _short(f"{value.module}.{value.name}", 100)
    if isinstance(value, Collection):
        return value.kind
    if isinstance(value, LongBytes):
        return "bytes"
    return type(value).__name__.lower()


Child = tuple[Value, str | None, Value]
"""Key, fixed text of it or None, value."""


def children(value: Value, state_is_shared: bool = False) -> Iterator[Child]:
    """What a container holds, in the file's order.

    A record's (or tensor's) state, where it is a dict, stands for its own attributes, unless
    `state_is_shared` says that it has been visited elsewhere: then it is a child named "state".
    """
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, None, item
        if isinstance(value, Mapping):
            for name, item in value.attributes.items():
                yield name, None, item
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield index, str(index), item
    elif isinstance(value, Collection):
        for index, item in enumerate(value.items):
            yield index, str(index), item
    elif isinstance(value, Tensor):
        yield from _attributes(value.attributes, state_is_shared)
    elif isinstance(value, Record):
        if value.args:
            yield "args", "args", value.args
        if value.kwargs:
            yield "kwargs", "kwargs", value.kwargs
        yield from _attributes(value.state, state_is_shared)
        for index, item in enumerate(value.items):
            yield index, str(index), item
        for key, item in value.pairs:
            yield key, None, item


def _state(value: Value) -> Value:
    if isinstance(value, Record):
        return value.state
    return value.attributes if isinstance(value, Tensor) else None


def _attributes(state: Value, shared: bool) -> Iterator[Child]:
    if isinstance(state, dict) and not shared:
        for key, item in state.items():
            yield key, None, item
    elif state is not None:
        yield "state", "state", state


def _count(value: Value) -> int:
    if type(value) in _PLAIN_CONTAINERS:
        return len(value)
    if isinstance(value, dict | list | tuple):
        return len(value) + (len(value.attributes) if isinstance(value, Mapping) else 0)
    if isinstance(value, Collection):
        return len(value.items)
    if isinstance(value, Tensor):
        return len(value.attributes) if isinstance(value.attributes, dict) else value.attributes is not None
    if isinstance(value, Record):
        state = len(value.state) if isinstance(value.state, dict) else value.state is not None
        return bool(value.args) + bool(value.kwargs) + state + len(value.items) + len(value.pairs)
    return 0


_PLAIN_CONTAINERS = (dict, list, tuple)
CONTAINERS = (*_PLAIN_CONTAINERS, Collection, Record, Tensor)
"""Types of the values that may have children (a tuple: a union of types is made anew for each test)."""


class _Paths:
    """Hands out paths; the second place that would get the same one gets a suffix."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken: dict[str, int] = {}

    def join(self, parent: str, text: str, depth: int) -> str:
        path = text if depth == 1 else f"{parent}.{text}"
        return cut(path, self.limit)

    def claim(self, path: str) -> str:
        if path not in self.taken:
            self.taken[path] = 1
            return path
        while True:
            self.taken[path] += 1
            apart = f"{path} ({self.taken[path]})"
            if apart not in self.taken:
                self.taken[apart] = 1
                return apart


def walk(tree: Value, limits: Limits | None = None) -> Iterator[Visit]:
    """Every value of the tree, parents before their children, in the file's order.

    Each container is entered once, at most `limits.depth` deep, and `limits.nodes` values are
    visited in all; where that leaves anything out, the visit's `cut` says how much (the last visit's,
    for `nodes`). Nothing is recursive, whatever the depth.
    """
    limits = limits or Limits()
    paths = _Paths(limits.path_characters)
    seen: dict[int, str] = {}
    left = limits.nodes
    root_cut = 0
    stack: list[tuple[Iterator[Child], str]] = []

    def enter(value: Value, path: str) -> None:
        state = _state(value)
        shared = isinstance(state, dict) and id(state) in seen
        if isinstance(state, dict) and not shared:
            seen[id(state)] = path
        stack.append((children(value, shared), path))

    if isinstance(tree, CONTAINERS):
        seen[id(tree)] = paths.claim("")
        root_cut = _count(tree) if limits.depth < 1 else 0
    yield Visit("", None, "", tree, 0, None, None, root_cut)
    if isinstance(tree, CONTAINERS) and not root_cut:
        enter(tree, "")
    while stack:
        inner, parent = stack[-1]
        depth = len(stack)
        for key, fixed, value in inner:
            left -= 1
            if left < 0:
                yield Visit(parent, None, "…", None, depth, parent, None, 1)
                return
            text = fixed if fixed is not None else key_text(key, limits.key_characters)
            path = paths.join(parent, text, depth)
            left -= len(path) // LONG_PATH
            if not isinstance(value, CONTAINERS) or (type(value) is tuple and not value):
                yield Visit(path, key, text, value, depth, parent)
                continue
            left -= 3  # a container takes a place in every list that is made of the tree
            first = seen.get(id(value))
            if first is not None:
                yield Visit(path, key, text, value, depth, parent, first)
                continue
            path = paths.claim(path)
            seen[id(value)] = path
            inside = _count(value)
            cut = inside if depth >= limits.depth else 0
            yield Visit(path, key, text, value, depth, parent, None, cut)
            if inside and not cut:
                enter(value, path)
                break
        else:
            stack.pop()
