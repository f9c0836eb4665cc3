"""Where the templates are: packed in the wheel, or beside the package in a checkout."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def templates_folder() -> Traversable:
    """The folder of the templates. Raises `FileNotFoundError` where the installation lacks it."""
    packed = resources.files("pthreport").joinpath("templates")
    if packed.is_dir():
        return packed
    beside = Path(__file__).resolve().parents[2] / "templates"
    if beside.is_dir():
        return beside
    raise FileNotFoundError("pthreport's templates are missing: the installation is not complete")
