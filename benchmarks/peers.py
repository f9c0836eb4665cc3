"""The other tool that is measured, in an environment of its own so that its versions bind nobody else's."""

import subprocess
import sys
from pathlib import Path

WEIGHTLENS = "weightlens==0.3.0"
TORCH = "torch==2.13.0"


def weightlens(work: Path) -> Path:
    """The command `lens` of weightlens 0.3.0, installed under `work` where it is not yet.

    torch of the version that constraints.txt names: both tools then read with the same one.
    """
    folder = work / "weightlens-venv"
    lens = folder / "bin" / "lens"
    if not lens.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--disable-pip-version-check", TORCH, WEIGHTLENS], check=True)
    return lens
