"""Torch archives written header by header, so that any field of any header can lie."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.hostile.pickled import P2, STOP, mapping, tensor

VALUES = struct.pack("<4f", 1.0, -2.0, 0.5, 4.0)
GOOD = P2 + mapping(w=tensor()) + STOP
"""A state dict of one tensor of four values."""


@dataclass(frozen=True)
class Entry:
    """A member, and what its headers say where that is not the truth."""

    name: str
    content: bytes
    method: int = 0
    packed: bytes | None = None
    crc: int | None = None
    size: int | None = None
    local_name: str | None = None
    local_flags: int = 0
    flags: int = 0
    mode: int = 0

    @property
    def stored(self) -> bytes:
        """The bytes in the file."""
        return self.content if self.packed is None else self.packed


def entries(pickle: bytes = GOOD, **more: bytes) -> list[Entry]:
    """The members of a torch archive with one storage; `more` adds to them or replaces them."""
    members = {"data.pkl": pickle, "byteorder": b"little", "data/0": VALUES, "version": b"3\n"}
    return [Entry(f"archive/{name}", content) for name, content in {**members, **more}.items()]


def changed(members: Sequence[Entry], name: str, **fields: object) -> list[Entry]:
    """The members, with fields of the one called `name` changed."""
    return [replace(one, **fields) if one.name == name else one for one in members]  # type: ignore[arg-type]


def archive(
    members: Sequence[Entry],
    *,
    count: int | None = None,
    directory: int | None = None,
    comment: bytes = b"",
) -> bytes:
    """The file; `count` and `directory` are what the end record says of the number of members and the
    place of the directory."""
    body, central = b"", b""
    for one in members:
        name, local = one.name.encode(), (one.local_name or one.name).encode()
        crc = zlib.crc32(one.content) if one.crc is None else one.crc
        size = len(one.content) if one.size is None else one.size
        sizes = struct.pack("<III", crc, len(one.stored), size)
        central += (
            struct.pack("<4sHHHHHH", b"PK\x01\x02", 0x0314, 20, one.flags, one.method, 0, 0)
            + sizes
            + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, one.mode << 16, len(body))
            + name
        )
        body += (
            struct.pack("<4sHHHHH", b"PK\x03\x04", 20, one.local_flags, one.method, 0, 0)
            + sizes
            + struct.pack("<HH", len(local), 0)
            + local
            + one.stored
        )
    number = len(members) if count is None else count
    place = len(body) if directory is None else directory
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, number, number, len(central), place, len(comment))
    return body + central + end + comment


def torch_file(pickle: bytes = GOOD, **more: bytes) -> bytes:
    """An archive as torch writes it, with this pickle."""
    return archive(entries(pickle, **more))
