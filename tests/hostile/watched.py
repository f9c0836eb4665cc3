"""Run as a program, with a folder of good files: give each file named on standard input to the command line, under an audit hook.

One JSON object a line in, `{"file": path, "folder": where reports go, "options": [...]}`, and one a
line out. An interpreter of its own, because an audit hook cannot be taken away again, and because a
crash here must not take the tests down.

What the program itself needs is loaded, and its templates are compiled, by reports of good files before the
watch begins; whatever is imported, compiled or executed after that, a file has caused.
"""

import contextlib
import gc
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "pty.spawn",
    "subprocess.Popen",
    "exec",
    "compile",
    "import",
    "code.__new__",
    "function.__new__",
    "ctypes.",
    "pickle.find_class",
    "marshal.",
    "mmap.__new__",
    "socket.",
    "urllib.Request",
    "http.client",
    "webbrowser.open",
    "sqlite3.connect",
)
"""Audit events of code that runs, begins with these words (Python's table of audit events)."""

ROOM = 1 << 30
"""Bytes of address space that a file may take beyond what the program has after its first reports."""

Event = tuple[str, tuple[object, ...]]


class Watch:
    """Collects the forbidden events between `begin` and `end`, of all threads."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self._on = False
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._on and event.startswith(FORBIDDEN):
            self.events.append(f"{event} {str(arguments)[:200]}")

    @contextmanager
    def watching(self) -> Iterator[list[str]]:
        """The events of the block."""
        self.events = []
        self._on = True
        try:
            yield self.events
        finally:
            self._on = False


def status(field: str) -> int:
    """A figure of /proc/self/status in bytes; 0 where the system has none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return 0


def forget_peak() -> None:
    """Let the peak of resident memory count from now on (proc(5), clear_refs)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """Bytes resident at the peak, since `forget_peak` where the system can do that."""
    return status("VmHWM:") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def command(arguments: Sequence[str]) -> tuple[int, str, str]:
    """The command's exit code, standard output and standard error."""
    from pthreport.command.main import main

    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main(arguments)
    return code, output.getvalue(), errors.getvalue()


def warm_up(files: Path) -> None:
    """Reports of good files, so that all that is fetched late is there.

    The tests write them: torch, which the program does without, would count as memory that hostile files take,
    and would be there for one that made us import it.
    """
    with tempfile.TemporaryDirectory() as reports:
        for file in sorted(files.iterdir()):
            outputs = [f"{reports}/{file.name}.{ending}" for ending in ("html", "json", "csv", "md")]
            command([str(file), *(word for output in outputs for word in ("-o", output))])
            command([str(file)])
            command([str(file) + " that is not there"])


def main() -> None:
    """Read tasks, write results."""
    warm_up(Path(sys.argv[1]))
    watch = Watch()
    limit = status("VmSize:") + ROOM
    if limit > ROOM:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps({"begins": task["file"]}), flush=True)
        gc.collect()  # what is left of the file before does not count
        forget_peak()
        begin = time.process_time()
        with watch.watching() as events:
            code, output, errors = command([task["file"], *task["options"]])
        result = {
            "file": task["file"],
            "exit": code,
            "output": output,
            "errors": errors,
            "events": events,
            "seconds": time.process_time() - begin,
            "peak": peak(),
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
