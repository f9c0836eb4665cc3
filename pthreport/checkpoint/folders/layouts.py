"""Which kind of checkpoint a folder is: decided by what its files are, the best-known layouts first."""

import os
from pathlib import Path

from pthreport.checkpoint.containers import tar_archive
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.table import CONTAINERS
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.folders import dcp, deepspeed, sharded
from pthreport.checkpoint.folders.folder import Folder, open_path, short
from pthreport.checkpoint.folders.part import read_file
from pthreport.checkpoint.folders.sidecars import add_sidecars, is_sidecar
from pthreport.checkpoint.source import Source
from pthreport.document.numbers import plural
from pthreport.document.text import listed

WEIGHTS = (
    "model.safetensors",
    "pytorch_model.bin",
    "diffusion_pytorch_model.safetensors",
    "diffusion_pytorch_model.bin",
    "adapter_model.safetensors",
    "adapter_model.bin",
)
"""Names of single files of weights, in the order in which libraries look for them."""

SYSTEM = b"sys_info\0"

LOOKED_AT = 2_000
"""Files of a folder whose first bytes are looked at."""


def open_folder(path: Path, file: Source | None) -> Folder | None:
    """The folder to read where `path` is one, or is the index (open as `file`) of one; else None.

    Raises `CheckpointError` where the folder cannot be opened.
    """
    if file is not None:
        return open_path(path.parent) if sharded.is_index(file.read(0, 4096), path.name) else None
    return open_path(path) if os.path.isdir(path) else None


def read(reading: Reading, folder: Folder) -> None:
    """Read a folder, or the index at the reading's own path; raises `FormatError`."""
    if reading.file.path != folder.path:
        sharded.read_index(reading, folder, reading.file.path.name)
        weights = "weights"
    else:
        weights = _weights(reading, folder)
    add_sidecars(reading, folder, weights)


def _weights(reading: Reading, folder: Folder) -> str:
    """Read the weights, and give the key for them."""
    names = folder.names
    if not names:
        raise FormatError("an empty folder")
    metadata = dcp.recognise(folder)
    if metadata is not None:
        dcp.read(reading, folder, metadata)
        return "saved"
    if deepspeed.recognise(folder):
        deepspeed.read(reading, folder)
        return "saved"
    indexes = [name for name in names if name.endswith(sharded.INDEX_ENDING)]
    if indexes:
        chosen = min(indexes, key=lambda name: (".safetensors." not in name, len(name), name))
        _left_aside(reading, [name for name in indexes if name != chosen])
        sharded.read_index(reading, folder, chosen)
        return "weights"
    sets = sharded.numbered(names)
    if sets and not any(name in names for name in WEIGHTS):
        key = min(sets, key=lambda one: (one[2] != ".safetensors", one[0]))
        _left_aside(reading, [f"{one[0]}-...{one[2]}" for one in sets if one != key])
        sharded.read_numbered(reading, folder, key[1], sets[key])
        return "weights"
    if not any(name in names for name in WEIGHTS):
        below = deepspeed.latest(folder)
        if below is not None:
            deepspeed.read(reading, below)
            return "saved"
    return _single(reading, folder)


def _single(reading: Reading, folder: Folder) -> str:
    """Read the one file of weights in the folder."""
    known = [name for name in WEIGHTS if name in folder.names]
    found = known[:1] or [name for name in folder.names[:LOOKED_AT] if _is_checkpoint(folder, name)]
    if not found:
        raise FormatError(_what_is_there(folder))
    if len(found) > 1:
        names = listed((short(name) for name in found), 4)
        raise FormatError(f"a folder of {len(found):,} checkpoints, name one of them: {names}")
    _left_aside(reading, known[1:])
    part = read_file(reading, folder, found[0])
    if part is None:
        raise FormatError(next(one.text for one in reading.result.problems if one.partial))
    reading.result.container = part.result.container
    reading.result.format.update(part.result.format)
    reading.result.format["weights"] = found[0]
    reading.result.tree = part.result.tree
    return found[0].rpartition(".")[0] or found[0]


def _is_checkpoint(folder: Folder, name: str) -> bool:
    if is_sidecar(name):
        return False
    try:
        head, size = folder.peek(name)
    except FormatError:
        return False  # a folder, a device, a link: nothing that is read here
    if tar_archive.recognise(head, size) and SYSTEM not in head:
        return False  # torch's own begins with this member; data sets come as tars, too
    return any(one.recognise(head, size) for one in CONTAINERS)


def _left_aside(reading: Reading, names: list[str]) -> None:
    if names:
        reading.result.format["left aside"] = ", ".join(short(name) for name in names[:8])


def _what_is_there(folder: Folder) -> str:
    entries = plural(len(folder.names), "entry", "entries")
    names = listed((short(name) for name in folder.names), 6)
    return f"a folder without a checkpoint that is known in it ({entries}: {names})"
