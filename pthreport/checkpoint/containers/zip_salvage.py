"""A zip without its directory, which a broken-off download leaves: its members by their local headers.

torch writes neither sizes nor CRC into a local header but into a descriptor behind the payload
(PKWARE APPNOTE 4.3.9): the one whose size is the distance to it ends the member.
"""

import struct
from dataclasses import dataclass

from pthreport.checkpoint.containers.zip_directory import CENTRAL, LOCAL, Directory, Member
from pthreport.checkpoint.limits import Limits
from pthreport.checkpoint.source import Source

DESCRIPTOR = b"PK\x07\x08"
UNKNOWN_CRC = -1
_LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
_WINDOW = 4 * 1024 * 1024
_LARGE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Descriptor:
    """CRC and sizes that follow a payload, and where the next record begins."""

    crc: int
    packed: int
    size: int
    next: int


def salvage(source: Source, limits: Limits) -> Directory | None:
    """The members from the beginning of the file up to where it is broken; None where there is none."""
    entries: list[Member] = []
    at = 0
    while len(entries) < limits.members:
        head = source.read(at, _LOCAL_HEADER.size)
        if len(head) < _LOCAL_HEADER.size or head[:4] != LOCAL:
            break
        _, _version, flags, method, _time, _date, crc, packed, size, name_size, extra_size = (
            _LOCAL_HEADER.unpack(head)
        )
        name = source.read(at + len(head), name_size).decode("utf-8", "backslashreplace")
        begin = at + len(head) + name_size + extra_size
        found = None
        if flags & 8:
            found = _find_descriptor(source, begin)
        elif _LARGE not in (packed, size) and begin + packed <= source.length:
            found = _Descriptor(crc, packed, size, begin + packed)
        if found is None:
            there = max(0, source.length - begin)
            entries.append(Member(name, flags, method, UNKNOWN_CRC, there, there, at))
            at = source.length
            break
        entries.append(Member(name, flags, method, found.crc, found.packed, found.size, at))
        at = found.next
    return Directory(entries, 0, 0, at, source.length) if entries else None


def _find_descriptor(source: Source, begin: int) -> _Descriptor | None:
    """The descriptor of the payload that begins at `begin`."""
    for start in range(begin, source.length, _WINDOW):
        window = source.read(start, _WINDOW + 32)
        at = window.find(DESCRIPTOR)
        while 0 <= at < _WINDOW:
            found = _descriptor(window[at : at + 32], start + at - begin, start + at)
            if found is not None:
                return found
            at = window.find(DESCRIPTOR, at + 1)
    return None


def _descriptor(record: bytes, distance: int, place: int) -> _Descriptor | None:
    """The record as a descriptor of a payload of `distance` bytes, in its wide or its narrow form."""
    for form, length in (("<4xIQQ", 24), ("<4xIII", 16)):
        if len(record) < length:
            continue
        crc, packed, size = struct.unpack_from(form, record)
        after = record[length : length + 4]
        if packed == distance and after in (LOCAL[: len(after)], CENTRAL[: len(after)]):
            return _Descriptor(crc, packed, size, place + length)
    return None
