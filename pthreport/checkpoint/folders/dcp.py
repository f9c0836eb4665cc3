"""torch.distributed.checkpoint: `.metadata` says which chunk of which tensor is where in the files
`__{rank}_{n}.distcp` (https://pytorch.org/docs/stable/distributed.checkpoint.html).

Each chunk is a torch file (or a safetensors one) at an offset of its `.distcp` file; it is read by the
same readers as a file by itself."""

from collections.abc import Hashable
from typing import Any

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.folders.chunks import Chunk, assemble_chunks
from pthreport.checkpoint.folders.dcp_metadata import (
    DcpMetadata,
    ItemKey,
    Stored,
    TensorEntry,
    item_key,
    understand,
)
from pthreport.checkpoint.folders.folder import Folder, short
from pthreport.checkpoint.folders.part import read_file, read_source
from pthreport.checkpoint.source import Source, Stretch, Window
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

METADATA = (".metadata", "metadata")
"""The metadata's name, and Megatron's for it."""

ENDING = ".distcp"


def recognise(folder: Folder) -> str | None:
    """The name of the metadata, where the folder is such a checkpoint."""
    for name in METADATA:
        if name in folder.names:
            try:
                head, _ = folder.peek(name)
            except (FormatError, ReadError):
                head = b""
            if head[:1] == b"\x80":
                return name
    if any(name.endswith(ENDING) for name in folder.names):
        return METADATA[0]
    return None


def read(reading: Reading, folder: Folder, name: str) -> None:
    """Read the metadata, then every chunk's own header; raises `FormatError`."""
    reading.result.container = "dcp"
    if name not in folder.names:
        raise FormatError(
            f"a torch.distributed.checkpoint folder without its {name}: saving it was not finished"
        )
    source = folder.open(name)
    outcome = reading.unpickle(Stretch(source, 0, source.length), where=name)
    try:
        metadata = understand(outcome.value, reading.file.limits)
    except FormatError as error:
        if not len(reading.result.imports):
            raise
        reading.problem(f"{name}: {error.text}", "partial", where=name, kind=error.kind)
        reading.result.tree = {name: outcome.value}  # what it would import is to be seen
        return
    reading.result.format["pickle protocol of the metadata"] = str(outcome.protocol)
    if metadata.version is not None:
        reading.result.format["version"] = metadata.version[:40]
    items = _Items(reading, folder, metadata)
    tree: dict[Any, Value] = {}
    for fqn, entry in metadata.entries.items():
        _place(tree, metadata.paths.get(fqn, (fqn,)), fqn, _value(reading, items, fqn, entry))
    reading.result.tree = _with_lists(tree)
    reading.result.format["items"] = f"{len(metadata.entries):,}"
    reading.result.format["chunks"] = f"{len(items.found):,}"
    if "common.pt" in folder.names:  # Megatron: what is the same on all ranks
        part = read_file(reading, folder, "common.pt")
        if (
            part is not None
            and isinstance(reading.result.tree, dict)
            and "common" not in reading.result.tree
        ):
            reading.result.tree["common"] = part.result.tree


def _value(reading: Reading, items: "_Items", fqn: str, entry: TensorEntry | str | None) -> Value:
    if isinstance(entry, str):
        reading.problem(f"{short(fqn)}: {entry}", "partial", where=fqn)
        return None
    if entry is None:
        return items.item(fqn, None)
    chunks: list[Chunk] = []
    for offsets, sizes in entry.chunks:
        if 0 in sizes:
            continue  # a rank with nothing of it
        found = items.item(fqn, offsets)
        if isinstance(found, dict) and len(found) == 1:  # a safetensors file of one tensor
            found = next(iter(found.values()))
        if not isinstance(found, Tensor):
            why = "is missing or unread" if found is None else "holds no tensor"
            return _unread(entry, f"its chunk at {offsets} {why}", fqn)
        if found.shape != sizes:
            return _unread(entry, f"its chunk at {offsets} has other sizes than the metadata says", fqn)
        chunks.append(Chunk(offsets, found))
    only = chunks[0].values if len(chunks) == 1 else None
    if only is not None and only.shape == entry.shape and only.dtype.name == entry.dtype.name:
        return only
    return assemble_chunks(entry.shape, entry.dtype, chunks, (fqn, "assembled"))


def _unread(entry: TensorEntry, why: str, fqn: str) -> Tensor:
    made = assemble_chunks(entry.shape, entry.dtype, [], (fqn, "assembled"))
    made.problem = why
    return made


class _Items:
    """The items in the `.distcp` files, each read once.

    No two may overlap: so what there is to read is bounded by the files.
    """

    def __init__(self, reading: Reading, folder: Folder, metadata: DcpMetadata) -> None:
        self._reading = reading
        self._folder = folder
        self.stored = metadata.stored
        self.found: dict[ItemKey, Value] = {}
        self._files: dict[str, Source | None] = {}
        overlapping = 0
        end, before = 0, None
        for key, place in sorted(
            metadata.stored.items(), key=lambda one: (str(one[1].file), one[1].start, one[1].length)
        ):
            if place.file == before and place.start < end:
                overlapping += 1
                continue
            end = (
                max(end, place.start + place.length) if place.file == before else place.start + place.length
            )
            before = place.file
            self.found[key] = self._read(place)
        if overlapping:
            reading.problem(
                f"{plural(overlapping, 'item')} overlap others in their file and are not read",
                "partial",
                kind="overlap",
            )

    def item(self, fqn: str, offsets: tuple[int, ...] | None) -> Value:
        """The tree of an item, None where there is none."""
        key = item_key(fqn, offsets)
        if key not in self.stored:
            self._reading.problem(
                f"the metadata gives {short(fqn)} no place", "partial", where=fqn, kind="missing-storage"
            )
        return self.found.get(key)

    def _read(self, place: Stored) -> Value:
        fqn = place.name
        if not isinstance(place.file, str):
            self._reading.problem(f"the file of {short(fqn)} is no text", "partial", where=fqn)
            return None
        if place.file not in self._files:
            self._files[place.file] = None
            try:
                self._files[place.file] = self._folder.open(place.file)
            except FormatError as error:
                self._reading.problem(error.text, "partial", where=fqn, kind=error.kind)
        source = self._files[place.file]
        if source is None:
            return None
        if place.transforms:
            text = f"{short(fqn)} is compressed or encrypted by an extension, which is not read"
            self._reading.problem(text, "partial", offset=place.start, where=place.file, kind="unsupported")
            return None
        if place.start + place.length > source.length:
            text = f"{short(fqn)} ends beyond the end of {short(place.file)}: the file is cut short"
            self._reading.problem(text, "partial", offset=place.start, where=place.file, kind="truncated")
            return None
        window = Window(source, place.start, place.length)
        part = read_source(self._reading, window, place.file, place.start)
        return None if part is None else part.result.tree


def _place(tree: dict[Any, Value], path: tuple[Hashable, ...], fqn: str, value: Value) -> None:
    """Put a value at its path; under its flat name where the path leads through another value."""
    node = tree
    for key in path[:-1]:
        below = node.setdefault(key, _Node())
        if not isinstance(below, _Node):
            tree.setdefault(fqn, value)
            return
        node = below
    if path[-1] in node:
        tree.setdefault(fqn, value)
    else:
        node[path[-1]] = value


class _Node(dict[Any, Value]):
    """A container of the saved object, as its paths give it."""


def _with_lists(node: dict[Any, Value]) -> Value:
    """The same with plain containers: what is numbered from 0 on was a list."""
    inner = {key: _with_lists(value) if isinstance(value, _Node) else value for key, value in node.items()}
    numbered = isinstance(node, _Node) and all(type(key) is int for key in inner)
    if inner and numbered and sorted(inner) == list(range(len(inner))):
        return [inner[number] for number in range(len(inner))]
    return inner
