"""Whatever the bytes: a tree, or one clear error, within limits.

`make prove` (PTHREPORT_PROVE=1) tries every prefix, and every value of every structural byte of four files,
instead of a sample. Structural are all bytes but the tensors' values and the padding before them.
"""

import io
import os
import pickle
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save as save_safetensors
from torch.distributed.checkpoint.state_dict_saver import save as save_folder

from pthreport.checkpoint import Checkpoint, CheckpointError, Limits, ReadError, open_checkpoint, walk
from pthreport.checkpoint.machine.run import HANDLERS
from tests.checkpoint.files import saved_bytes
from tests.hostile.legacy import TAR, tarred

EVERY = os.environ.get("PTHREPORT_PROVE") == "1"
SAMPLE = 250
FOUR = ("zip", "legacy", "safetensors", "script")
"""Files whose structural bytes take every value where every byte is tried."""

FILL = 24
"""A run of one byte so long is padding, or the values of a tensor of ones or zeros."""

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
        "script": _script(),
        "tar": tarred(**TAR),
        "gguf": _gguf(),
        "text pickle": pickle.dumps({"a": np.arange(5.0), "b": [1, {2, 3}, (None, b"x")]}, 0),
    }


def _script() -> bytes:
    """A TorchScript archive, as small as one gets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated; its files stay
        buffer = io.BytesIO()
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), buffer)
    return buffer.getvalue()


def _gguf() -> bytes:
    """Two keys, a plain tensor and a quantised one."""
    pairs = _counted(b"general.alignment") + struct.pack("<II", 4, 32)
    pairs += _counted(b"list") + struct.pack("<IIQ", 9, 8, 2) + _counted(b"a") + _counted(b"bc")
    infos = _counted(b"w") + struct.pack("<IQQIQ", 2, 3, 2, 0, 0)
    infos += _counted(b"q") + struct.pack("<IQIQ", 1, 32, 8, 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, 2) + pairs + infos
    return head + bytes(-len(head) % 32) + struct.pack("<6f", *range(6)) + bytes(8) + bytes(range(34))


def _counted(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


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
    assert checkpoint.torch_view is None or checkpoint.torch_view.version


def tried(file: Path, content: bytes, opened: Path | None = None) -> bool:
    """Whether the bytes open, by themselves or as a file of the folder `opened`; anything but a tree or a
    CheckpointError fails the test."""
    file.write_bytes(content)
    try:
        with open_checkpoint(opened or file, TIGHT) as checkpoint:
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


KINDS = tuple(good())


def structural(content: bytes) -> list[int]:
    """The positions of all bytes that do not belong to a run of one value."""
    long_runs = re.compile(rb"(.)\1{%d,}" % (FILL - 1), re.DOTALL)
    filled = {at for run in long_runs.finditer(content) for at in range(*run.span())}
    return [at for at in range(len(content)) if at not in filled]


def sampled(positions: Sequence[int], count: int) -> list[int]:
    """`count` of the positions, evenly."""
    step = max(1, len(positions) // count)
    return list(positions[::step])


@pytest.mark.parametrize("kind", KINDS)
def test_every_prefix(file: Path, kind: str) -> None:
    content = good()[kind]
    assert tried(file, content)
    lengths = range(len(content)) if EVERY else sampled(range(len(content)), SAMPLE)
    for length in lengths:
        tried(file, content[:length])


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_byte(file: Path, kind: str) -> None:
    content = bytearray(good()[kind])
    chance = random.Random(kind)
    skeleton = structural(bytes(content))
    rest = sorted(set(range(len(content))) - set(skeleton))
    for at in [*(skeleton if EVERY else sampled(skeleton, SAMPLE)), *sampled(rest, SAMPLE // 5)]:
        before = content[at]
        if not EVERY:
            values = {chance.randrange(256)}
        elif kind in FOUR:
            values = set(range(256))
        else:
            values = {before ^ 1, before ^ 0x80, 0, 255, chance.randrange(256)}
        for value in values - {before}:
            content[at] = value
            tried(file, bytes(content))
        content[at] = before


def test_what_is_structural() -> None:
    content = good()["zip"]
    assert set(range(content.index(b"data.pkl"))) <= set(structural(content))
    assert len(structural(b"ab" + bytes(FILL) + b"c")) == 3
    assert len(structural(b"ab" + bytes(FILL - 1) + b"c")) == FILL + 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that torch.distributed.checkpoint wrote."""
    made = tmp_path_factory.mktemp("any") / "dcp"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that there is one process only
        save_folder({"w": torch.arange(6.0).reshape(2, 3), "n": 1}, checkpoint_id=made)
    return made


def test_every_changed_byte_of_a_folder(folder: Path) -> None:
    metadata = folder / ".metadata"
    before = metadata.read_bytes()
    assert tried(metadata, before, folder)
    chance = random.Random(1)
    positions = range(len(before)) if EVERY else sampled(range(len(before)), SAMPLE // 2)
    for at in positions:
        tried(metadata, before[:at], folder)
        for value in {before[at] ^ 1, 0, 255, chance.randrange(256)} if EVERY else {chance.randrange(256)}:
            tried(metadata, before[:at] + bytes([value]) + before[at + 1 :], folder)
    metadata.write_bytes(before)
