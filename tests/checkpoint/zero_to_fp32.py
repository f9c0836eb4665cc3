"""Run as a program: what DeepSpeed's own `zero_to_fp32.py` puts together, saved by torch.

    python -m tests.checkpoint.zero_to_fp32 SOURCES FOLDER OUTPUT

SOURCES is an unpacked source distribution of deepspeed, of which two files are used; the rest needs a
compiler. The script unpickles: only for folders that a test wrote itself.
"""

import importlib.util
import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import torch


def module(name: str, file: Path) -> Any:
    """The module in a file, under a name."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


def main(sources: Path, folder: Path, output: Path) -> None:
    """Put the folder's weights together as the script does."""
    for name in ("deepspeed", "deepspeed.utils", "deepspeed.checkpoint"):
        sys.modules[name] = ModuleType(name)
    sys.modules["deepspeed.utils"].__dict__["logger"] = logging.getLogger("deepspeed")
    module("deepspeed.checkpoint.constants", sources / "deepspeed" / "checkpoint" / "constants.py")
    script = module("zero_to_fp32", sources / "deepspeed" / "utils" / "zero_to_fp32.py")
    found = script.get_fp32_state_dict_from_zero_checkpoint(str(folder.parent), folder.name)
    torch.save({name: value.clone() for name, value in found.items()}, output)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
