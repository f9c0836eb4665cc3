"""Secrets and private texts taken out of a checkpoint's tree before anything else looks at it.

The tree's own containers are changed, so that every later room sees the same; tensors are not touched.
"""

from dataclasses import replace

from pthreport.checkpoint import (
    Checkpoint,
    Collection,
    Global,
    Limits,
    LongBytes,
    ReadError,
    Record,
    Tensor,
    Value,
    Visit,
    walk,
)
from pthreport.checkpoint import Mapping as NamedMapping
from pthreport.checkpoint.source import Held
from pthreport.document.numbers import plural
from pthreport.redaction.redaction import LONGEST, Redaction, words_of

LONG_BYTES = 64 << 20
"""Bytes of long byte strings, the source texts of archives, that are looked through in all."""

SHORT_BYTES = 1 << 16
"""Bytes of one other byte string that are looked through; a report shows a hundred of them at most."""

_CONTAINERS = (dict, list, tuple, Collection, Record, Tensor)
_WITH_SOURCE = (Global, Record, LongBytes)


class BytesText(str):
    """What is left of a byte string that held a secret."""

    __slots__ = ()
    type_name = "bytes"


def redact(checkpoint: Checkpoint, redaction: Redaction) -> None:
    """Redact every text and byte string of the tree of `checkpoint`, which is changed for good."""
    if redaction.redact_paths:
        redaction.ordinary = words_of(checkpoint.tensors)
    changes: list[tuple[Visit, Value]] = []
    names = _Names()
    sources = _Sources(redaction)
    for visit in walk(checkpoint.tree, checkpoint.limits):
        value = visit.value
        if isinstance(visit.key, str):
            redaction.key(visit.path, visit.key)
        if isinstance(value, str | bytes):
            name, around = names.of(visit)
            new = _redacted(redaction, visit, name, around)
        else:
            if isinstance(value, _CONTAINERS):
                names.enter(visit)
            else:
                names.pass_by(visit)
            new = sources.redacted(visit) if isinstance(value, _WITH_SOURCE) else None
        if new is not None:
            changes.append((visit, new))
    if changes:
        checkpoint.tree = _with(checkpoint.tree, changes, checkpoint.limits)


class _Names:
    """The names that texts go by, as a walk comes to them.

    What stands in a list goes by the list's name, unless the text before it is an option
    (["--password", ...]) or the two are a pair (("password", ...)).
    """

    def __init__(self) -> None:
        self._names: dict[str | None, str] = {None: ""}
        self._pairs: set[str | None] = set()
        self._before: dict[str | None, str] = {}

    def enter(self, visit: Visit) -> None:
        """A container."""
        self.pass_by(visit)
        if visit.repeat_of is None:
            self._names[visit.path] = self._name(visit)
            if isinstance(visit.value, list | tuple) and len(visit.value) == 2:
                self._pairs.add(visit.path)

    def pass_by(self, visit: Visit) -> None:
        """A value that is no text, and none that the next one goes by."""
        if self._before:
            self._before.pop(visit.parent, None)

    def of(self, visit: Visit) -> tuple[str, str]:
        """The name of a text or byte string, and the name of what holds it where that is no list."""
        parent = visit.parent
        last = self._before.pop(parent, "")
        name = self._name(visit)
        if type(visit.key) is not int:
            return name, self._names[parent]
        if last.startswith("-") or (last and parent in self._pairs):
            name = last.lstrip("-")
        if isinstance(visit.value, str) and len(visit.value) < 80:
            self._before[parent] = visit.value
        return name, ""

    def _name(self, visit: Visit) -> str:
        return self._names[visit.parent] if type(visit.key) is int else visit.key_text


def _redacted(redaction: Redaction, visit: Visit, name: str, around: str) -> Value:
    """What to put in the place of a text or a byte string, None where it stays."""
    value = visit.value
    if isinstance(value, str):
        clean = redaction.value(visit.path, name, value, around)
        return None if clean == value else clean
    text = value[:SHORT_BYTES].replace(b"\0", b"").decode("latin-1")  # also text of two or four bytes each
    clean = redaction.value(visit.path, name, text, around)
    if clean == text:
        return None
    return BytesText(
        clean if text.isprintable() else f"[redacted: {plural(len(value), 'byte')} with a secret in them]"
    )


class _Sources:
    """The source texts of classes, and of archives' members, without their secrets; each is read once."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._clean: dict[str | None, str | None] = {None: None}
        self._left = LONG_BYTES

    def redacted(self, visit: Visit) -> Value:
        """What to put in the place of a class or a member, None where it stays; an object's is changed."""
        value = visit.value
        if isinstance(value, LongBytes):
            if not visit.key_text.endswith(".py") or self._left <= 0:
                return None
            new, size = _code(self._redaction, visit.path, value)
            self._left -= size
            return new
        if not (value.source or value.source_file):
            return None
        source = self._text(visit.path, "source text", value.source)
        file = self._text(visit.path, "source file", value.source_file)
        if isinstance(value, Record):
            value.source, value.source_file = source, file
        elif (source, file) != (value.source, value.source_file):
            return replace(value, source=source, source_file=file)
        return None

    def _text(self, path: str, said: str, text: str | None) -> str | None:
        if text not in self._clean:
            self._clean[text] = self._redaction.value(f"{path} ({said})", "", text or "")
        return self._clean[text]


def _code(redaction: Redaction, path: str, value: LongBytes) -> tuple[LongBytes | None, int]:
    """The code of an archive's member without its secrets, None where it has none, and how much was read."""
    try:
        content = value.read(0, LONGEST)
    except ReadError:
        return None, 0
    text = content.decode("utf-8", "replace")
    clean = redaction.value(path, "", text)
    return None if clean == text else LongBytes(Held(clean.encode("utf-8"))), len(content)


def _with(tree: Value, changes: list[tuple[Visit, Value]], limits: Limits) -> Value:
    """The tree with other values in some places. Tuples are made anew, wherever one of them stands."""
    at: dict[str | None, Value] = {}
    held: dict[int, list[tuple[str | None, Value]]] = {}
    for visit in walk(tree, limits):
        if isinstance(visit.value, _CONTAINERS) and visit.repeat_of is None:
            at[visit.path] = visit.value
        if isinstance(visit.value, tuple):
            held.setdefault(id(visit.value), []).append((visit.parent, visit.key))
    items: dict[int, list[Value]] = {}
    made: dict[int, Value] = {}
    waiting: list[tuple[str | None, Value, Value, Value]] = [
        (visit.parent, visit.key, visit.value, new) for visit, new in changes
    ]
    while waiting:
        parent, key, old, new = waiting.pop()
        if parent is None:
            tree = new
            continue
        holder = at[parent]
        if not isinstance(holder, tuple):
            _put(holder, key, old, new)
            continue
        inside = items.setdefault(id(holder), list(holder))
        inside[key] = new
        former = made.get(id(holder), holder)
        made[id(holder)] = tuple(inside)
        waiting.extend((above, own, former, made[id(holder)]) for above, own in held[id(holder)])
    return tree


def _put(holder: Value, key: Value, old: Value, new: Value) -> None:
    """Put `new` where `old` stands under `key`."""
    if isinstance(holder, Collection):
        holder.items[key] = new
    elif isinstance(holder, list):
        holder[key] = new
    elif isinstance(holder, dict):
        if isinstance(holder, NamedMapping) and holder.get(key) is not old:
            holder.attributes[key] = new
        else:
            holder[key] = new
    elif isinstance(holder, Tensor):
        if isinstance(holder.attributes, dict):
            holder.attributes[key] = new
        else:
            holder.attributes = new
    elif isinstance(holder.state, dict) and key in holder.state and holder.state[key] is old:
        holder.state[key] = new
    elif holder.args is old:
        holder.args = new
    elif holder.state is old:
        holder.state = new
    elif type(key) is int and key < len(holder.items) and holder.items[key] is old:
        holder.items[key] = new
    else:
        holder.pairs[:] = [
            (name, new if name == key and value is old else value) for name, value in holder.pairs
        ]
