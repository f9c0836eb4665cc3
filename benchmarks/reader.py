"""The reader alone, from opening a file to its whole tree, beside others that go through the same bytes.

    python -m benchmarks.reader [--repeat 5] [--write]

One process for each of them, without Python's start and imports; the least of several rounds, in which all take
turns. Ours reads the tree with every tensor placed and checked, every import judged, damage looked for, and what
`torch.load` would say; values are read by nobody here but torch, which has to.

- **torch.load(weights_only=True)**: torch's restricted unpickler, which is Python too.
- **pickletools.genops**: CPython's own walk over the instructions, which makes nothing.

Asked: a state dict of 10,000 tensors in less than 1.5 s, a pickle of a million small values in seconds.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.__main__ import README, machine
from benchmarks.table import put

HERE = Path(__file__).resolve().parent
WORK = HERE / "work"
TENSORS, VALUES = "ten_thousand_tensors.pt", "a_million_values.pt"
ASKED = {TENSORS: 1.5, VALUES: 10.0}
"""Seconds."""

TITLES = {
    TENSORS: "A state dict of 10,000 tensors of four values: 3.1 MB, 300,000 instructions",
    VALUES: "A million small values: 250,000 numbers by name, 500,000 floats, 250,000 integers: 12 MB, 1.5 million instructions",
}


def write_files(folder: Path) -> None:
    """The two checkpoints, where they are not there yet."""
    import torch

    folder.mkdir(exist_ok=True)
    if not (folder / TENSORS).exists():
        state = {f"layers.{at // 10}.block.{at % 10}.weight": torch.zeros(4) for at in range(10_000)}
        torch.save(state, folder / TENSORS)
    if not (folder / VALUES).exists():
        vocabulary = {f"token {at}": at for at in range(250_000)}
        losses, steps = [at * 0.5 for at in range(500_000)], list(range(250_000))
        torch.save({"vocabulary": vocabulary, "losses": losses, "steps": steps}, folder / VALUES)


def ours(path: Path) -> None:
    """Open, walk, and what torch would say."""
    from pthreport.checkpoint import open_checkpoint

    with open_checkpoint(path) as checkpoint:
        assert checkpoint.complete
        assert checkpoint.torch_view is not None


def torchs(path: Path) -> None:
    """What torch makes of it."""
    import torch

    torch.load(path, weights_only=True)


def instructions(path: Path) -> None:
    """Go through the instructions of the pickle in the archive."""
    import pickletools
    import zipfile

    with zipfile.ZipFile(path) as archive:
        name = next(one for one in archive.namelist() if one.endswith("/data.pkl"))
        content = archive.read(name)
    for _ in pickletools.genops(content):
        pass


SIDES: dict[str, Callable[[Path], None]] = {
    "pthreport's reader": ours,
    "torch.load(weights_only=True)": torchs,
    "pickletools.genops": instructions,
}


def one(side: str, path: Path) -> dict[str, float]:
    """Seconds on the wall and of the processor of the second go in this process: the first one imports."""
    SIDES[side](path)
    wall, cpu = time.perf_counter(), time.process_time()
    SIDES[side](path)
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def measure(path: Path, repeat: int) -> dict[str, dict[str, float]]:
    """The least of each figure by side."""
    best: dict[str, dict[str, float]] = {}
    for _ in range(repeat):
        for side in SIDES:
            ran = subprocess.run(
                [sys.executable, "-m", "benchmarks.reader", "--side", side, "--path", str(path)],
                capture_output=True,
                text=True,
                check=True,
                cwd=HERE.parent,
            )
            found: dict[str, float] = json.loads(ran.stdout)
            before = best.setdefault(side, found)
            best[side] = {key: min(value, before[key]) for key, value in found.items()}
    return best


def table(path: Path, best: dict[str, dict[str, float]]) -> list[str]:
    """The rows of one file, and whether what is asked was met."""
    lines = [
        f"### {TITLES[path.name]}",
        "",
        "| reader | wall s | cpu s | ours / this |",
        "| --- | ---: | ---: | ---: |",
    ]
    mine = best["pthreport's reader"]["cpu"]
    for side, cost in best.items():
        lines.append(f"| {side} | {cost['wall']:.2f} | {cost['cpu']:.2f} | {mine / cost['cpu']:.2f} |")
    asked = ASKED[path.name]
    lines += [
        "",
        f"- {'met' if mine < asked else 'MISSED'}: less than {asked} s; it is {mine:.2f} s of the processor",
    ]
    return lines


def main() -> int:
    """Measure and print; a missed target is printed, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reader", description="Measure the reader.")
    parser.add_argument("--repeat", type=int, default=5, help="rounds; the least counts (5)")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {README.name}")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        print(json.dumps(one(given.side, given.path)))
        return 0
    write_files(WORK)
    load = f"{os.getloadavg()[0]:.1f}"
    lines = [
        machine(),
        f"Least of {given.repeat} rounds; the load of the machine was {load} at their beginning.",
    ]
    for name in TITLES:
        lines += ["", *table(WORK / name, measure(WORK / name, given.repeat))]
    text = "\n".join(lines)
    print(text)
    if given.write:
        put(README, "reader", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
