"""The archives that torch writes, distinguished by the names of their members."""

from collections.abc import Callable
from dataclasses import dataclass

from pthreport.checkpoint.containers import torch_export, torch_package, torch_zip, torchscript
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.zip_archive import Archive, open_archive
from pthreport.checkpoint.containers.zip_directory import END, END_REACH
from pthreport.checkpoint.errors import FormatError
from pthreport.document.numbers import plural


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of archive: its word in the contract, `matches` by the members' names, `read`."""

    container: str
    matches: Callable[[Archive], bool]
    read: Callable[[Reading, Archive], None]


LAYOUTS = (
    Layout("torch-package", torch_package.matches, torch_package.read),
    Layout("torch-export", torch_export.matches, torch_export.read),
    Layout("torchscript", torchscript.matches, torchscript.read),
    Layout("torch-zip", torch_zip.matches, torch_zip.read),
)
"""Tried in this order."""


def read(reading: Reading) -> None:
    """Read a zip; raises `FormatError` where it is no checkpoint."""
    archive = open_archive(reading)
    for layout in LAYOUTS:
        if layout.matches(archive):
            layout.read(reading, archive)
            return
    raise FormatError(_what_zip(list(archive.members)))


def read_behind(reading: Reading) -> None:
    """Read a zip that follows other bytes; raises `FormatError` where there is none."""
    if END not in reading.file.source.read(reading.file.source.length - END_REACH, END_REACH):
        raise FormatError("no zip")
    read(reading)


def _what_zip(names: list[str]) -> str:
    if any(name.endswith(".npy") for name in names):
        return "a zip of numpy arrays (.npz), not a PyTorch checkpoint"
    if "word/document.xml" in names or "[Content_Types].xml" in names:
        return "an office document, not a checkpoint"
    if any(name.endswith("config.json") for name in names) and any(name.endswith(".h5") for name in names):
        return "a Keras archive, not a PyTorch checkpoint"
    if any(name.endswith("/model.json") for name in names) and any("/code/" in name for name in names):
        return "a TorchScript archive from before torch 1.4 (model.json), which is not read: load and save it again"
    listed = ", ".join(repr(name[:40]) for name in names[:3])
    return f"a zip without a data.pkl ({plural(len(names), 'member')}: {listed}), not a torch checkpoint"
