"""GGUF, the file of llama.cpp (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): a header of
typed keys and values, the tensors' names, sizes, types and offsets, and their bytes, aligned.

The header is parsed here, out of bytes; the `gguf` package would map the file. It is only asked to
turn quantised blocks into numbers (`gguf_blocks`).
"""

import math
from importlib.util import find_spec
from typing import Any

from pthreport.checkpoint.containers.gguf_blocks import INSTALL, TYPES, Blocks, element_type
from pthreport.checkpoint.containers.gguf_header import Cursor, keys_and_values
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.dtypes import DType
from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.geometry import LARGEST, addressable, contiguous_strides
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.source import Stretch
from pthreport.checkpoint.storage import ByteOrder, Storage
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

MAGIC = b"GGUF"
METADATA = "__metadata__"
VERSIONS = (2, 3)
ALIGNMENT = 32
"""Bytes to which the tensors' data is aligned where `general.alignment` says nothing."""

LEAST_INFO = 8 + 4 + 4 + 8
"""Bytes that a tensor's entry has at least."""


def recognise(head: bytes, size: int) -> bool:
    """Whether a file with these first bytes is GGUF."""
    return head.startswith(MAGIC)


def read(reading: Reading) -> None:
    """Read the header into a dict of tensors, with its keys and values; the tensors' bytes stay
    in the file. Raises `FormatError` where the header cannot be read."""
    reading.result.container = "gguf"
    cursor = Cursor(reading.file.source, len(MAGIC), reading.file.limits)
    try:
        _read(reading, cursor)
    except ReadError as error:
        raise FormatError(f"GGUF, but {error}", cursor.position) from error


def _read(reading: Reading, cursor: Cursor) -> None:
    version = cursor.integer(4)
    if version & 0xFFFF == 0 and version:  # the writer's byte order is the other one
        cursor.order = "big"
        version = int.from_bytes(version.to_bytes(4, "little"), "big")
    reading.result.format["version"] = str(version)
    reading.result.format["byte order"] = cursor.order
    if version not in VERSIONS:
        raise FormatError(f"GGUF of version {version:,}: versions 2 and 3 are read", len(MAGIC))
    tensors, pairs = cursor.integer(8), cursor.integer(8)
    left = reading.file.source.length - cursor.position
    if tensors > reading.file.limits.tensors or tensors * LEAST_INFO > left:
        raise FormatError(
            f"GGUF that is said to hold {plural(tensors, 'tensor')} in {plural(left, 'byte')} "
            f"({met('tensors', reading.file.limits.tensors)})",
            8,
            kind="limit",
        )
    tree: dict[Any, Value] = {}
    reading.result.tree = tree
    metadata = tree[METADATA] = {}
    try:
        keys_and_values(cursor, pairs, metadata, reading.problem)
        entries = [_entry(cursor, reading) for _ in range(tensors)]
    except (FormatError, ReadError) as error:
        if not metadata:
            raise
        reading.problem(
            f"the header breaks off: {error}", "partial", offset=cursor.position, kind="truncated"
        )
        return
    begin = _aligned(reading, metadata, cursor.position)
    _tensors(reading, tree, entries, begin, cursor.order)
    for key in ("general.architecture", "general.name", "general.file_type"):
        if isinstance(metadata.get(key), str | int):
            reading.result.format[key] = str(metadata[key])[:80]
    reading.result.format["tensors"] = f"{len(entries):,}"


class _Entry:
    """One tensor as the header describes it, its sizes in torch's order (the slowest first)."""

    __slots__ = ("at", "kind", "name", "offset", "shape")

    def __init__(self, name: str, shape: tuple[int, ...], kind: int, offset: int, at: int) -> None:
        self.name = name
        self.shape = shape
        self.kind = kind
        self.offset = offset
        self.at = at


def _entry(cursor: Cursor, reading: Reading) -> _Entry:
    at = cursor.position
    name = cursor.text(reading.file.limits.line_bytes)
    rank = cursor.integer(4)
    if rank > reading.file.limits.rank:
        raise FormatError(
            f"a tensor of {rank:,} dimensions ({met('rank', reading.file.limits.rank)})", at, kind="limit"
        )
    sizes = tuple(cursor.integer(8) for _ in range(rank))
    return _Entry(name, sizes[::-1], cursor.integer(4), cursor.integer(8), at)


def _aligned(reading: Reading, metadata: dict[str, Value], position: int) -> int:
    """Where the tensors' bytes begin."""
    alignment = metadata.get("general.alignment", ALIGNMENT)
    if type(alignment) is not int or alignment <= 0 or alignment % 8:
        reading.problem(
            "general.alignment is no multiple of 8: 32 is taken instead", where="general.alignment"
        )
        alignment = ALIGNMENT
    reading.result.format["alignment"] = f"{alignment:,}"
    return -(-position // alignment) * alignment


def _tensors(
    reading: Reading, tree: dict[Any, Value], entries: list[_Entry], begin: int, order: ByteOrder
) -> None:
    data = Stretch(reading.file.source, begin, max(0, reading.file.source.length - begin))
    ranges: list[tuple[int, int, _Entry]] = []
    quantised = 0
    for entry in entries:
        if entry.name in tree:
            reading.problem(
                "a name that occurs twice in the header: the first one counts",
                "partial",
                offset=entry.at,
                where=entry.name,
                kind="duplicate",
            )
            continue
        try:
            dtype, nbytes = _checked(entry)
        except FormatError as error:
            reading.problem(
                f"no tensor: {error.text}", "partial", offset=entry.at, where=entry.name, kind=error.kind
            )
            continue
        stretch = Stretch(data, entry.offset, max(0, min(nbytes, data.length - entry.offset)))
        numel = math.prod(entry.shape)
        storage = Storage(("data", entry.offset, entry.name), dtype, numel, None, stretch, order)
        if dtype.block is not None and dtype.unreadable is None:
            quantised += 1
            storage.data = Blocks(stretch, dtype.name.rpartition(":")[2], *dtype.block)
            storage.byte_order = "little"
            if order == "big":
                storage.data, storage.problem = None, "blocks written on a big-endian machine are not read"
        tree[entry.name] = Tensor(entry.shape, contiguous_strides(entry.shape), 0, dtype, storage)
        ranges.append((entry.offset, entry.offset + nbytes, entry))
    if quantised and find_spec("gguf") is None:
        reading.problem(
            f"the values of {plural(quantised, 'quantised tensor')} need the package gguf: {INSTALL}",
            "partial",
            kind="unsupported",
        )
    _check_layout(reading, sorted(ranges, key=lambda one: one[:2]), begin)


def _checked(entry: _Entry) -> tuple[DType, int]:
    """The element type and the bytes of a tensor; raises `FormatError` for impossible ones."""
    if not addressable(entry.shape, 8) or entry.offset > LARGEST:
        raise FormatError("its sizes or its offset are more than any memory addresses")
    dtype = element_type(entry.kind)
    numel = math.prod(entry.shape)
    if entry.kind not in TYPES:
        return dtype, 0
    if dtype.block is None:
        return dtype, numel * dtype.itemsize
    elements, nbytes = dtype.block
    if not entry.shape or entry.shape[-1] % elements:
        raise FormatError(f"its rows are no multiple of the {elements} elements of a {dtype.name} block")
    return dtype, numel // elements * nbytes


def _check_layout(reading: Reading, ranges: list[tuple[int, int, _Entry]], begin: int) -> None:
    at = 0
    for start, end, entry in ranges:
        if start < at and end > start:
            reading.problem(
                "its bytes overlap those of another tensor",
                offset=begin + start,
                where=entry.name,
                kind="overlap",
            )
        at = max(at, end)
