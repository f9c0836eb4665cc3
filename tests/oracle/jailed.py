"""The jail seen from outside: a process that is given files and says what real loaders did with them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Loaded:
    """What the loaders did with one file.

    `names` are the (module, name) that were looked up, each with the first loader that did. `events` are
    what they tried besides loading, `changed` the real things that are no longer as they were, `escaped` the
    loaders that gave back a function which is harmless in a checked call only, `taken` the loaders that
    went through. `died` is the exit code of a process that did not survive the file.
    """

    names: dict[tuple[str, str], str]
    events: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    escaped: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    died: int | None = None


class Jail:
    """A context manager around the process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-X", "utf8", "-m", "tests.oracle.jail"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env={
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": ":".join(path for path in sys.path if path),
                "PATH": "",
            },
        )
        self._ready = False

    def load(self, paths: Sequence[Path]) -> list[Loaded]:
        """What becomes of each file."""
        self.send(paths)
        return self.results(len(paths))

    def send(self, paths: Sequence[Path]) -> None:
        """Hand over a batch; its `results` must be taken before the next."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(path) for path in paths]) + "\n")
        self._process.stdin.flush()

    def results(self, count: int) -> list[Loaded]:
        """The results of the batch that was sent, in its order."""
        if not self._ready:
            assert self._line() == {"ready": True}
            self._ready = True
        return [_loaded(self._line()) for _ in range(count)]

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the jail is gone (exit code {self._process.wait()})")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _loaded(line: dict[str, Any]) -> Loaded:
    died = line.get("died")
    if isinstance(died, int):
        return Loaded({}, died=died)
    return Loaded(
        {(module, name): loader for module, name, loader in line["names"]},
        events=tuple(line["events"]),
        changed=tuple(line["changed"]),
        escaped=tuple(line["escaped"]),
        taken=tuple(line["taken"]),
    )
