"""Run the corpus, or files of your own, each in an interpreter of its own: what each cost, and what is wrong.

python -m tests.hostile                    # the whole corpus
python -m tests.hostile gadgets zips       # these groups
python -m tests.hostile --files FILE...    # other files: only what holds for any file is judged
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.corpus import GROUPS, write
from tests.hostile.run import Task, common_faults, faults, watched

SECONDS = 10
"""Seconds of processor time that a file may take on a machine of today."""


def main() -> int:
    """1 where anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description="Run the hostile corpus.")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], help="groups (default: all)")
    parser.add_argument("--files", nargs="+", type=Path, default=[], help="files of your own")
    given = parser.parse_args()
    wrong = slow = count = 0
    longest, largest = ("", 0.0), ("", 0)
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder)
        chosen = [] if given.files and not given.groups else given.groups or list(GROUPS)
        cases = [case for group in chosen for case in GROUPS[group]]
        tasks: list[tuple[Case | None, Task]] = [
            (case, Task(case.name, write(case, reports / "files"), reports)) for case in cases
        ]
        tasks += [(None, Task(f"file-{at}", file, reports)) for at, file in enumerate(given.files)]
        for case, task in tasks:
            (result,) = watched([task])
            found = list(common_faults(task, result)) if case is None else faults(case, task, result)
            count, wrong, slow = count + 1, wrong + bool(found), slow + (result["seconds"] > SECONDS)
            longest = max(longest, (task.name, result["seconds"]), key=lambda one: one[1])
            largest = max(largest, (task.name, result["peak"]), key=lambda one: one[1])
            title = task.path.name if case is None else task.name
            print(
                f"{title:40} exit {result['exit']} {result['seconds']:6.2f} s {result['peak'] >> 20:5} MiB",
                *found,
            )
            sys.stdout.flush()
    print(
        f"{count} files, {wrong} with faults, {slow} over {SECONDS} s; "
        f"longest {longest[0]} {longest[1]:.2f} s, largest {largest[0]} {largest[1] >> 20} MiB"
    )
    return 1 if wrong or slow else 0


if __name__ == "__main__":
    sys.exit(main())
