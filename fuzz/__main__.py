"""Run the fuzz target, and say how many executions and edges it has come to as time goes by.

    python -m fuzz                               # ten minutes
    python -m fuzz --seconds 7200 --idle 3600    # two hours, or until an hour brings no new edge
    python -m fuzz -- -rss_limit_mb=4096         # options of libFuzzer

An edge is a step from one place of the reader's bytecode to another, as atheris counts them ("cov"). The figures go to
standard output each minute and to `fuzz/work/progress.csv`; the exit code is libFuzzer's, not 0 where it found something.
"""

import argparse
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

WORK = Path(__file__).parent / "work"
EVERY = 60
"""Seconds between two lines."""

INTERRUPTED = 72
"""libFuzzer's exit code after an interrupt."""

SILENT = ("stat::", "#", '"', "INFO: Instrumenting")
"""Lines of libFuzzer and atheris that are not passed on begin so."""

_STATUS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
_DONE = re.compile(r"(?:Done |stat::number_of_executed_units:\s*)(\d+)")


@dataclass(frozen=True)
class Progress:
    """How far the fuzzer is: seconds since its start, executions, edges, features (edges and how often each is
    taken), inputs kept, and the second at which the last new edge was found."""

    seconds: float = 0
    executions: int = 0
    edges: int = 0
    features: int = 0
    inputs: int = 0
    last_edge: float = 0

    def __str__(self) -> str:
        return (
            f"{self.seconds / 60:6.0f} min  {self.executions:>12,} executions  {self.edges:>7,} edges  "
            f"{self.features:>8,} features  {self.inputs:>6,} inputs  last new edge at {self.last_edge / 60:.0f} min"
        )


def after(progress: Progress, line: str, seconds: float) -> Progress:
    """The progress once libFuzzer has written `line`."""
    found = _STATUS.match(line)
    if found is not None:
        executions, edges, features, inputs = map(int, found.groups())
        last = seconds if edges > progress.edges else progress.last_edge
        return Progress(seconds, executions, edges, features, inputs, last)
    done = _DONE.match(line)
    if done is not None:
        return Progress(
            seconds, int(done[1]), progress.edges, progress.features, progress.inputs, progress.last_edge
        )
    return progress


def followed(lines: Iterable[str], table: TextIO) -> Iterator[Progress]:
    """The progress after each line; what is no status is passed on to standard error."""
    began = shown = time.monotonic()
    progress = Progress()
    table.write("seconds,executions,edges,features,inputs\n")
    for line in lines:
        now = time.monotonic()
        before, progress = progress, after(progress, line, now - began)
        if progress is before and not line.startswith(SILENT):
            sys.stderr.write(line)
        if now - shown >= EVERY:
            shown = now
            print(progress, flush=True)
        if progress.edges != before.edges or now == shown:
            table.write(
                f"{progress.seconds:.0f},{progress.executions},{progress.edges},{progress.features},{progress.inputs}\n"
            )
            table.flush()
        yield progress


def main() -> int:
    """libFuzzer's exit code, 0 where it was stopped because nothing new came."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz", description="Fuzz the reader, guided by coverage."
    )
    parser.add_argument("--seconds", type=int, default=600, help="how long (default: 600)")
    parser.add_argument(
        "--idle", type=int, default=0, metavar="SECONDS", help="stop when so long no new edge was found"
    )
    parser.add_argument("options", nargs="*", help="options of libFuzzer, after --")
    given = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "fuzz.reader",
        f"-max_total_time={given.seconds}",
        "-print_final_stats=1",
        *given.options,
    ]
    progress, idle = Progress(), False
    with (
        (WORK / "progress.csv").open("w", encoding="ascii") as table,
        subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, errors="replace", cwd=WORK.parents[1]
        ) as process,
    ):
        assert process.stderr is not None
        for progress in followed(process.stderr, table):
            if given.idle and progress.seconds - progress.last_edge > given.idle and not idle:
                idle = True
                process.send_signal(signal.SIGINT)
    print(progress)
    return 0 if idle and process.returncode == INTERRUPTED else process.returncode


if __name__ == "__main__":
    sys.exit(main())
