"""Files that are no checkpoints, named as what they are."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from pthreport.checkpoint import CheckpointError, open_checkpoint


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"\n  <html lang=en>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "git lfs pull"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG picture"),
        (gzip.compress(b"PK", mtime=0), "gunzip"),
        (tar(), "a tar archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(20), "an HDF5 file"),
        (b"GGUF\x01\x00\x00\x00" + bytes(20), "GGUF of version 1: versions 2 and 3 are read"),
        (b"\x93NUMPY\x01\x00", "a numpy array"),
        (b'{"weights": {}}', "a JSON text"),
        (b'{"weight_map": {}}', "none of the shards"),
        (bytes(5000), "zero bytes"),
        (b"hello there\n", "a text file, not a checkpoint; it begins with"),
        (b"\xde\xad\xbe\xef", "begins with bytes de ad be ef"),
    ],
)
def test_what_it_is_instead(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "model.pth"
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match=words) as raised:
        open_checkpoint(file)
    assert "\n" not in raised.value.message


def test_places_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such file"):
        open_checkpoint(tmp_path / "none.pth")
    with pytest.raises(CheckpointError, match="an empty folder"):
        open_checkpoint(tmp_path)
    with pytest.raises(CheckpointError, match="NUL"):
        open_checkpoint("a\0b")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CheckpointError, match="not a regular file"):
        open_checkpoint(tmp_path / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    file = tmp_path / "secret.pth"
    file.write_bytes(b"x")
    file.chmod(0)
    with pytest.raises(CheckpointError, match="no permission"):
        open_checkpoint(file)
