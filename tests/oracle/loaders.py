"""The loaders: every way in which a file, or what stands in it, is commonly loaded. Runs in the jail only.

Each loader is real. What it looks up goes to the session's recorder, whatever becomes of the loading.
"""

import contextlib
import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import joblib
import numpy as np
import torch

from tests.oracle.stand_ins import Session, StandIn, Unpickler

DEPTH = 3
"""Files in byte strings in files: how deep they are loaded."""

MEMBERS = 40
STREAM = 12
"""Members of an archive, pickles one behind the other, that are loaded."""

NODES = 5_000
"""Values of a loaded object that are looked at for files in them."""

SHORTEST = 4
"""Bytes of the shortest pickle that names something and ends: `cx\\ny\\n.` has more."""


class Loads:
    """Loads one file by all loaders; `problems` are escapes of functions that are harmless only in a call."""

    def __init__(self, called_only: tuple[Any, ...]) -> None:
        self._called_only = called_only
        self._seen: set[bytes] = set()
        self.taken: set[str] = set()
        self.escaped: list[str] = []

    def path(self, path: str) -> None:
        """A file, or every file of a folder."""
        if not os.path.isdir(path):
            self.file(path)
            return
        for folder, _, names in os.walk(path):
            for name in sorted(names):
                self.file(os.path.join(folder, name))

    def file(self, path: str) -> None:
        """Everything that opens a file by its path, then everything that takes its bytes."""
        with open(path, "rb") as file:
            content = file.read()
        self._try("torch.load by path", lambda: torch.load(path, map_location="cpu", weights_only=False))
        self._try("torch.jit.load by path", lambda: _script(path))
        self._try("numpy.load by path", lambda: list(_arrays(np.load(path, allow_pickle=True))))
        self._try("joblib.load by path", lambda: joblib.load(path))
        self.content(content, "", 0)

    def content(self, content: bytes, where: str, depth: int) -> None:
        """Everything that takes a file object, and its members if it is an archive."""
        if content in self._seen or len(content) < SHORTEST:
            return
        self._seen.add(content)
        self._stream(f"{where}pickle", Unpickler, content, depth)
        self._stream(f"{where}pickle in latin-1", _latin, content, depth)
        if not where or depth < 2:
            self._stream(f"{where}Python's pickle", pickle._Unpickler, content, depth)
        self._try(
            f"{where}torch.load of a file object",
            lambda: torch.load(io.BytesIO(content), map_location="cpu", weights_only=False),
            depth,
        )
        if content[:6] == b"\x93NUMPY":
            self._try(
                f"{where}numpy.load of a file object",
                lambda: list(_arrays(np.load(io.BytesIO(content), allow_pickle=True))),
                depth,
            )
        if depth >= DEPTH:
            return
        for kind, members in (("zip", _zip_members), ("tar", _tar_members)):
            for inside in members(content):
                self.content(inside, f"{where}{kind} member, ", depth + 1)

    def _try(self, name: str, loads: Callable[[], Any], depth: int = 0) -> bool:
        """Run one loader, and look into what it gives; whether it went through."""
        Session.recorder.loader = name
        try:
            made = loads()
        except Exception:
            return False
        self.taken.add(name)
        self._look_into(made, name, depth)
        return True

    def _stream(self, name: str, unpickler: Any, content: bytes, depth: int) -> None:
        """All pickles that stand one behind the other."""
        file = io.BytesIO(content)
        for at in range(STREAM):
            title = name if at == 0 else f"{name}, again from where it stopped"
            if not self._try(title, lambda: unpickler(file).load(), depth) or file.tell() == len(content):
                return

    def _look_into(self, made: Any, name: str, depth: int) -> None:
        """Load what is in byte strings and texts of a loaded object."""
        if depth >= DEPTH:
            return
        for value in list(_values(made)):
            if isinstance(value, str):
                for codec in ("utf-8", "latin-1"):
                    with contextlib.suppress(UnicodeError):
                        self.content(value.encode(codec), f"{name}, text, ", depth + 1)
            elif isinstance(value, bytes | bytearray):
                self.content(bytes(value), f"{name}, bytes, ", depth + 1)
            elif any(value is one for one in self._called_only):
                self.escaped.append(name)


def _latin(file: io.BytesIO) -> Unpickler:
    """As people read what Python 2 wrote."""
    return Unpickler(file, encoding="latin1")


def _script(path: str) -> Any:
    load: Any = torch.jit.load
    return load(path, map_location="cpu")


def _arrays(found: Any) -> Iterator[Any]:
    """The arrays of an .npz, each whether or not the one before could be read; or the one thing loaded."""
    if not hasattr(found, "files"):
        yield found
        return
    for key in found.files[:MEMBERS]:
        with contextlib.suppress(Exception):
            yield found[key]


def _zip_members(content: bytes) -> Iterator[bytes]:
    file = io.BytesIO(content)
    try:
        if not zipfile.is_zipfile(file):
            return
        archive = zipfile.ZipFile(file)
    except Exception:
        return
    for member in archive.infolist()[:MEMBERS]:
        with contextlib.suppress(Exception):
            yield archive.read(member)


def _tar_members(content: bytes) -> Iterator[bytes]:
    try:
        archive = tarfile.open(fileobj=io.BytesIO(content), mode="r:*")  # noqa: SIM115 - it holds no file
    except Exception:
        return
    for _ in range(MEMBERS):
        try:
            member = archive.next()
            if member is None:
                return
            file = archive.extractfile(member)
            if file is not None:
                yield file.read()
        except Exception:
            return


def _values(made: Any) -> Iterator[Any]:
    """The byte strings, texts and functions in a loaded object, its keys and attributes included."""
    left: list[Any] = [made]
    seen: set[int] = set()
    for _ in range(NODES):
        if not left:
            return
        value = left.pop()
        if isinstance(value, str | bytes | bytearray):
            yield value
            continue
        if id(value) in seen or value is None or isinstance(value, bool | int | float | torch.Tensor):
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            left.extend(dict.keys(value))
            left.extend(dict.values(value))
        elif isinstance(value, list | tuple | set | frozenset):
            left.extend(value)
        elif isinstance(value, np.ndarray) and value.dtype.hasobject:
            left.extend(value.ravel().tolist())
        elif callable(value) and not isinstance(value, StandIn):
            yield value
        if not isinstance(value, type) and isinstance(getattr(value, "__dict__", None), dict):
            left.extend(value.__dict__.values())
