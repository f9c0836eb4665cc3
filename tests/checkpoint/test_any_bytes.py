"""Whatever the bytes: a tree, or one clear error, within limits.

`PTHREPORT_EVERY_BYTE=1` tries every prefix and every single-byte change instead of a sample.
"""

import io
import os
import pickle
import random
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save as save_safetensors

from pthreport.checkpoint import Checkpoint, CheckpointError, Limits, ReadError, open_checkpoint, walk
from pthreport.checkpoint.machine.run import HANDLERS
from tests.checkpoint.files import saved_bytes

EVERY = os.environ.get("PTHREPORT_EVERY_BYTE") == "1"
SAMPLE = 250
TIGHT = Limits(opcodes=50_000, objects=50_000, memo=50_000, nodes=50_000, depth=100, inflated_bytes=10**7)


@cache
def good() -> dict[str, bytes]:
    """One small good file of each container."""
    value = {
        "w": torch.arange(6.0).reshape(2, 3).t(),
        "n": [1, "two", 3.0],
        "p": torch.nn.Parameter(torch.ones(2)),
    }
    stored = saved_bytes(value)
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(stored)) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return {
        "zip": stored,
        "deflated": packed.getvalue(),
        "legacy": saved_bytes(value, _use_new_zipfile_serialization=False),
        "protocol 4": saved_bytes(value, _use_new_zipfile_serialization=False, pickle_protocol=4),
        "safetensors": save_safetensors({"w": torch.ones(2, 3), "b": torch.ones(1)}, {"a": "b"}),
        "pickle": pickle.dumps({"a": np.arange(5.0), "b": [1, {2, 3}, (None, b"x")]}, 4),
        "text pickle": pickle.dumps({"a": np.arange(5.0), "b": [1, {2, 3}, (None, b"x")]}, 0),
    }


def use(checkpoint: Checkpoint) -> None:
    """Everything a report does with a checkpoint's tree and tensors."""
    seen = sum(1 for _ in walk(checkpoint.tree, TIGHT))
    assert seen <= TIGHT.nodes + 1
    for path, tensor in checkpoint.tensors.items():
        path.encode()
        assert tensor.path == path
        if tensor.problem is not None:
            with pytest.raises(ReadError):
                tensor.read(0, 0)
        else:
            with suppress(ReadError):
                tensor.read(0, min(tensor.numel, 1000))
                if tensor.numel < 1000:
                    tensor.numpy()
    for problem in checkpoint.problems:
        assert problem.text.isprintable()
        assert problem.offset is None or problem.offset >= 0
    assert checkpoint.complete == (not any(problem.partial for problem in checkpoint.problems))
    checkpoint.verify()


def tried(file: Path, content: bytes) -> bool:
    """Whether the bytes open; anything but a tree or a CheckpointError fails the test."""
    file.write_bytes(content)
    try:
        with open_checkpoint(file, TIGHT) as checkpoint:
            use(checkpoint)
            return True
    except CheckpointError as error:
        message = error.message
    assert message
    assert message.isprintable()
    return False


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "x.pth"


@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=200),
    head=st.sampled_from([b"", b"\x80\x02", b"\x80\x04\x95", b"PK\x03\x04", b"}("]),
)
def test_any_bytes(file: Path, content: bytes, head: bytes) -> None:
    tried(file, head + content)


OPCODES = [bytes([code]) for code in range(256) if HANDLERS[code].__name__ != "refuse"]
PIECES = st.sampled_from(
    [
        *OPCODES,
        b"K\x01",
        b"X\x01\x00\x00\x00a",
        b"X\x06\x00\x00\x00latin1",
        b"c_codecs\nencode\n",
        b"ccollections\nOrderedDict\n",
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ctorch\nFloatStorage\n",
        b"cnumpy\nndarray\n",
        b"cnumpy\ndtype\n",
        b"cnumpy.core.multiarray\n_reconstruct\n",
        b"cbuiltins\nset\n",
        b"ccopyreg\n_reconstructor\n",
        b"q\x00",
        b"h\x00",
        b"\x95\x04\x00\x00\x00\x00\x00\x00\x00",
        b"(K\x01K\x02t",
    ]
)


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(PIECES, max_size=40))
def test_any_instructions(file: Path, pieces: list[bytes]) -> None:
    tried(file, b"\x80\x04" + b"".join(pieces) + b".")


def lengths(content: bytes | bytearray) -> Iterator[int]:
    step = 1 if EVERY else max(1, len(content) // SAMPLE)
    yield from range(0, len(content), step)


@pytest.mark.parametrize(
    "kind", ["zip", "deflated", "legacy", "protocol 4", "safetensors", "pickle", "text pickle"]
)
def test_every_prefix(file: Path, kind: str) -> None:
    content = good()[kind]
    assert tried(file, content)
    for length in lengths(content):
        tried(file, content[:length])


@pytest.mark.parametrize(
    "kind", ["zip", "deflated", "legacy", "protocol 4", "safetensors", "pickle", "text pickle"]
)
def test_every_changed_byte(file: Path, kind: str) -> None:
    content = bytearray(good()[kind])
    chance = random.Random(kind)
    for at in lengths(content):
        before = content[at]
        for value in (
            {before ^ 1, before ^ 0x80, 0, 255, chance.randrange(256)} if EVERY else {chance.randrange(256)}
        ):
            content[at] = value
            tried(file, bytes(content))
        content[at] = before
