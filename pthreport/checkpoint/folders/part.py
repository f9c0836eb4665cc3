"""One file of a folder, read by its own container's reader into the folder's result."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pthreport.checkpoint.containers import table
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.errors import FormatError, Problem, ReadError, kind_of
from pthreport.checkpoint.folders.folder import Folder, short
from pthreport.checkpoint.limits import Budget, InflationBudget
from pthreport.checkpoint.source import Source
from pthreport.checkpoint.storage import Storage
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value
from pthreport.checkpoint.walk import walk


def read_file(reading: Reading, folder: Folder, name: str) -> Reading | None:
    """Read a file of the folder; None where it cannot be, and then a problem says why."""
    try:
        source = folder.open(name)
    except FormatError as error:
        reading.problem(error.text, "partial", offset=error.offset, where=name, kind=error.kind)
        return None
    return read_source(reading, source, name)


def read_source(reading: Reading, source: Source, name: str, shift: int = 0) -> Reading | None:
    """Read what is in `source`, a file called `name` or a part of it from byte `shift` on."""
    folder = reading.file
    limits = folder.limits
    part = Reading(
        replace(
            folder,
            path=folder.path / name,
            source=source,
            inflation=InflationBudget(limits, source.length),
            budget=folder.nesting.budgets.setdefault(name, Budget.of(limits)),
        )
    )
    try:
        table.read(part)
    except (FormatError, ReadError) as error:
        at = error.offset if isinstance(error, FormatError) else None
        part.problem(str(error), "partial", offset=at, kind=kind_of(error))
        _adopt(reading, part, name, shift)
        return None
    _adopt(reading, part, name, shift)
    return part


def _adopt(reading: Reading, part: Reading, name: str, shift: int) -> None:
    """Take over what was noted about a part, naming its file."""
    reading.result.problems.extend(_in_file(name, shift, part.result.problems))
    try:
        reading.result.imports.absorb(part.result.imports)
    except FormatError as error:
        reading.problem(error.text, "partial", where=name, kind=error.kind)
    seen: set[int] = set()
    for tensor in tensors_in(reading, part.result.tree):
        for storage in _storages(tensor):
            if id(storage) not in seen:
                seen.add(id(storage))
                storage.key = (name, shift, storage.key)
    own = part.result.verify
    if own is not list:
        if not isinstance(reading.result.verify, _Verifications):
            reading.result.verify = _Verifications()
        reading.result.verify.parts.append(lambda: _in_file(name, shift, own()))


@dataclass(slots=True)
class _Verifications:
    """The verifications of all parts, one after the other."""

    parts: list[Callable[[], list[Problem]]] = field(default_factory=list)

    def __call__(self) -> list[Problem]:
        return [problem for part in self.parts for problem in part()]


def _in_file(name: str, shift: int, problems: Iterable[Problem]) -> list[Problem]:
    return [
        Problem(
            f"{short(name)[1:-1]}: {one.text}",
            one.effect,
            offset=None if one.offset is None else one.offset + shift,
            where=name if one.where is None else f"{name}: {one.where}",
            kind=one.kind,
        )
        for one in problems
    ]


def tensors_in(reading: Reading, tree: Value) -> list[Tensor]:
    """Every tensor of a tree."""
    if isinstance(tree, Tensor):
        return [tree]
    return [visit.value for visit in walk(tree, reading.file.limits) if isinstance(visit.value, Tensor)]


def _storages(tensor: Tensor) -> list[Storage]:
    return [] if tensor.storage is None else [tensor.storage]


def read_json(reading: Reading, folder: Folder, name: str, limit: int | None = None) -> Any:
    """The JSON of a file in the folder; raises `FormatError` that says what is wrong with it."""
    source = folder.open(name)
    limit = limit or reading.file.limits.header_bytes
    if source.length > limit:
        raise FormatError(f"{short(name)} has {source.length:,} bytes, of which at most {limit:,} are read")
    try:
        return json.loads(source.read(0, source.length).removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FormatError(f"{short(name)} is not UTF-8", error.start) from error
    except json.JSONDecodeError as error:
        raise FormatError(f"{short(name)} is not JSON: {error.msg}", error.pos) from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{short(name)} holds a number or nesting too large") from error
    except ReadError as error:
        raise FormatError(f"{short(name)}: {error}") from error
