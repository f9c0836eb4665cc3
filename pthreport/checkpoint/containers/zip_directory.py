"""The directory of a zip file (PKWARE APPNOTE 6.3), read by ourselves.

Python's `zipfile` refuses what torch's reader accepts and opens what that one rejects; so the facts
are read as they are and reported. The members' local headers are not read for it.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from pthreport.checkpoint.errors import FormatError, Problem
from pthreport.checkpoint.limits import Limits, met
from pthreport.checkpoint.source import Source
from pthreport.document.numbers import plural

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
LOCATOR64, END64 = b"PK\x06\x07", b"PK\x06\x06"
STORED, DEFLATED = 0, 8
METHODS = {1: "shrunk", 6: "imploded", 9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "zstandard", 95: "XZ"}

LONGEST_COMMENT = 65_535
"""Bytes of the longest comment; torch's reader (miniz) finds the end record up to so many bytes before the end."""

END_REACH = 22 + LONGEST_COMMENT
"""Bytes at a file's end in which its end record is: the record itself and the longest comment."""

_ENTRY = struct.Struct("<4s4xHH4xIIIHHHHHII")
_ENTRY_SIZE = 46
_END_RECORD = struct.Struct("<4sHHHHIIH")
_END64_RECORD = struct.Struct("<4sQHHIIQQQQ")
_CANDIDATES = 16
_LARGE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One entry of the directory. `header` is the file offset of its local header, `packed` and
    `size` its bytes in the file and unpacked, `mode` its Unix file mode."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    header: int
    mode: int = 0

    @property
    def encrypted(self) -> bool:
        """Whether the directory says that the member needs a password."""
        return bool(self.flags & 1)


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """`entries` in the directory's order. `prefix` is the number of bytes before the archive,
    `trailing` those behind it, `start` and `end` where the directory lies and the archive ends."""

    entries: list[Member]
    prefix: int
    trailing: int
    start: int
    end: int


def read_directory(source: Source, limits: Limits, note: Callable[[Problem], None]) -> Directory:
    """Find and read the directory; raises `FormatError` where there is none that can be used."""
    reach = min(source.length, limits.trailing_bytes)
    tail_start = source.length - reach
    tail = source.read(tail_start, reach)
    at, error = (
        len(tail),
        FormatError("no end record: the file is cut short or no zip", source.length, kind="truncated"),
    )
    for _ in range(_CANDIDATES):
        at = tail.rfind(END, 0, at)
        if at < 0:
            break
        try:
            return _from_end(source, limits, tail_start + at, note)
        except FormatError as reason:
            error = reason
    raise error


def _from_end(source: Source, limits: Limits, at: int, note: Callable[[Problem], None]) -> Directory:
    record = source.read(at, _END_RECORD.size)
    if len(record) < _END_RECORD.size:
        raise FormatError("the end record is cut short", at)
    _, _disk, _start_disk, _here, count, size, offset, comment = _END_RECORD.unpack(record)
    end, before = at + _END_RECORD.size + comment, at
    wide = _zip64(source, at)
    if wide is not None:
        before = wide[3]  # torch writes the ZIP64 records in every file
        if _LARGE in (size, offset) or count == 0xFFFF:
            count, size, offset = wide[:3]
    prefix = before - size - offset
    start = offset + prefix
    if prefix < 0 or size > before or (count and source.read(start, 4) != CENTRAL):
        start, prefix = offset, 0
        if not count or source.read(start, 4) != CENTRAL or start + _ENTRY_SIZE > before:
            raise FormatError("the directory is not where the end record says", at)
        note(
            Problem(
                "the end record gives the directory a wrong place or size", "refused", offset=at, kind="odd"
            )
        )
        size = before - start
    if prefix:
        what = "another archive of " if source.read(0, 4) == LOCAL else ""
        note(
            Problem(
                f"{what}{plural(prefix, 'byte')} before the archive",
                "refused",
                offset=0,
                kind="trailing",
            )
        )
    trailing = max(0, source.length - end)
    if trailing:
        refused = trailing + comment > LONGEST_COMMENT
        note(
            Problem(
                f"{plural(trailing, 'byte')} after the archive",
                "refused" if refused else "noted",
                offset=end,
                kind="trailing",
            )
        )
    if comment:
        note(
            Problem(
                f"a comment of {plural(comment, 'byte')} at the archive's end",
                offset=at,
                kind="trailing",
            )
        )
    if size > limits.directory_bytes:
        which = met("directory_bytes", limits.directory_bytes)
        raise FormatError(f"a directory of {size:,} bytes ({which})", start, kind="limit")
    entries = _entries(source.read(start, size), start, prefix, limits, note)
    if count != len(entries) and not (count == 0xFFFF and len(entries) > 0xFFFF):
        note(
            Problem(
                f"the end record counts {plural(count, 'member')}, the directory has {len(entries):,}",
                "refused",
                offset=at,
                kind="odd",
            )
        )
    return Directory(entries, prefix, trailing, start, end)


def _zip64(source: Source, at: int) -> tuple[int, int, int, int] | None:
    """Count, size and offset of the directory from the ZIP64 records, and where they begin."""
    locator = source.read(max(0, at - 20), 20)
    if locator[:4] != LOCATOR64 or len(locator) < 20:
        return None
    given = int.from_bytes(locator[8:16], "little")
    # The one right before the locator first: the given offset leads into another archive, if one
    # precedes this.
    for place in (at - 20 - _END64_RECORD.size, given):
        record = source.read(place, _END64_RECORD.size) if 0 <= place < at else b""
        if record[:4] == END64 and len(record) == _END64_RECORD.size:
            fields = _END64_RECORD.unpack(record)
            return fields[7], fields[8], fields[9], place
    return None


def _entries(
    data: bytes, start: int, prefix: int, limits: Limits, note: Callable[[Problem], None]
) -> list[Member]:
    entries: list[Member] = []
    at = 0
    while at + _ENTRY_SIZE <= len(data):
        (signature, flags, method, crc, packed, size, name_size, extra_size, comment_size, _disk, _inner,
         outer, header) = _ENTRY.unpack_from(data, at)  # fmt: skip
        if signature != CENTRAL:
            break
        if len(entries) >= limits.members:
            text = f"more than {limits.members:,} members ({met('members', limits.members)})"
            note(Problem(text, "partial", offset=start + at, kind="limit"))
            return entries
        name_end = at + _ENTRY_SIZE + name_size
        name = data[at + _ENTRY_SIZE : name_end].decode("utf-8", "backslashreplace")
        if _LARGE in (packed, size, header):
            extra = data[name_end : name_end + extra_size]
            size, packed, header = _wide(extra, size, packed, header)
        entries.append(Member(name, flags, method, crc, packed, size, header + prefix, outer >> 16))
        at = name_end + extra_size + comment_size
    if at != len(data):
        note(
            Problem(
                f"the directory breaks off after {plural(len(entries), 'member')}",
                "partial",
                offset=start + min(at, len(data)),
                kind="truncated",
            )
        )
    return entries


def _wide(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """The sizes and the offset, those that are in the ZIP64 extra field taken from there."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + length]
        if kind == 1:
            numbers = [int.from_bytes(field[i : i + 8], "little") for i in range(0, len(field) - 7, 8)]
            found = [
                numbers.pop(0) if value == _LARGE and numbers else value for value in (size, packed, header)
            ]
            return found[0], found[1], found[2]
        at += 4 + length
    return size, packed, header
