"""Nanoseconds an element of our one pass beside numpy's separate calls and beside one sum.

    python -m benchmarks.statistics [--mib 256] [--repeat 3]

One process, one file in the page cache, the least of several rounds, in which all take turns. Ours
reads the values from the file each time; numpy's have them in memory.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from pthreport.checkpoint import open_checkpoint
from pthreport.measure import Task, measure
from pthreport.measure.source import Array

LEVELS = (0.1, 1, 5, 25, 50, 75, 95, 99, 99.9)
COLUMNS = 4096


def separate_calls(values: Array) -> None:
    """What people write: one call a figure, each over the whole array."""
    values.mean()
    values.std()
    values.min()
    values.max()
    np.percentile(values, LEVELS)
    np.histogram(values, 64)


def ours(path: Path, jobs: int, full: bool) -> None:
    """Our pass; `full` with units, duplicates and the picture."""
    with open_checkpoint(path) as checkpoint:
        measure(
            [
                Task(tensor, unit_axis=0 if full else None, picture="matrix" if full else None)
                for tensor in checkpoint.tensors.values()
            ],
            jobs=jobs,
        )


def least(cases: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Seconds of the fastest of `repeat` rounds of each case."""
    best: dict[str, float] = {}
    for _ in range(repeat):
        for name, case in cases.items():
            start = time.perf_counter()
            case()
            took = time.perf_counter() - start
            best[name] = min(took, best.get(name, took))
    return best


def main() -> None:
    """Print a table for float32 and bfloat16."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mib", type=int, default=256, help="size of the float32 values (default 256)")
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    rows = arguments.mib * 2**20 // 4 // COLUMNS
    count = rows * COLUMNS
    jobs = os.cpu_count() or 1
    values = torch.randn(rows, COLUMNS, generator=torch.Generator().manual_seed(0)) * 0.02
    with tempfile.TemporaryDirectory() as folder:
        for name, tensor in (("float32", values), ("bfloat16", values.bfloat16())):
            path = Path(folder) / f"{name}.pt"
            torch.save({f"part{i}": part.clone() for i, part in enumerate(tensor.chunk(4))}, path)
        array = values.numpy()
        files = {name: Path(folder) / f"{name}.pt" for name in ("float32", "bfloat16")}
        cases: dict[str, Callable[[], object]] = {"numpy.sum": array.sum}
        for name, path in files.items():
            for workers in sorted({1, jobs}):
                cases[f"ours, {name}, {workers} jobs"] = partial(ours, path, workers, False)
                cases[f"ours with units and picture, {name}, {workers} jobs"] = partial(
                    ours, path, workers, True
                )
        best = least(cases, arguments.repeat)
        best |= least({"numpy, separate calls": lambda: separate_calls(array)}, 1)
    floor, theirs = best["numpy.sum"], best["numpy, separate calls"]
    print(f"{count:,} elements, {jobs} cores, numpy {np.__version__}\n")
    print("| pass | ns an element | of separate calls | times one sum |")
    print("| --- | ---: | ---: | ---: |")
    for name, seconds in best.items():
        print(f"| {name} | {seconds / count * 1e9:.2f} | {seconds / theirs:.3f} | {seconds / floor:.1f} |")


if __name__ == "__main__":
    main()
