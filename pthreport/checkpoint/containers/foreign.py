"""Files that people take for checkpoints, named as what they are."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Foreign:
    """`matches` looks at the first bytes; `message` is the line for the person who opened it."""

    message: str
    matches: Callable[[bytes], bool]


def _starts(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magic)


def _is_html(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--"))


FOREIGN = (
    Foreign(
        "an HTML page, not a checkpoint: the download gave a web page, log in or use the raw link", _is_html
    ),
    Foreign(
        "a Git LFS pointer, not the checkpoint itself: fetch it with `git lfs pull`",
        _starts(b"version https://git-lfs.github.com/spec/"),
    ),
    Foreign("a PNG picture, not a checkpoint", _starts(b"\x89PNG\r\n\x1a\n")),
    Foreign("a JPEG picture, not a checkpoint", _starts(b"\xff\xd8\xff")),
    Foreign("a GIF picture, not a checkpoint", _starts(b"GIF87a", b"GIF89a")),
    Foreign("a PDF document, not a checkpoint", _starts(b"%PDF-")),
    Foreign("compressed with gzip: unpack it with `gunzip` first", _starts(b"\x1f\x8b")),
    Foreign("compressed with bzip2: unpack it with `bunzip2` first", _starts(b"BZh")),
    Foreign("compressed with xz: unpack it with `unxz` first", _starts(b"\xfd7zXZ\x00")),
    Foreign("compressed with zstandard: unpack it with `unzstd` first", _starts(b"\x28\xb5\x2f\xfd")),
    Foreign("a 7-Zip archive: unpack it first", _starts(b"7z\xbc\xaf\x27\x1c")),
    Foreign("a RAR archive: unpack it first", _starts(b"Rar!\x1a\x07")),
    Foreign("an HDF5 file (Keras?), not a PyTorch checkpoint", _starts(b"\x89HDF\r\n\x1a\n")),
    Foreign("an old GGML file, which is not read", _starts(b"lmgg", b"fmgg", b"tjgg")),
    Foreign("a numpy array (.npy), not a checkpoint", _starts(b"\x93NUMPY")),
    Foreign("a program (ELF), not a checkpoint", _starts(b"\x7fELF")),
    Foreign("a TensorFlow Lite model, not a PyTorch checkpoint", lambda head: head[4:8] == b"TFL3"),
    Foreign(
        "an ONNX model, not a PyTorch checkpoint", lambda head: head[:1] == b"\x08" and b"\x12" in head[2:4]
    ),
    Foreign("an SQLite database, not a checkpoint", _starts(b"SQLite format 3\x00")),
    Foreign("an XML or SVG text, not a checkpoint", _starts(b"<?xml", b"<svg")),
    Foreign("a JSON text, not a checkpoint", lambda head: head.lstrip()[:1] == b"{" and b'"' in head[:64]),
)
"""Each by its first bytes; the first that matches is meant."""


def foreign(head: bytes) -> str | None:
    """What a file with these first bytes is, None where that is not known."""
    for row in FOREIGN:
        if row.matches(head):
            return row.message
    return None


def unknown(head: bytes) -> str:
    """The line for a file that nothing is known of."""
    if head.strip(b"\0") == b"":
        return "nothing but zero bytes at its beginning: an unfinished download, not a checkpoint"
    if all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in head[:256]):
        return f"a text file, not a checkpoint; it begins with {head[:32].decode('ascii')!r}"
    return f"not a checkpoint: no format that is known begins with bytes {head[:8].hex(' ')}"
