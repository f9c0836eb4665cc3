"""What is run on which file, and what is asked of the result."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.files import MATRICES, RESNET50

OURS = "pthreport, HTML report"
SCRIPT = "the script people write today"
LENS = "weightlens 0.3.0"
LENS_AUTO = "weightlens 0.3.0, all cores"
BYTES = "floor: reading the bytes"


@dataclass(frozen=True)
class Tools:
    """Where the benchmark's parts lie: made files and outputs in `work`, weightlens's command in `lens`."""

    work: Path
    lens: Path


@dataclass(frozen=True)
class Case:
    """One row: a name for people and the command that is run on a file."""

    name: str
    command: Callable[[Tools, Path], list[str]]
    slow: bool = False
    """Run once, however often the others are repeated."""


@dataclass(frozen=True)
class Target:
    """`case` takes at most `share` of what `other` takes, or at most `limit`, of a figure of `Cost`."""

    figure: str
    other: str | None
    share: float
    limit: float | None = None


@dataclass(frozen=True)
class Bench:
    """A file, the rows of its table, and what is asked of our own row."""

    title: str
    file: str
    cases: tuple[Case, ...]
    targets: tuple[Target, ...]


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def _ours(tools: Tools, path: Path) -> list[str]:
    return _module("pthreport", str(path), "-o", str(tools.work / f"{path.stem}.html"), "--quiet")


def _lens(*options: str) -> Callable[[Tools, Path], list[str]]:
    return lambda tools, path: [str(tools.lens), "analyze", str(path), *options]


def _floor(what: str) -> Callable[[Tools, Path], list[str]]:
    return lambda tools, path: _module("benchmarks.floors", what, str(path))


FLOORS = (
    Case("floor: import torch, matplotlib", _floor("imports")),
    Case("floor: torch.load(mmap=True, weights_only=True)", _floor("load")),
    Case(BYTES, _floor("bytes")),
    Case("floor: SHA-256 of the bytes", _floor("sha256")),
)

BENCHES = (
    Bench(
        title="ResNet-50-shaped checkpoint: 320 tensors, 25.6 million float32 values, 102 MB",
        file=RESNET50,
        cases=(
            Case(OURS, _ours),
            Case(
                SCRIPT,
                lambda tools, path: _module(
                    "benchmarks.todays_script", str(path), str(tools.work / "pngs")
                ),
                slow=True,
            ),
            Case(LENS, _lens()),
            *FLOORS,
        ),
        targets=(
            Target("wall", SCRIPT, 1 / 15),
            Target("rss", None, 1.0, limit=600e6),
        ),
    ),
    Bench(
        title="Sixteen float32 matrices of 4096 x 4096: 268 million values, 1.07 GB",
        file=MATRICES,
        cases=(
            Case(OURS, _ours),
            Case(LENS, _lens()),
            Case(LENS_AUTO, _lens("--num-workers", "auto")),
            *FLOORS,
        ),
        targets=(
            Target("wall", LENS, 0.6),
            Target("rss", LENS, 0.5),
        ),
    ),
)
