"""Running many files: batches through the reader and the jail, a tally, and what is found made smaller."""

import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.oracle.files import GeneratedFile, generate
from tests.oracle.jailed import Jail, Loaded
from tests.oracle.judgement import Fault, Reported, faults, missing, reported
from tests.oracle.shrink import shrink

FOUND = Path(__file__).parents[2] / "fuzz" / "work" / "oracle"
BATCH = 200
MADE_SMALLER = 1
"""Files of each kind of fault, in a task, that are made smaller and kept."""


@dataclass(frozen=True)
class Found:
    """A fault, and the file that shows it."""

    fault: Fault
    path: Path


@dataclass(frozen=True)
class Tally:
    """How many files there were of each sort."""

    counts: Counter[str]

    def add(self, report: Reported, loaded: Loaded) -> None:
        """Count one file."""
        counts = self.counts
        counts["files"] += 1
        counts["refused"] += report.refused is not None
        counts["partial"] += report.refused is None and not report.complete
        counts["partial with a name missing"] += (
            report.refused is None and not report.complete and bool(missing(report, loaded))
        )
        counts["clean"] += report.complete and set(report.verdicts.values()) <= {"known"}
        counts["named"] += bool(loaded.names)
        counts["names"] += len(loaded.names)
        counts["died"] += loaded.died is not None
        counts["taken"] += bool(loaded.taken)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.counts + other.counts)

    def __str__(self) -> str:
        count = self.counts
        return (
            f"{count['files']:,} files: {count['taken']:,} taken by some loader, {count['named']:,} that name something "
            f"({count['names']:,} names), {count['died']:,} that a loader does not survive; the reader refuses "
            f"{count['refused']:,}, reads {count['partial']:,} in part (and misses a name in {count['partial with a name missing']:,}), finds {count['clean']:,} clean."
        )


def run_seeds(seed: str, start: int, stop: int) -> tuple[Tally, list[Found]]:
    """The files `start` to `stop` of a seed."""
    tally, found = Tally(Counter()), []
    kept: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name, Jail() as jail:
        folder = Path(name)
        folder.chmod(0o755)
        for first in range(start, stop, BATCH):
            made = [generate(f"{seed}:{at}") for at in range(first, min(stop, first + BATCH))]
            paths = [written(folder, f"{first}-{at}", file) for at, (file, _) in enumerate(made)]
            jail.send(paths)
            reports = [reported(path) for path in paths]
            for path, (_, choices), report, loaded in zip(
                paths, made, reports, jail.results(len(paths)), strict=True
            ):
                tally.add(report, loaded)
                for fault in faults(report, loaded):
                    kept[fault.signature] += 1
                    file = path
                    if kept[fault.signature] <= MADE_SMALLER:
                        file = keep(fault, smaller(jail, folder, fault, choices))
                    found.append(Found(fault, file))
                remove(path)
    return tally, found


def run_files(paths: Sequence[Path]) -> tuple[Tally, list[Found]]:
    """Files that are there: they are copied to where the jail can read them."""
    tally, found = Tally(Counter()), []
    with tempfile.TemporaryDirectory() as name, Jail() as jail:
        folder = Path(name)
        folder.chmod(0o755)
        for at, path in enumerate(paths):
            file = written(folder, str(at), given(path))
            report, (loaded,) = reported(file), jail.load([file])
            tally.add(report, loaded)
            found += [Found(fault, path) for fault in faults(report, loaded)]
    return tally, found


def given(path: Path) -> GeneratedFile:
    """A file or folder that is there."""
    if not path.is_dir():
        return GeneratedFile("given", path.suffix, path.read_bytes())
    inside = {
        one.relative_to(path).as_posix(): one.read_bytes() for one in path.rglob("*") if one.is_file()
    }
    return GeneratedFile("given", "", b"", inside)


def written(folder: Path, name: str, file: GeneratedFile) -> Path:
    """The file, or a whole folder, in `folder`."""
    path = folder / f"{name}{file.ending}"
    remove(path)
    if not file.files:
        path.write_bytes(file.content)
        return path
    for relative, content in file.files.items():
        (path / relative).parent.mkdir(parents=True, exist_ok=True)
        (path / relative).write_bytes(content)
    return path


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def smaller(jail: Jail, folder: Path, fault: Fault, choices: list[int]) -> GeneratedFile:
    """A file of fewer and simpler choices with a fault of the same kind."""

    def still(tried: list[list[int]]) -> list[bool]:
        paths = [written(folder, f"smaller-{at}", generate(given=one)[0]) for at, one in enumerate(tried)]
        loads = jail.load(paths)
        return [
            any(one.signature == fault.signature for one in faults(reported(path), loaded))
            for path, loaded in zip(paths, loads, strict=True)
        ]

    return generate(given=shrink(choices, still))[0]


def keep(fault: Fault, file: GeneratedFile) -> Path:
    """Write what was found to the folder of findings."""
    FOUND.mkdir(parents=True, exist_ok=True)
    title = "".join(one if one.isalnum() else "-" for one in fault.sort)
    digest = hashlib.sha256(file.content + repr(file.files).encode()).hexdigest()[:8]
    return written(FOUND, f"{title}-{digest}", file)
