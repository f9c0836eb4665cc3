"""Torch files and pickles in the byte strings of a pickle: read by the same readers.

`torch.storage._load_from_bytes(content)` is how a storage pickles itself outside of torch.save; the
content is a whole torch file. Byte strings that are pickles by themselves are only looked through for
what they would import: loading the file does not load them, but whoever uses it may.
"""

from dataclasses import replace

from pthreport.checkpoint.containers import table
from pthreport.checkpoint.containers.pickle_starts import PICKLE
from pthreport.checkpoint.containers.reading import Reading, Result
from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.machine import Impossible, NotUnderstood
from pthreport.checkpoint.source import Held, Source, Stretch, Window
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import LongBytes, Value
from pthreport.checkpoint.walk import walk


def read_nested(reading: Reading, content: bytes | LongBytes, name: str) -> tuple[Value, bool]:
    """The tree of the torch file in `content`, and whether it is complete; raises `NotUnderstood` where it
    cannot be read. What is wrong with it is reported under `name`."""
    file, result = reading.file, reading.result
    source, begin = _source(reading, content)
    limits = file.limits
    if file.depth == 0:
        limits = replace(limits, derived_bytes=limits.derived_bytes // max(1, limits.nested_files))
    inner = replace(file, source=source, limits=limits, depth=file.depth + 1)
    part = Reading(inner, Result(imports=result.imports))
    try:
        table.read(part)
    except (FormatError, ReadError) as error:
        raise Impossible(f"{name}: {error}") from error
    finally:
        found = part.result
        if found.imports is not result.imports:
            result.imports.absorb(found.imports)
        for one in found.problems:
            offset = None if one.offset is None or begin is None else one.offset + begin
            reading.problem(
                f"{name}: {one.text}", one.effect, offset=offset, where=one.where, kind=one.kind
            )
    _rename_storages(reading, part.result.tree, name)
    return part.result.tree, not any(one.partial for one in part.result.problems)


def _source(reading: Reading, content: bytes | LongBytes) -> tuple[Source, int | None]:
    """The content as a file to read, and where it begins in the file that holds it, if it does."""
    if isinstance(content, LongBytes):
        data = content.data
        if not isinstance(data, Stretch):
            raise NotUnderstood("its content is not in the file")
        begin = data.start if data.data is reading.file.source else None
        return Window(data.data, data.start, data.length), begin
    source, start = reading.file.scratch.reserve(len(content))
    reading.file.scratch.write(start, content)
    return Window(source, start, len(content)), None


def _rename_storages(reading: Reading, tree: Value, name: str) -> None:
    """A storage's key counts within its own file."""
    seen: set[int] = set()
    for visit in walk(tree, reading.file.limits):
        storage = visit.value.storage if isinstance(visit.value, Tensor) else None
        if storage is not None and id(storage) not in seen:
            seen.add(id(storage))
            storage.key = (name, storage.key)


def probe(reading: Reading, content: bytes | LongBytes, path: str) -> None:
    """List what a pickle in a byte string of the tree would import, if it is one."""
    inside = reading.file.nesting
    head = content[:200] if isinstance(content, bytes) else content.read(0, 200)
    data = content.data if isinstance(content, LongBytes) else Held(content)
    if PICKLE.match(head) is None or not isinstance(data, Stretch | Held):
        return
    found = Imports(reading.file.limits.names)
    error: FormatError | None = FormatError("too many of them", kind="limit")
    if inside.probes < reading.file.limits.nested_files:
        inside.probes += 1
        error = reading.probe(data, 0, found).error
    listed, _ = found.listing(reading.file.limits.imports)
    named = {one.verdict for one in listed}
    if not listed and error is not None and error.kind == "limit":
        text = "a byte string that begins like a pickle, which is not looked through"
        reading.problem(text, where=path, kind="limit")
    if not listed or (error is not None and "dangerous" not in named):
        return
    reading.result.imports.inside(found, path)
    reading.problem(
        f"a byte string that is a pickle of its own: what it would import is listed too, from "
        f"{listed[0].module}.{listed[0].name} on",
        where=path,
        kind="second-pickle",
    )
