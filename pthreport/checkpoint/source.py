"""Bytes by position: a file, a stretch of one, bytes at hand.

Nothing is mapped (a mapped file that is cut short while being read kills the process) and nothing
has a position of its own, so that any number of threads may read.
"""

import errno
import hashlib
import os
import stat
import tempfile
import threading
from pathlib import Path

from pthreport.checkpoint.errors import CheckpointError, FormatError, ReadError
from pthreport.document.numbers import plural

HASH_BLOCK = 4 * 1024 * 1024
"""Bytes hashed at a time."""


class Source:
    """An open file, read with `os.preadv`. `close` is safe to call at any time, also twice."""

    def __init__(self, descriptor: int, length: int) -> None:
        self._descriptor = descriptor
        self.length = length
        self._lock = threading.Lock()
        self._readers = 0
        self._closed = False

    def close(self) -> None:
        """Close the file, once the reads under way are done."""
        with self._lock:
            self._closed = True
            release = self._readers == 0 and self._descriptor >= 0
            descriptor = self._descriptor
            if release:
                self._descriptor = -1
        if release:
            os.close(descriptor)

    def _enter(self) -> int:
        with self._lock:
            if self._closed:
                raise ReadError("the checkpoint has been closed")
            self._readers += 1
            return self._descriptor

    def _leave(self) -> None:
        with self._lock:
            self._readers -= 1
            release = self._closed and self._readers == 0 and self._descriptor >= 0
            descriptor = self._descriptor
            if release:
                self._descriptor = -1
        if release:
            os.close(descriptor)

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer` from byte `start` on; raises `ReadError` where the file ends before."""
        descriptor = self._enter()
        try:
            done, wanted = 0, len(buffer)
            while done < wanted:
                got = os.preadv(descriptor, [buffer[done:]], start + done)
                if got <= 0:
                    raise ReadError(
                        f"the file ends at byte {start + done:,}, "
                        f"{plural(wanted - done, 'byte')} before these values do"
                    )
                done += got
        except OSError as error:
            raise ReadError(f"the file cannot be read at byte {start:,}: {error.strerror}") from error
        finally:
            self._leave()

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start` on: fewer where the file ends."""
        start, stop = max(0, start), min(self.length, start + length)
        buffer = bytearray(max(0, stop - start))
        self.read_into(memoryview(buffer), start)
        return bytes(buffer)

    def sha256(self) -> str:
        """The SHA-256 of all bytes, in hexadecimal digits."""
        digest = hashlib.sha256()
        buffer = bytearray(min(HASH_BLOCK, self.length) or 1)
        view = memoryview(buffer)
        for start in range(0, self.length, HASH_BLOCK):
            part = view[: min(HASH_BLOCK, self.length - start)]
            self.read_into(part, start)
            digest.update(part)
        return digest.hexdigest()


class Stretch:
    """`length` bytes of other data, from `start` on."""

    __slots__ = ("data", "length", "start")

    def __init__(self, data: "Source | Stretch", start: int, length: int) -> None:
        self.data: Source = data.data if isinstance(data, Stretch) else data
        self.start: int = start + (data.start if isinstance(data, Stretch) else 0)
        self.length = length

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer`; raises `ReadError` beyond the stretch's end."""
        if start < 0 or start + len(buffer) > self.length:
            raise ReadError("the values end beyond the record that holds them")
        self.data.read_into(buffer, self.start + start)

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start` on: fewer where the stretch ends."""
        length = max(0, min(length, self.length - start))
        return self.data.read(self.start + start, length)


class Window(Source):
    """A stretch of a file that is a file itself."""

    def __init__(self, outer: Source, start: int, length: int) -> None:
        super().__init__(-1, length)
        self._outer = outer
        self._start = start

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer`; raises `ReadError` beyond the window's end."""
        if start < 0 or start + len(buffer) > self.length:
            raise ReadError(f"the values end beyond byte {self.length:,}, where the file inside does")
        self._outer.read_into(buffer, self._start + start)


class Held:
    """Bytes at hand."""

    __slots__ = ("content", "length")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.length = len(content)

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer`; raises `ReadError` beyond the end."""
        if start < 0 or start + len(buffer) > self.length:
            raise ReadError("the values end beyond the bytes that hold them")
        buffer[:] = self.content[start : start + len(buffer)]

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start` on."""
        return self.content[start : start + length]


def open_file(path: Path) -> Source:
    """Open a regular file for reading; raises `CheckpointError` with the reason in words."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:
        raise CheckpointError("the file's name has a NUL in it", path) from error
    except OSError as error:
        raise CheckpointError(_refusal(error), path) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise CheckpointError("a folder, not a file: folders are read by a later version", path)
        raise CheckpointError("not a regular file (a device, pipe or socket)", path)
    return Source(descriptor, status.st_size)


def _refusal(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "no such file"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "no permission to read the file"
    if error.errno == errno.EISDIR:
        return "a folder, not a file: folders are read by a later version"
    if error.errno == errno.ENAMETOOLONG:
        return "the file's name is too long"
    return f"the file cannot be opened: {error.strerror}"


class Scratch:
    """One anonymous temporary file for everything that has to be unpacked; gone when closed, and
    never under a name that anybody else could open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._source: Source | None = None
        self._write = -1

    def reserve(self, size: int) -> tuple[Source, int]:
        """Room for `size` bytes: the file, and where they begin. Raises `FormatError`."""
        with self._lock:
            if self._source is None:
                try:
                    with tempfile.TemporaryFile() as file:
                        self._write = os.dup(file.fileno())
                        self._source = Source(os.dup(self._write), 0)
                except OSError as error:
                    raise FormatError(f"no temporary file to unpack into: {error.strerror}") from error
            start = self._source.length
            self._source.length += size
            return self._source, start

    def write(self, start: int, content: bytes) -> None:
        """Put bytes into reserved room; raises `FormatError` where the disk is full."""
        view = memoryview(content)
        try:
            while view:
                done = os.pwrite(self._write, view, start)
                view, start = view[done:], start + done
        except OSError as error:
            raise FormatError(f"the temporary file cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            if self._source is not None:
                self._source.close()
                os.close(self._write)
                self._source, self._write = None, -1
