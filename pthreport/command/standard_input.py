"""Standard input as a file that can be read by position."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def checkpoint_path(given: str) -> Iterator[Path]:
    """The path of `given`; for "-" that of a temporary file with all of standard input, gone afterwards."""
    if given != "-":
        yield Path(given)
        return
    with tempfile.TemporaryDirectory(prefix="pthreport-") as folder:
        path = Path(folder) / "standard-input"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        yield path
