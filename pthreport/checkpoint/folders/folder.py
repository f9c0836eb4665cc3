"""A folder whose files are read by name, and nothing outside of it.

The names come from files in the folder, so they are data: only a plain name is opened, only a
regular file, and a symbolic link only where the Hugging Face cache puts one.
"""

import errno
import hashlib
import os
import re
import stat
import threading
from pathlib import Path

from pthreport.checkpoint.errors import CheckpointError, FormatError
from pthreport.checkpoint.folders.reopened import Reopened
from pthreport.checkpoint.source import Source
from pthreport.document.report import FileFacts
from pthreport.document.text import visible

HEAD = 4096
"""First bytes of a file by which it is recognised."""

KEPT_OPEN = 200
"""Files that stay open; those beyond are opened for each read (a process may have 1,024)."""

HUB_LINK = re.compile(r"((?:\.\./){2,4})blobs/([0-9a-f]{40}|[0-9a-f]{64})")
"""Where a file of a snapshot in the Hugging Face cache points to: `../../blobs/<digest>`."""

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
_DRIVE = re.compile(r"[A-Za-z]:")


def plain_name(name: object) -> str | None:
    """Why `name` is not the plain name of a file in its folder, None where it is."""
    if not isinstance(name, str):
        return "is no text"
    if not name or name in (".", ".."):
        return "is no file name"
    if "\0" in name:
        return "has a NUL in it"
    if "/" in name or "\\" in name or _DRIVE.match(name):
        return "leads out of the folder: only a plain file name is followed"
    if len(os.fsencode(name.encode("utf-8", "replace"))) > 255:
        return "is longer than any file name"
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return "is no text that a file name could be"
    return None


class Folder:
    """An open folder. `names` are its entries in order, `length` the bytes of all files opened.

    A folder made by `below` shares its files with the one above, under names with the folder's own
    in front. Safe to use from several threads once it has been read; closed as a whole.
    """

    def __init__(self, path: Path, descriptor: int, above: "Folder | None" = None) -> None:
        self.path = path
        self._descriptor = descriptor
        self._prefix: str = "" if above is None else f"{above._prefix}{path.name}/"
        self._sources: dict[str, Source] = {} if above is None else above._sources
        self._folders: list[Folder] = [] if above is None else above._folders
        self._digests: dict[str, str] = {} if above is None else above._digests
        self._lock = threading.Lock()
        self._folders.append(self)
        self.names: list[str] = sorted(os.listdir(descriptor))

    @property
    def length(self) -> int:
        """Bytes of the files that were read."""
        return sum(source.length for source in self._sources.values())

    def open(self, name: str) -> Source:
        """A file of the folder, once more where it was opened before; raises `FormatError`."""
        source = self._sources.get(self._prefix + name)
        if source is None:
            source = self._open(name)
            self._sources[self._prefix + name] = source
        return source

    def peek(self, name: str) -> tuple[bytes, int]:
        """The first bytes of a file and its size, without counting it as read; raises `FormatError`."""
        source = self._open(name)
        try:
            return source.read(0, HEAD), source.length
        finally:
            source.close()

    def below(self, name: str) -> "Folder":
        """A folder in this one; raises `FormatError` where there is none, a link included."""
        refused = plain_name(name)
        if refused is not None:
            raise FormatError(f"the folder's name {short(name)} {refused}")
        try:
            descriptor = os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=self._descriptor)
        except OSError as error:
            raise FormatError(f"no folder {short(name)} in it: {error.strerror}") from error
        return Folder(self.path / name, descriptor, self)

    def files(self) -> list[FileFacts]:
        """The files that were read, by name."""
        return [
            FileFacts(name=name, size=source.length, sha256=self._digests.get(name))
            for name, source in sorted(self._sources.items())
        ]

    def sha256(self) -> str:
        """The SHA-256 of the list of files: a line "digest, two spaces, name" each, in the order of the
        names, as `sha256sum` writes them. Raises `ReadError`."""
        with self._lock:
            for name, source in sorted(self._sources.items()):
                if name not in self._digests:
                    self._digests[name] = source.sha256()
        listing = "".join(f"{self._digests[name]}  {name}\n" for name in sorted(self._sources))
        return hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()

    def close(self) -> None:
        """Close all files."""
        for source in self._sources.values():
            source.close()
        for folder in self._folders:
            if folder._descriptor >= 0:
                os.close(folder._descriptor)
                folder._descriptor = -1

    def _open(self, name: str) -> Source:
        refused = plain_name(name)
        if refused is not None:
            raise FormatError(f"the name {short(name)} {refused}")
        descriptor = self._descriptor_of(name)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise FormatError(f"{short(name)} is no regular file")
        if len(self._sources) < KEPT_OPEN:
            return Source(descriptor, status.st_size)
        os.close(descriptor)
        return Reopened(lambda: self._descriptor_of(name), status)

    def _descriptor_of(self, name: str) -> int:
        try:
            return os.open(name, _FLAGS, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno == errno.ELOOP:
                return self._cached(name)
            if error.errno == errno.ENOENT:
                raise FormatError(f"{short(name)} is not in the folder", kind="missing-shard") from error
            raise FormatError(f"{short(name)} cannot be opened: {error.strerror}") from error

    def _cached(self, name: str) -> int:
        """What a link of the Hugging Face cache points to; any other link is refused."""
        target = os.readlink(name, dir_fd=self._descriptor)
        found = HUB_LINK.fullmatch(target)
        if found is None:
            raise FormatError(f"{short(name)} is a symbolic link, which is not followed")
        try:
            blobs = os.open(f"{found[1]}blobs", _FLAGS | os.O_DIRECTORY, dir_fd=self._descriptor)
        except OSError as error:
            raise FormatError(
                f"{short(name)} is a link into a cache that is not there", kind="missing-shard"
            ) from error
        try:
            return os.open(found[2], _FLAGS, dir_fd=blobs)
        except OSError as error:
            raise FormatError(
                f"{short(name)} is a link to a file that is not there", kind="missing-shard"
            ) from error
        finally:
            os.close(blobs)


def short(name: object) -> str:
    """A name from a file as it is quoted in a message."""
    return f"'{visible(name if isinstance(name, str) else type(name).__name__, 120)}'"


def open_path(path: Path) -> Folder:
    """Open the folder that a person named; raises `CheckpointError`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise CheckpointError(f"the folder cannot be opened: {error.strerror}", path) from error
    try:
        return Folder(path, descriptor)
    except OSError as error:
        os.close(descriptor)
        raise CheckpointError(f"the folder cannot be listed: {error.strerror}", path) from error
