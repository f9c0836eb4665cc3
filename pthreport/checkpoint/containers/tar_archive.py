"""The members of a tar archive, found by their headers: nothing is unpacked, no link is followed.

POSIX.1-2001 pax interchange format, with the numbers and long names of GNU tar
(https://www.gnu.org/software/tar/manual/html_node/Standard.html).
"""

import re
from dataclasses import dataclass

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.geometry import LARGEST
from pthreport.checkpoint.source import Stretch
from pthreport.document.numbers import plural
from pthreport.document.report import ProblemKind

BLOCK = 512
"""Bytes of a header, and what a member's bytes are padded to."""

MOST = 10_000
"""Members that are looked at: torch writes four."""

EXTENDED_BYTES = 64 * 1024
"""Bytes of an extended header (attributes, a long name) that are read at most."""

_PLAIN = (b"0", b"\0", b"7")
_EXTENDED, _GLOBAL, _LONG_NAME, _LONG_LINK = b"x", b"g", b"L", b"K"
_KINDS = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"5": "a folder",
    b"6": "a pipe",
    b"S": "a sparse file",
}
_OCTAL = re.compile(rb"[ \0]*([0-7]{0,12})[ \0]*")
_RECORD = re.compile(rb"(\d{1,6}) ([^=\n]{1,200})=")


@dataclass(frozen=True, slots=True)
class TarMember:
    """A member: `kind` is what it is in words where it is no plain file, `size` what its header says,
    `data` the bytes that are there."""

    name: str
    header: int
    kind: str | None
    size: int
    data: Stretch


def recognise(head: bytes, size: int) -> bool:
    """Whether a file that begins so is a tar archive."""
    return head[257:262] == b"ustar" or _checksum_fits(head[:BLOCK])


def _checksum_fits(header: bytes) -> bool:
    if len(header) < BLOCK or not any(header):
        return False
    found = _OCTAL.fullmatch(header[148:156])
    blank = header[:148] + b" " * 8 + header[156:]
    unsigned = sum(blank)
    signed = unsigned - 256 * sum(byte >= 128 for byte in blank)  # as some old writers took it
    return found is not None and int(found[1] or b"0", 8) in (unsigned, signed)


def _number(field: bytes) -> int | None:
    """A number in octal digits or, as GNU tar writes large ones, in binary; None where it is none."""
    if field[:1] == b"\x80":
        value = int.from_bytes(field[1:], "big")
        return value if value <= LARGEST else None
    found = _OCTAL.fullmatch(field)
    return None if found is None else int(found[1] or b"0", 8)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def _attributes(content: bytes) -> dict[bytes, bytes]:
    """The records "LENGTH KEY=VALUE\\n" of an extended header, up to the first that is none."""
    found: dict[bytes, bytes] = {}
    at = 0
    while (match := _RECORD.match(content, at)) is not None:
        end = at + int(match[1])
        if end <= match.end() or content[end - 1 : end] != b"\n":
            break
        found[match[2]] = content[match.end() : end - 1]
        at = end
    return found


class _Headers:
    """Reads one header after the other; what is wrong becomes a problem and ends the reading."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.at = 0
        self._attributes: dict[bytes, bytes] = {}
        self._everywhere: dict[bytes, bytes] = {}

    def next(self) -> TarMember | None:
        """The next member, None behind the last."""
        source = self.reading.file.source
        while True:
            start, header = self.at, source.read(self.at, BLOCK)
            if len(header) < BLOCK:
                self._damage("the tar archive breaks off where a header should be", start, "truncated")
                return None
            if not any(header):
                return None
            size = _number(header[124:136])
            if not _checksum_fits(header) or size is None:
                self._damage(
                    "a tar header whose checksum or size is wrong: what follows is not read", start
                )
                return None
            kind = header[156:157]
            if kind not in (_EXTENDED, _GLOBAL, _LONG_NAME, _LONG_LINK):
                return self._member(header, kind, size)
            content = source.read(start + BLOCK, min(size, EXTENDED_BYTES))
            if len(content) < size:
                self._damage("an extended tar header that is cut short, or too long to be read", start)
                return None
            self.at = start + BLOCK + -(-size // BLOCK) * BLOCK
            if kind == _EXTENDED:
                self._attributes |= _attributes(content)
            elif kind == _GLOBAL:
                self._everywhere |= _attributes(content)
            elif kind == _LONG_NAME:
                self._attributes[b"path"] = content.partition(b"\0")[0]

    def _member(self, header: bytes, kind: bytes, size: int) -> TarMember | None:
        start = self.at
        attributes = {**self._everywhere, **self._attributes}
        self._attributes = {}
        prefix, name = _text(header[345:500]), _text(header[:100])
        if header[257:263] == b"ustar\0" and prefix:
            name = f"{prefix}/{name}"
        if b"path" in attributes:
            name = attributes[b"path"].decode("utf-8", "backslashreplace")
        if b"size" in attributes:
            if not attributes[b"size"].isdigit() or len(attributes[b"size"]) > 18:
                self._damage("a tar member whose size is no number", start)
                return None
            size = int(attributes[b"size"])
        words = None if kind in _PLAIN else _KINDS.get(kind, f"an entry of the unknown type {kind!r}")
        if any(key.startswith(b"GNU.sparse.") for key in attributes):
            words = _KINDS[b"S"]
        if words is not None and kind != b"S":
            size = 0  # as Python's tarfile, which torch uses: no bytes belong to it
        begin = start + BLOCK
        left = max(0, self.reading.file.source.length - begin)
        if size > left:
            self.reading.problem(
                f"it is cut short: {left:,} of {plural(size, 'byte')} are there",
                "partial",
                offset=start,
                where=name,
                kind="truncated",
            )
        self.at = begin + -(-size // BLOCK) * BLOCK
        return TarMember(
            name, start, words, size, Stretch(self.reading.file.source, begin, min(size, left))
        )

    def _damage(self, text: str, offset: int, kind: ProblemKind = "malformed") -> None:
        at = min(offset, self.reading.file.source.length)
        self.reading.problem(text, "partial", offset=at, kind=kind)


def read_members(reading: Reading) -> tuple[list[TarMember], int]:
    """Every member in order, and the position behind the last one; raises `FormatError` where not even
    the first header is one."""
    headers = _Headers(reading)
    members: list[TarMember] = []
    while headers.at < reading.file.source.length:
        member = headers.next()
        if member is None:
            break
        members.append(member)
        if len(members) > MOST:
            raise FormatError(
                f"a tar archive of more than {MOST:,} members: unpack it first", member.header
            )
    if not members:
        raise FormatError("a tar archive whose first header is damaged", 0)
    return members, headers.at
