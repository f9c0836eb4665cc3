"""Small files that would cost a careless reader hours or gigabytes."""

import struct
import time
from pathlib import Path

import pytest

from pthreport.checkpoint import CheckpointError, Limits, open_checkpoint, walk

P = b"\x80\x04"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def tuple_key(number: int) -> bytes:
    """Sixteen times -1 or -2: hash(-1) == hash(-2), so all such tuples collide."""
    return b"(" + b"".join(b"J" + struct.pack("<i", -1 - (number >> bit & 1)) for bit in range(16)) + b"tN"


WIDE_DICT = b"}(" + b"".join(text(str(number)) + b"N" for number in range(20_000)) + b"u"
BOMBS = {
    "nested tuples": P + b"N" + b"\x85" * 200_000 + b".",
    "nested lists": P + b"]" * 100_000 + b"a" * 99_999 + b".",
    "nested objects": P + b"ca\nb\nq\x000" + b"h\x00)\x81" * 100_000 + b"b" * 99_999 + b".",
    "shared pairs": P + b")" + b"2\x86" * 60 + b".",
    "colliding keys": P + b"}(" + b"".join(map(tuple_key, range(20_000))) + b"u.",
    "colliding numbers": P
    + b"}("
    + b"".join(b"\x8a\x0a" + (n * (2**61 - 1)).to_bytes(10, "little") + b"N" for n in range(1, 30_000))
    + b"u.",
    "one state for many": P
    + b"ca\nb\nq\x000"
    + WIDE_DICT
    + b"q\x010("
    + b"h\x00)\x81h\x01b" * 20_000
    + b"l.",
    "one list copied often": P
    + b"ccollections\nOrderedDict\nq\x00("
    + b"".join(text(str(n)) + b"N\x86" for n in range(20_000))
    + b"l\x85q\x010("
    + b"h\x00h\x01R" * 5_000
    + b"l.",
    "slots merged often": P
    + b"ca\nb\nq\x000N"
    + WIDE_DICT
    + b"\x86q\x010("
    + b"h\x00)\x81h\x01b" * 20_000
    + b"l.",
    "self reference": P + b"}q\x00X\x01\x00\x00\x00ah\x00s.",
    "many calls that fail": P
    + b"ctorch._utils\n_rebuild_tensor\nq\x00N\x85q\x010("
    + b"h\x00h\x01R" * 50_000
    + b"l.",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_cheap(tmp_path: Path, name: str) -> None:
    file = tmp_path / "bomb.pkl"
    file.write_bytes(BOMBS[name])
    begin = time.process_time()
    with open_checkpoint(file, Limits(objects=400_000)) as checkpoint:
        assert sum(1 for _ in walk(checkpoint.tree)) > 1
        assert len(checkpoint.problems) < 600
    assert time.process_time() - begin < 60  # a tenth of a second or two: quadratic time is minutes


@pytest.mark.parametrize(
    "content",
    [
        P + b"\x8e" + struct.pack("<Q", 2**40) + b"x.",
        P + b"\x96" + struct.pack("<Q", 2**62) + b"x.",
        P + b"\x8b\xff\xff\xff\x7f.",
        P + b"\x95" + struct.pack("<Q", 2**62) + b".",
    ],
)
def test_sizes_are_not_allocated(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bomb.pkl"
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="left"):
        open_checkpoint(file)


def test_a_memo_index_allocates_nothing(tmp_path: Path) -> None:
    file = tmp_path / "bomb.pkl"
    file.write_bytes(P + b"]r\xff\xff\xff\xff0j\xff\xff\xff\xff.")
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tree == []
