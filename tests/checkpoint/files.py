"""Files for the reader's tests, written by the real writers or changed from what they wrote."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch


def save(path: Path, value: object, **options: Any) -> Path:
    """torch.save, and the path."""
    torch.save(value, path, **options)
    return path


def rezip(
    source: Path,
    target: Path,
    *,
    rename: Callable[[str], str | None] = lambda name: name,
    change: Callable[[str, bytes], bytes] = lambda _name, content: content,
    method: int = zipfile.ZIP_STORED,
) -> Path:
    """Write an archive again by Python's zipfile: renamed, changed, compressed members."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", method) as new:
        for name in old.namelist():
            renamed = rename(name)
            if renamed is not None:
                new.writestr(renamed, change(name, old.read(name)))
    return target


def add_member(source: Path, target: Path, name: str, content: bytes) -> Path:
    """The same archive with one more member."""
    target.write_bytes(source.read_bytes())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, content)
    return target


def saved_bytes(value: object, **options: Any) -> bytes:
    """What torch.save writes."""
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def same(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    """Equal in type, shape and every bit of every value."""
    theirs = theirs.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
    ours = ours.contiguous()
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return False
    return torch.equal(ours.reshape(-1).view(torch.uint8), theirs.reshape(-1).view(torch.uint8))
