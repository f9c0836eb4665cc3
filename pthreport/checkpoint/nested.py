"""Torch files and pickles that stand in the byte strings of a pickle: read by the same readers.

`torch.storage._load_from_bytes(content)` is how a storage pickles itself outside of torch.save; the
content is a whole torch file. Byte strings that are pickles by themselves are only looked through for
what they would import: loading the file does not load them, but whoever uses it may.
"""

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.limits import Budget, met
from pthreport.checkpoint.machine import Impossible, NotUnderstood
from pthreport.checkpoint.source import Held, Source, Stretch, Window
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import LongBytes, Value
from pthreport.checkpoint.walk import walk

if TYPE_CHECKING:
    from pthreport.checkpoint.containers.reading import Reading

LOAD = ("torch.storage", "_load_from_bytes")

_OPENED = (
    "Loads a torch file that stands inside this one; it was opened here too, and what it imports is listed."
)
PICKLE = re.compile(rb"\x80[\x02-\x05]|\(?[ci][\w.]+\n[\w.]+\n", re.DOTALL)
"""How a pickle begins, of protocol 2 and later or, before, with a name."""


@dataclass(slots=True)
class Inside:
    """What a file and all files in it share: how many were opened, and what they gave.

    `opened` keeps each content beside its value, by identity: a byte string that is loaded a thousand
    times is read once. `refused` says that one could not be read. `budgets` are those of a folder's
    files by name.
    """

    opened: dict[int, tuple[Value, Value]] = field(default_factory=dict)
    refused: bool = False
    probes: int = 0
    budgets: dict[str, Budget] = field(default_factory=dict)


def load(reading: "Reading", content: Value) -> Value:
    """What the torch file in `content` holds; raises `NotUnderstood` where it cannot be read."""
    inside = reading.inside
    known = inside.opened.get(id(content))
    if known is not None:
        return known[1]
    try:
        if not isinstance(content, bytes | LongBytes):
            raise Impossible("its content is no byte string")
        _count(reading)
        deepest = reading.limits.nested_depth
        if reading.depth >= deepest:
            raise NotUnderstood(f"more than {deepest} within each other ({met('nested_depth', deepest)})")
        name = f"torch file {len(inside.opened) + 1} inside the pickle"
        value, complete = _read(reading, content, name)
    except NotUnderstood:
        inside.refused = True
        reading.imports.distrust(LOAD)
        raise
    inside.opened[id(content)] = (content, value)
    if complete and not inside.refused:
        reading.imports.explain(LOAD, _OPENED)
    elif not complete:
        inside.refused = True
        reading.imports.distrust(LOAD)
    return value


def _count(reading: "Reading") -> None:
    most = reading.limits.nested_files
    if len(reading.inside.opened) >= most:
        raise NotUnderstood(f"more than {most:,} torch files inside ({met('nested_files', most)})")


def open_file_inside(reading: "Reading", data: Stretch, name: str) -> Value:
    """What the torch file in a member holds; raises `NotUnderstood` where it cannot be read."""
    inside = reading.inside
    _count(reading)
    value, _complete = _read(reading, LongBytes(data), name)
    inside.opened[id(data)] = (data, value)
    return value


def _read(reading: "Reading", content: bytes | LongBytes, name: str) -> tuple[Value, bool]:
    from pthreport.checkpoint.containers import table  # its containers import this module

    source, begin = _source(reading, content)
    limits = reading.limits
    if reading.depth == 0:
        limits = replace(limits, derived_bytes=limits.derived_bytes // max(1, limits.nested_files))
    part = type(reading)(
        reading.path,
        source,
        limits,
        imports=reading.imports,
        scratch=reading.scratch,
        inside=reading.inside,
        depth=reading.depth + 1,
        room=reading.room,
        budget=reading.budget,
    )
    try:
        table.read(part)
    except (FormatError, ReadError) as error:
        raise Impossible(f"{name}: {error}") from error
    finally:
        if part.imports is not reading.imports:
            reading.imports.absorb(part.imports)
        for one in part.problems:
            offset = None if one.offset is None or begin is None else one.offset + begin
            reading.problem(
                f"{name}: {one.text}", offset, one.where, one.partial, one.refused, kind=one.kind
            )
    _rename_storages(reading, part.tree, name)
    return part.tree, not any(one.partial for one in part.problems)


def _source(reading: "Reading", content: bytes | LongBytes) -> tuple[Source, int | None]:
    """The content as a file to read, and where it begins in the file that holds it, if it does."""
    if isinstance(content, LongBytes):
        data = content.data
        if not isinstance(data, Stretch):
            raise NotUnderstood("its content is not in the file")
        begin = data.start if data.data is reading.source else None
        return Window(data.data, data.start, data.length), begin
    source, start = reading.scratch.reserve(len(content))
    reading.scratch.write(start, content)
    return Window(source, start, len(content)), None


def _rename_storages(reading: "Reading", tree: Value, name: str) -> None:
    """A storage's key counts within its own file."""
    seen: set[int] = set()
    for visit in walk(tree, reading.limits):
        storage = visit.value.storage if isinstance(visit.value, Tensor) else None
        if storage is not None and id(storage) not in seen:
            seen.add(id(storage))
            storage.key = (name, storage.key)


def probe(reading: "Reading", content: bytes | LongBytes, path: str) -> None:
    """List what a pickle in a byte string of the tree would import, if it is one."""
    inside = reading.inside
    head = content[:200] if isinstance(content, bytes) else content.read(0, 200)
    data = content.data if isinstance(content, LongBytes) else Held(content)
    if PICKLE.match(head) is None or not isinstance(data, Stretch | Held):
        return
    found = Imports(reading.limits.names)
    error: FormatError | None = FormatError("too many of them", kind="limit")
    if inside.probes < reading.limits.nested_files:
        inside.probes += 1
        error = reading.probe(data, 0, found).error
    listed, _ = found.listing(reading.limits.imports)
    named = {one.verdict for one in listed}
    if not listed and error is not None and error.kind == "limit":
        text = "a byte string that begins like a pickle, which is not looked through"
        reading.problem(text, None, path, kind="limit")
    if not listed or (error is not None and "dangerous" not in named):
        return
    reading.imports.inside(found, path)
    reading.problem(
        f"a byte string that is a pickle of its own: what it would import is listed too, from "
        f"{listed[0].module}.{listed[0].name} on",
        None,
        path,
        kind="second-pickle",
    )
