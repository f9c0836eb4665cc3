"""Run the benchmarks: `python -m benchmarks [--repeat N] [--only WORD]... [--write]`."""

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.cases import BENCHES, Bench, Tools
from benchmarks.peers import weightlens
from benchmarks.process import Cost, ProcessError, least, run
from benchmarks.table import rows, verdicts

HERE = Path(__file__).parent
README = HERE / "README.md"
MARK = "<!-- results -->"


def measure(bench: Bench, tools: Tools, repeat: int, only: list[str]) -> tuple[dict[str, Cost], int]:
    """The least cost of each case by its name, and how many runs failed.

    Every case once around, then again: a disturbance then hits all of them, not one.
    """
    path = tools.work / bench.file
    cases = [case for case in bench.cases if not only or any(word in case.name for word in only)]
    # All of them find the file in the system's page cache, the first as well as the last.
    run(
        [sys.executable, "-m", "benchmarks.floors", "bytes", str(path)],
        tools.work / "last.log",
        cwd=HERE.parent,
    )
    costs: dict[str, list[Cost]] = {}
    failures = 0
    for turn in range(repeat):
        for case in cases:
            if case.slow and turn:
                continue
            print(f"  {case.name} ...", file=sys.stderr, flush=True)
            try:
                cost = run(case.command(tools, path), tools.work / "last.log", cwd=HERE.parent)
            except ProcessError as error:
                print(f"  failed: {error}", file=sys.stderr)
                failures += 1
                continue
            costs.setdefault(case.name, []).append(cost)
    return {name: least(each) for name, each in costs.items()}, failures


def machine() -> str:
    """What the figures depend on, in one line."""
    names = ("torch", "numpy", "matplotlib")
    versions = ", ".join(f"{name} {_version(name)}" for name in names)
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}."
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def main() -> int:
    """1 where a process failed; a missed target is printed, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run the benchmarks.")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each process; the least counts (3)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="WORD", help="rows with WORD in them"
    )
    parser.add_argument("--write", action="store_true", help=f"put the tables into {README.name}")
    args = parser.parse_args()

    work = HERE / "work"
    work.mkdir(exist_ok=True)
    # Made in a process of its own: a parent's peak of memory shows in its children's.
    subprocess.run([sys.executable, "-m", "benchmarks.files", str(work)], check=True, cwd=HERE.parent)
    tools = Tools(work=work, lens=weightlens(work))

    lines = [machine(), f"Least of {args.repeat} runs; today's script once."]
    failed = 0
    for bench in BENCHES:
        print(bench.title, file=sys.stderr)
        costs, failures = measure(bench, tools, args.repeat, args.only)
        failed += failures
        if costs:
            lines += ["", f"### {bench.title}", "", *rows(bench, costs), "", *verdicts(bench, costs)]
    text = "\n".join(lines)
    print(text)
    if args.write:
        before, _, _ = README.read_text().partition(MARK)
        README.write_text(f"{before}{MARK}\n\n{text}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
