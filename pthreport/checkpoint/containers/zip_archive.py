"""The members of a zip file: where their bytes are, inflated once where they are compressed."""

import struct
import threading
import zlib
from dataclasses import dataclass, field

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.zip_directory import (
    DEFLATED,
    LOCAL,
    METHODS,
    STORED,
    Directory,
    Member,
    read_directory,
)
from pthreport.checkpoint.containers.zip_lookup import chosen
from pthreport.checkpoint.containers.zip_salvage import UNKNOWN_CRC, salvage
from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.source import Stretch
from pthreport.document.numbers import plural

_LOCAL_SIZE = 30
_STEP = 1024 * 1024
_SYMLINK = 0o120000


@dataclass(slots=True, eq=False)
class Archive:
    """A zip file's members by name: of several of one name the one that torch takes; the others are
    `hidden`."""

    reading: Reading
    directory: Directory
    members: dict[str, Member]
    hidden: list[Member] = field(default_factory=list)
    unpacked: dict[str, "MemberData"] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def payload(self, member: Member) -> Stretch:
        """A member's bytes as they are in the file; raises `FormatError`."""
        source = self.reading.file.source
        try:
            header = source.read(member.header, _LOCAL_SIZE)
        except ReadError as error:
            raise FormatError(str(error), member.header) from error
        if len(header) < _LOCAL_SIZE or header[:4] != LOCAL:
            raise FormatError("no local header is where the directory says", member.header)
        name, extra = struct.unpack_from("<HH", header, 26)
        begin = member.header + _LOCAL_SIZE + name + extra
        if begin + member.packed > source.length:
            raise FormatError(
                "the member reaches beyond the end of the file", member.header, kind="truncated"
            )
        return Stretch(source, begin, member.packed)

    def data(self, member: Member) -> Stretch:
        """A member's bytes, inflated into the temporary file where it is deflated; raises
        `FormatError`."""
        if member.method == STORED:
            if member.packed != member.size:
                raise FormatError("stored, but with two different sizes", member.header)
            return self.payload(member)
        if member.encrypted:
            raise FormatError(
                "encrypted and compressed: it cannot be read", member.header, kind="unsupported"
            )
        if member.method != DEFLATED:
            words = METHODS.get(member.method, f"method {member.method}")
            self.reading.result.cannot_unpack = True
            raise FormatError(
                f"its compression ({words}) is read neither here nor by torch",
                member.header,
                kind="unsupported",
            )
        self.reading.file.inflation.take(member.size)
        return self._inflate(member, self.payload(member))

    def _inflate(self, member: Member, packed: Stretch) -> Stretch:
        scratch = self.reading.file.scratch
        source, start = scratch.reserve(member.size)
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        written = 0
        try:
            for at in range(0, packed.length, _STEP):
                block = packed.read(at, _STEP)
                while block and not engine.eof and written <= member.size:
                    part = engine.decompress(block, _STEP)
                    block = engine.unconsumed_tail
                    scratch.write(start + written, part[: member.size - written])
                    written += len(part)
            while not engine.eof and written <= member.size:
                part = engine.decompress(engine.unconsumed_tail, _STEP)
                if not part:
                    break
                scratch.write(start + written, part[: member.size - written])
                written += len(part)
        except (zlib.error, ReadError) as error:
            raise FormatError(f"it cannot be inflated: {error}", member.header) from error
        if written != member.size:
            # The one failure of inflating that torch's reader notices is an end before the size is reached.
            self.reading.result.cannot_unpack |= engine.eof and written < member.size
            raise FormatError(
                f"it inflates to {'more than ' if written > member.size else ''}"
                f"{plural(min(written, member.size), 'byte')}, the directory says {member.size:,}",
                member.header,
            )
        return Stretch(source, start, member.size)

    def member_data(self, name: str) -> "MemberData":
        """A member as data that is found and inflated once, whoever asks."""
        with self.lock:
            found = self.unpacked.get(name)
            if found is None:
                found = self.unpacked[name] = MemberData(self, self.members[name])
            return found

    def content(self, member: Member, limit: int) -> bytes:
        """A whole member of at most `limit` bytes, its CRC compared; raises `FormatError`."""
        if member.size > limit:
            raise FormatError(
                f"{plural(member.size, 'byte')}, of which at most {limit:,} are read", kind="limit"
            )
        try:
            found = self.data(member).read(0, member.size)
        except ReadError as error:
            raise FormatError(str(error), member.header) from error
        self.compare(member, zlib.crc32(found))
        return found

    def compare(self, member: Member, crc: int) -> None:
        """Note a CRC that is not the directory's."""
        if member.crc not in (crc, UNKNOWN_CRC):
            self.reading.problem(
                f"its CRC-32 is {crc:08x}, the directory says {member.crc:08x}: its bytes were changed",
                offset=member.header,
                where=member.name,
                kind="checksum",
            )

    def crc(self, data: Stretch) -> int:
        """The CRC-32 of a member's bytes, streamed; raises `ReadError`."""
        found = 0
        for at in range(0, data.length, 4 * _STEP):
            found = zlib.crc32(data.read(at, 4 * _STEP), found)
        return found


class MemberData:
    """A member as data to read from: found, and inflated, when it is first asked for."""

    __slots__ = ("_archive", "_data", "_lock", "_member", "length")

    def __init__(self, archive: Archive, member: Member) -> None:
        self._archive = archive
        self._member = member
        self._data: Stretch | None = None
        self._lock = threading.Lock()
        self.length = member.size

    @property
    def offset(self) -> int:
        """The byte of the file at which the member's header begins."""
        return self._member.header

    def stretch(self) -> Stretch:
        """Where the bytes are; raises `ReadError`."""
        data = self._data
        if data is None:
            with self._lock:
                if self._data is None:
                    try:
                        self._data = self._archive.data(self._member)
                    except FormatError as error:
                        raise ReadError(f"{self._member.name}: {error.text}") from error
                data = self._data
        return data

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer`; raises `ReadError`."""
        (self._data or self.stretch()).read_into(buffer, start)


def open_archive(reading: Reading) -> Archive:
    """Read the directory and note what is odd about its entries; raises `FormatError`."""
    directory = _directory(reading)
    members, hidden = chosen(directory.entries)
    for entry in directory.entries:
        _judge(reading, entry)
    for entry in hidden:
        reading.problem(
            "a name that occurs more than once in the archive, where torch reads another one, and other readers "
            "this one",
            offset=entry.header,
            where=entry.name,
            kind="duplicate",
        )
    _check_places(reading, directory)
    return Archive(reading, directory, members, hidden)


def _directory(reading: Reading) -> Directory:
    try:
        return read_directory(reading.file.source, reading.file.limits, reading.result.problems.append)
    except FormatError as error:
        found = salvage(reading.file.source, reading.file.limits)
        if found is None:
            raise
        reading.problem(
            f"the zip's directory cannot be read ({error.text}): {plural(len(found.entries), 'member')} "
            "found by their own headers",
            "damaged",
            offset=error.offset,
            kind="truncated",
        )
        return found


def _judge(reading: Reading, entry: Member) -> None:
    parts = entry.name.replace("\\", "/").split("/")
    if ".." in parts or entry.name.startswith(("/", "\\")) or "\0" in entry.name:
        reading.problem(
            "a name that would leave the folder it is unpacked to",
            offset=entry.header,
            where=entry.name,
            kind="odd",
        )
    if entry.mode & 0o170000 == _SYMLINK:
        reading.problem("a symbolic link: not followed", offset=entry.header, where=entry.name, kind="odd")
    if entry.encrypted:
        reading.problem(
            "marked as encrypted: torch ignores the mark", offset=entry.header, where=entry.name, kind="odd"
        )
    elif entry.flags & 0x60:
        reading.problem(
            "marked as patched or strongly encrypted", offset=entry.header, where=entry.name, kind="odd"
        )
    if entry.method == STORED and entry.packed != entry.size:
        reading.problem(
            "stored, but with two different sizes",
            "damaged",
            offset=entry.header,
            where=entry.name,
            kind="sizes-disagree",
        )
    if entry.method not in (STORED, DEFLATED):
        words = METHODS.get(entry.method, f"method {entry.method}")
        reading.problem(
            f"its compression ({words}) is read neither here nor by torch",
            "partial",
            offset=entry.header,
            where=entry.name,
            kind="unsupported",
        )


def _check_places(reading: Reading, directory: Directory) -> None:
    """Members lie one behind the other, before the directory."""
    end, before = directory.prefix, ""
    for entry in sorted(directory.entries, key=lambda one: one.header):
        if entry.header + _LOCAL_SIZE + entry.packed > reading.file.source.length:
            reading.problem(
                "it lies beyond the end of the file",
                "damaged",
                offset=entry.header,
                where=entry.name,
                kind="truncated",
            )
        elif entry.header < end:
            reading.problem(
                f"its bytes overlap those of {before[:80]!r}",
                offset=entry.header,
                where=entry.name,
                kind="overlap",
            )
        end = max(end, entry.header + _LOCAL_SIZE + entry.packed)
        before = entry.name
    if directory.entries and end > directory.start:
        reading.problem(
            "a member reaches into the directory", offset=directory.start, where=before, kind="overlap"
        )
