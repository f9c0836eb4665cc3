"""How long a whole process takes, and how much memory."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# ru_maxrss is in KiB on Linux (getrusage(2)); on macOS it is in bytes.
RSS_UNIT = 1024 if os.uname().sysname == "Linux" else 1


@dataclass(frozen=True)
class Cost:
    """Seconds on the wall, seconds of processor time, bytes of memory at the peak (children included)."""

    wall: float
    cpu: float
    rss: int


class ProcessError(Exception):
    """A measured command did not end with exit code 0."""


def run(
    command: Sequence[str], log: Path, *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Cost:
    """Run `command` with its output into `log`; raise `ProcessError` with the log's end where it fails.

    Linux carries the peak of the parent over into a child, so the process that calls this must stay small:
    it imports no torch and no numpy.
    """
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=env
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = log.read_text(errors="replace")[-2000:]
        raise ProcessError(f"{' '.join(command)}: exit code {process.returncode}\n{tail}")
    return Cost(wall=wall, cpu=usage.ru_utime + usage.ru_stime, rss=usage.ru_maxrss * RSS_UNIT)


def least(costs: Sequence[Cost]) -> Cost:
    """The least of each figure over repeated runs: what disturbs a run only adds."""
    return Cost(
        wall=min(cost.wall for cost in costs),
        cpu=min(cost.cpu for cost in costs),
        rss=min(cost.rss for cost in costs),
    )
