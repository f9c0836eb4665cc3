"""Seconds of the processor from a file to its tree, beside torch's restricted loader and CPython's disassembler.

    python -m benchmarks.reading [--repeat 3] [--write]

A state dict of 10,000 tensors, and a pickle of a million small values; one process, the files in the page
cache, the least of several rounds, in which all take turns. torch.load rebuilds what we only describe;
pickletools.genops decodes the same instructions and does nothing with them.
"""

import argparse
import pickle
import pickletools
import platform
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from benchmarks.table import put
from pthreport.checkpoint import open_checkpoint

README = Path(__file__).with_name("README.md")
GOAL = 1.5
"""Seconds in which the 10,000 tensors are to be read."""


def state_dict(path: Path) -> None:
    """10,000 small tensors, named as a deep network's are."""
    leaves = ("weight", "bias", "norm.weight", "norm.bias")
    torch.save(
        {f"blocks.{at // 4}.layer.{leaves[at % 4]}": torch.zeros(4, 2) for at in range(10_000)}, path
    )


def million_values(path: Path) -> None:
    """A history as people keep it: a million numbers and texts in lists and dicts."""
    rows = [{"step": at, "loss": at / 7, "name": f"run {at % 10}"} for at in range(250_000)]
    path.write_bytes(pickle.dumps({"history": rows}, protocol=4))


def ours(path: Path) -> None:
    """The file opened: its tree, its tensors by path, its imports."""
    with open_checkpoint(path) as checkpoint:
        assert checkpoint.complete, checkpoint.problems


def restricted(path: Path) -> None:
    """torch's loader with its own list of names."""
    torch.load(path, weights_only=True)


def disassembled(path: Path) -> None:
    """Every instruction decoded."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
            content = archive.read(name)
    else:
        content = path.read_bytes()
    for _ in pickletools.genops(content):
        pass


def least(cases: dict[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Seconds of the processor in the cheapest of `repeat` rounds of each case."""
    best: dict[str, float] = {}
    for _ in range(repeat):
        for name, case in cases.items():
            start = time.process_time()
            case()
            took = time.process_time() - start
            best[name] = min(took, best.get(name, took))
    return best


def main() -> None:
    """Print the table, and whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tensors, values = Path(folder) / "tensors.pth", Path(folder) / "values.pkl"
        state_dict(tensors)
        million_values(values)
        found = [
            (
                label,
                path,
                least(
                    {
                        "pthreport": partial(ours, path),
                        "pickletools.genops": partial(disassembled, path),
                        **({"torch.load(weights_only=True)": partial(restricted, path)} if torchs else {}),
                    },
                    given.repeat,
                ),
            )
            for label, path, torchs in (
                ("10,000 tensors", tensors, True),
                ("1,000,000 values", values, False),
            )
        ]
        lines = ["| file | reader | cpu s | ours / this |", "| --- | --- | ---: | ---: |"]
        for label, path, costs in found:
            size = path.stat().st_size / 1e6
            for name, seconds in costs.items():
                share = costs["pthreport"] / seconds
                lines.append(f"| {label} ({size:.1f} MB) | {name} | {seconds:.2f} | {share:.2f} |")
        took = found[0][2]["pthreport"]
    verdict = (
        f"{'met' if took <= GOAL else 'MISSED'}: 10,000 tensors in at most {GOAL} s; it is {took:.2f} s"
    )
    text = "\n".join(
        [*lines, "", f"- {verdict}", f"- torch {torch.__version__}, Python {platform.python_version()}"]
    )
    print(text)
    if given.write:
        put(README, "reading", text)


if __name__ == "__main__":
    main()
