"""Files by the thousand, each read by the reader and loaded by real loaders in a jail.

python -m tests.oracle                          # 2,000 files
python -m tests.oracle -n 200000 --jobs 2       # more, on two processors
python -m tests.oracle --seed today -n 5000     # others
python -m tests.oracle --files FILE...          # files of your own, of any origin

The same seed makes the same files. What is found is made smaller and written to fuzz/work/oracle, with one line each
on standard output; the exit code is 1 then.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.oracle.run import FOUND, Found, Tally, run_files, run_seeds

SHARE = 2_000
"""Files of one task."""


def main() -> int:
    """1 where anything was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.oracle", description="Real loaders against the reader."
    )
    parser.add_argument("-n", type=int, default=2_000, metavar="COUNT", help="files (default: 2,000)")
    parser.add_argument("--seed", default="1", help="makes other files (default: 1)")
    parser.add_argument(
        "--jobs", type=int, default=1, help="processes, each with a jail of its own (default: 1)"
    )
    parser.add_argument("--files", nargs="+", type=Path, default=[], help="files that are there instead")
    given = parser.parse_args()
    began = time.monotonic()
    if given.files:
        results = [run_files(given.files)]
    else:
        shares = [(given.seed, at, min(given.n, at + SHARE)) for at in range(0, given.n, SHARE)]
        if given.jobs > 1:
            with ProcessPoolExecutor(given.jobs) as pool:
                results = list(pool.map(run_seeds, *zip(*shares, strict=True)))
        else:
            results = [run_seeds(*share) for share in shares]
    tally = sum((one for one, _ in results), Tally(Counter()))
    found = [one for _, some in results for one in some]
    kinds: dict[str, Found] = {}
    for one in found:
        kinds.setdefault(one.fault.signature, one)
    for signature, one in sorted(kinds.items()):
        count = sum(other.fault.signature == signature for other in found)
        print(f"{count:6,} x {signature}: {one.fault.what} in {one.path}")
    print(
        f"{tally} {time.monotonic() - began:.0f} s. {len(kinds)} kinds of faults"
        + (f", in {FOUND}" if kinds else "")
    )
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
