"""Run as a program: loads files for real, in a process that can do next to nothing. `jailed.py` talks to it.

The one place besides `tests/checkpoint/recording.py` where files of the tests are really loaded, by loaders that
unpickle. What keeps that harmless, from the inside to the outside:

- `find_class` of every unpickler in this process gives a stand-in that does nothing. Only names on the reader's
  list of harmless ones may be had for real, which is the claim under test.
- An audit hook (PEP 578) hears what Python is about to do. Running a program, loading a library, opening a
  connection, and writing outside of the jail's own folder are refused with an error, and reported.
- The process runs as `nobody` where it is started by root, in a network namespace of its own where the system
  grants one, in an empty temporary folder, with limits on memory, file size, processor time, and with no right
  to start processes.
- The files are made by this package's grammar: their payloads name functions that are never looked up.

A warm process imports torch once and forks a child for each batch. A child that dies or runs out of its time is
replaced by another that goes on with the next file.
"""

import contextlib
import ctypes
import json
import mmap
import os
import resource
import signal
import sys
import tempfile
from typing import Any

NOBODY = 65_534
MEMORY = 3 << 30
"""Bytes of address space beyond what the warm process has."""

FILE_BYTES = 64 << 20
SECONDS = 4
"""Seconds of processor time that a file may take."""

REFUSED = (
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.putenv", "os.kill",
    "pty.spawn", "subprocess.Popen", "socket.", "ctypes.", "urllib.", "http.", "ftplib.", "smtplib.", "imaplib.", "poplib.",
    "telnetlib.", "nntplib.", "webbrowser.", "sqlite3.", "code.__new__", "function.__new__", "sys.addaudithook",
    "sys.settrace", "sys.setprofile", "sys._current_frames", "gc.get_", "mmap.__new__", "setopencodehook", "winreg.", "msvcrt.",
    "os.chmod", "os.chown", "os.link", "os.symlink", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.utime",
    "os.setxattr", "os.chdir", "shutil.", "tempfile.",
)  # fmt: skip
"""Beginnings of audit events that a loader has no reason for, outside of its own temporary folder."""

FOLDERS = ("os.chmod", "os.remove", "os.rmdir", "os.mkdir", "os.utime", "shutil.", "tempfile.", "os.chown")
"""Those that torch's old tar reader causes in the temporary folder to which it unpacks one member."""


class Refused(Exception):  # noqa: N818 - it is raised into the loader
    """What the audit hook does not allow."""


class Watch:
    """Hears every audit event of the process, and refuses while a file is loaded."""

    def __init__(self, folder: str) -> None:
        self.events: list[str] = []
        self.on = False
        self._folder = folder
        self._sources = tuple({sys.prefix, sys.base_prefix, os.path.dirname(os.__file__)})
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or event in ("pickle.find_class", "object.__getattr__", "object.__setattr__"):
            return
        what = self._what(event, arguments)
        if what is None:
            return
        self.on = False
        if len(self.events) < 20:
            self.events.append(what)
        self.on = True
        raise Refused(what)

    def _what(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        """The event in words where it is refused."""
        first = arguments[0] if arguments else None
        if event == "open":
            path, mode, flags = (*arguments, None, None)[:3]
            writes = isinstance(flags, int) and flags & (
                os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
            )
            if not writes or (isinstance(path, str | bytes) and self._inside(path)):
                return None
            return f"open {path!r:.100} {mode!r}"
        if event == "exec":
            file = getattr(first, "co_filename", "")
            return None if file.startswith((*self._sources, "<frozen")) else f"exec {file!r:.100}"
        if event.startswith(REFUSED):
            paths = [one for one in arguments if isinstance(one, str | bytes)]
            if event.startswith(FOLDERS) and paths and all(map(self._inside, paths)):
                return None
            return f"{event} {arguments!s:.100}"
        return None

    def _inside(self, path: str | bytes) -> bool:
        return os.path.realpath(os.fsdecode(path)).startswith(self._folder + os.sep)


def lock(folder: str) -> None:
    """Give up all rights that loading does not need."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.unshare(0x40000000)  # CLONE_NEWNET: only root may; nobody else needs it to be refused sockets
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.clear()
    os.environ.update({"TMPDIR": folder, "HOME": folder})
    tempfile.tempdir = folder
    os.chdir(folder)


def lock_child() -> None:
    """The child's own limits."""
    with open("/proc/self/statm", "rb") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def main() -> None:
    """Read batches, one JSON line each: a list of paths. Write one JSON line a file, in their order."""
    import warnings

    from tests.oracle.stand_ins import replace_pickle

    warnings.simplefilter("ignore")
    replace_pickle()
    from tests.oracle.trial import Trial

    trial = Trial()
    with tempfile.TemporaryDirectory() as folder:
        lock(folder)
        watch = Watch(os.path.realpath(folder))
        counter = mmap.mmap(-1, 8)
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            paths = json.loads(line)
            at = 0
            while at < len(paths):
                counter[:8] = at.to_bytes(8, "little")
                child = os.fork()
                if child == 0:
                    _child(trial, watch, paths, at, counter)
                _, status = os.waitpid(child, 0)
                at = int.from_bytes(counter[:8], "little")
                if at < len(paths) and os.waitstatus_to_exitcode(status) != 0:
                    print(json.dumps({"died": os.waitstatus_to_exitcode(status)}), flush=True)
                    at += 1


def _child(trial: Any, watch: Watch, paths: list[str], at: int, counter: mmap.mmap) -> None:
    """Load files until all are done, or until one has changed this process."""
    code = 1
    try:
        lock_child()
        for path in paths[at:]:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            result = trial.of(path, watch)
            signal.setitimer(signal.ITIMER_PROF, 0)
            os.write(1, json.dumps(result).encode() + b"\n")
            at += 1
            counter[:8] = at.to_bytes(8, "little")
            if result["changed"]:
                break
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
