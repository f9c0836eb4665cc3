"""Opening a checkpoint."""

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from pthreport.checkpoint import nested
from pthreport.checkpoint.containers import table
from pthreport.checkpoint.containers.reading import InputFile, Reading
from pthreport.checkpoint.containers.zip_archive import MemberData
from pthreport.checkpoint.errors import (
    CheckpointError,
    FormatError,
    Problem,
    ReadError,
    one_line,
    summed,
)
from pthreport.checkpoint.folders import open_folder
from pthreport.checkpoint.folders import read as read_folder
from pthreport.checkpoint.folders.folder import Folder, short
from pthreport.checkpoint.imports import ImportUse
from pthreport.checkpoint.limits import Limits, met
from pthreport.checkpoint.overlaps import overlaps
from pthreport.checkpoint.source import Source, Stretch, open_file
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.torch_view import TorchView, torch_view
from pthreport.checkpoint.uncollected import uncollected
from pthreport.checkpoint.values import Global, LongBytes, Record, Value
from pthreport.checkpoint.walk import walk
from pthreport.document.nearest import nearest
from pthreport.document.numbers import plural
from pthreport.document.report import FileFacts


class Tensors(Mapping[str, Tensor]):
    """The tensors of a checkpoint by their path, in the file's order."""

    def __init__(self, by_path: dict[str, Tensor]) -> None:
        self._by_path = by_path

    def __getitem__(self, path: str) -> Tensor:
        found = self._by_path.get(path)
        if found is None:
            raise KeyError(f"no tensor {path!r}{nearest(path, list(self._by_path))}")
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_path)

    def __len__(self) -> int:
        return len(self._by_path)


class Checkpoint:
    """An open checkpoint: what it holds, what it would import, what is wrong with it.

    `container` is CONTRACT.md's word, `format` facts about it in words, `tree` the whole object,
    `tensors` its tensors by path. A context manager; tensors can be read until it is closed.
    """

    def __init__(self, reading: Reading, opened: Source | Folder) -> None:
        self._reading = reading
        self._source = opened
        self._digest: str | None = None
        self._scratch = reading.file.scratch
        self._verify = reading.result.verify
        self.limits: Limits = reading.file.limits
        self.path: Path = reading.file.path
        self.name: str = reading.file.path.name
        self.size: int = opened.length
        self.container: str = reading.result.container
        self.format: dict[str, str] = reading.result.format
        self.tree: Value = reading.result.tree
        self.tensors: Mapping[str, Tensor] = Tensors(_place(reading))
        self.problems: list[Problem] = summed(reading.result.problems)
        self.imports: list[ImportUse]
        self.imports_left_out: int
        self.imports, self.imports_left_out = reading.result.imports.listing(reading.file.limits.imports)

    @property
    def complete(self) -> bool:
        """Whether everything in the file could be read, as far as opening it tells."""
        return not any(problem.partial for problem in self.problems)

    def sha256(self) -> str:
        """The SHA-256 of the file's bytes, in hexadecimal digits; streamed. Raises `ReadError`.

        Of a checkpoint of several files, that of the list of their digests, as
        `(cd FOLDER && sha256sum FILES | sha256sum)` gives it with the names in order.
        """
        self._digest = self._source.sha256()
        return self._digest

    @property
    def files(self) -> list[FileFacts]:
        """The files that were read: name, size, and SHA-256 once `sha256` has been called."""
        if isinstance(self._source, Folder):
            return self._source.files()
        return [FileFacts(name=self.name, size=self.size, sha256=self._digest)]

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, or the index of one."""
        return isinstance(self._source, Folder)

    def verify(self) -> list[Problem]:
        """What only reading every byte shows: checksums that the container itself carries.

        Streamed, and safe to call while tensors are read; a container without checksums gives an
        empty list.
        """
        return self._verify()

    @cached_property
    def torch_view(self) -> TorchView | None:
        """Whether `torch.load(weights_only=True)` would take the file, and what it would stop at;
        None for what is no file of torch's. Asked for first while the checkpoint is open."""
        return None if isinstance(self._source, Folder) else torch_view(self._reading)

    def close(self) -> None:
        """Close the file; tensors can no longer be read."""
        self._source.close()
        self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _place(reading: Reading) -> dict[str, Tensor]:
    """Walk the tree once: give tensors their paths, imports their places, and note what is cut."""
    tensors: dict[str, Tensor] = {}
    for visit in walk(reading.result.tree, reading.file.limits):
        value = visit.value
        if isinstance(value, Tensor):
            if visit.repeat_of is None:
                value.path = visit.path
                value.problem = value.check()
                tensors[visit.path] = value
                if value.problem is not None and not value.absent:
                    unnoticed = value.storage is not None and value.storage.unnoticed
                    damaged = value.dtype.unreadable is None and not unnoticed
                    reading.problem(
                        value.problem,
                        "damaged" if damaged else "partial",
                        offset=_begins(reading, value),
                        where=visit.path,
                        kind=value.fault(),
                    )
        elif isinstance(value, Global | Record):
            reading.result.imports.place(value.module, value.name, visit.path)
        elif isinstance(value, bytes | LongBytes):
            nested.probe(reading, value, visit.path)
        if visit.cut:
            limits = reading.file.limits
            text = f"{plural(visit.cut, 'value')} below are not shown ({met('depth', limits.depth)})"
            if visit.key_text == "…":
                text = f"what follows is not shown ({met('nodes', limits.nodes)})"
            reading.problem(text, "partial", where=visit.path, kind="limit")
    for one in overlaps(tensors.values()):
        more = f"; the storage has {one.pairs:,} such pairs" if one.pairs > 1 else ""
        reading.problem(
            f"its values overlap those of {short(one.second.path)} in one storage, at other bounds{more}",
            offset=_begins(reading, one.first),
            where=one.first.path,
            kind="overlap",
        )
    return tensors


def _begins(reading: Reading, tensor: Tensor) -> int | None:
    """The byte of the file at which a tensor's storage begins, where it is in the file itself."""
    data = None if tensor.storage is None else tensor.storage.data
    if isinstance(data, MemberData):
        return data.offset
    return data.start if isinstance(data, Stretch) and data.data is reading.file.source else None


def _open(place: Path) -> Source | Folder:
    """The file, or the folder that is meant by it; raises `CheckpointError`."""
    folder = open_folder(place, None)
    if folder is not None:
        return folder
    source = open_file(place)
    try:
        folder = open_folder(place, source)
    except ReadError as error:
        source.close()
        raise CheckpointError(str(error), place) from error
    except BaseException:
        source.close()
        raise
    if folder is None:
        return source
    source.close()
    return folder


@uncollected()
def open_checkpoint(path: str | os.PathLike[str], limits: Limits | None = None) -> Checkpoint:
    """Open a checkpoint without running anything in it.

    Raises `CheckpointError` where nothing can be read: its message says what the file is and what to
    do. Damage that leaves something to read is in `Checkpoint.problems` instead.
    """
    place = Path(path)
    limits = limits or Limits()
    opened = _open(place)
    source = opened if isinstance(opened, Source) else Source(-1, 0)
    reading = Reading(InputFile.outermost(place, source, limits, nested.read_nested))
    try:
        if isinstance(opened, Folder):
            read_folder(reading, opened)
        else:
            table.read(reading)
        if (
            not reading.result.worth_keeping()
            and reading.result.problems
            and any(one.partial for one in reading.result.problems)
        ):
            first = next(one for one in reading.result.problems if one.partial)
            raise FormatError(first.text, first.offset)
        return Checkpoint(reading, opened)
    except (FormatError, ReadError) as reason:
        opened.close()
        reading.file.scratch.close()
        offset = reason.offset if isinstance(reason, FormatError) else None
        where = f" (at byte {offset:,})" if offset else ""
        raise CheckpointError(one_line(f"{reason}{where}"), place, offset) from reason
    except BaseException:
        opened.close()
        reading.file.scratch.close()
        raise
