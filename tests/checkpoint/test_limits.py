"""Limits: what each is called, how it is set, and that it holds where it should."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from pthreport.checkpoint import (
    CheckpointError,
    LimitError,
    Limits,
    ReadError,
    listing,
    open_checkpoint,
    with_settings,
)
from tests.checkpoint.files import rezip, save, saved_bytes


def test_every_limit_says_what_it_bounds() -> None:
    names = [name for name, _, _ in listing()]
    assert len(names) == len(set(names)) >= 20
    for name, default, what in listing():
        assert default == getattr(Limits(), name) > 0
        assert what[0].islower()
        assert not what.endswith(".")


def test_settings_change_what_they_name() -> None:
    limits = with_settings(["opcodes=50_000", "header-bytes = 100MiB", "tensors=1,000", "opcodes=7"])
    assert (limits.opcodes, limits.header_bytes, limits.tensors) == (7, 100 * 2**20, 1000)
    assert limits.changed() == {
        "limit opcodes": "7",
        "limit tensors": "1,000",
        "limit header_bytes": "104,857,600",
    }
    assert with_settings([]) == Limits()
    assert Limits().changed() == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("opcode=1", "nearest: opcodes"),
        ("opcodes", "needs a whole number"),
        ("opcodes=", "needs a whole number"),
        ("opcodes=-1", "needs a whole number"),
        ("opcodes=1e6", "needs a whole number"),
        ("opcodes=1MB", "needs a whole number"),
        ("rank=65", "from 0 to 64"),
        ("nested_depth=33", "from 0 to 32"),
        ("nodes=99999999999GiB", "from 0 to"),
        ("__init__=1", "no limit"),
    ],
)
def test_settings_that_are_none(text: str, words: str) -> None:
    with pytest.raises(LimitError, match=words) as error:
        with_settings([text])
    assert "\n" not in str(error.value)
    with pytest.raises(LimitError, match="rank"):
        Limits(rank=-1)


def test_a_limit_that_is_raised_lets_more_through(tmp_path: Path) -> None:
    file = save(tmp_path / "x.pt", {f"layer{number}": torch.ones(1) for number in range(20)})
    with open_checkpoint(file, Limits(tensors=5)) as checkpoint:
        assert not checkpoint.complete
        assert "more than 5 tensors (limit tensors is 5: --limit tensors=N raises it)" in str(
            checkpoint.problems
        )
    with open_checkpoint(file, Limits(tensors=20)) as checkpoint:
        assert checkpoint.complete


def test_a_tree_that_is_cut_says_by_which_limit(tmp_path: Path) -> None:
    file = tmp_path / "x.pkl"
    file.write_bytes(pickle.dumps({"a": {"b": {"c": 1}}, "d": list(range(100))}))
    with open_checkpoint(file, Limits(depth=2)) as checkpoint:
        assert [one.text for one in checkpoint.problems] == [
            "1 value below are not shown (limit depth is 2: --limit depth=N raises it)"
        ]
    with open_checkpoint(file, Limits(nodes=50)) as checkpoint:
        assert "limit nodes is 50" in checkpoint.problems[0].text


def test_files_inside_share_the_room_of_compressed_members(tmp_path: Path) -> None:
    """Twenty archives in one file expand to no more than one may."""
    plain = save(tmp_path / "inner.pt", torch.zeros(10_000))
    packed = rezip(plain, tmp_path / "packed.pt", method=zipfile.ZIP_DEFLATED).read_bytes()

    class Nested:
        def __init__(self, number: int) -> None:
            self.number = number

        def __reduce__(self) -> Any:
            return torch.storage._load_from_bytes, (packed + bytes([self.number]),)

    content = pickle.dumps([Nested(number) for number in range(20)])
    file = tmp_path / "outer.pkl"
    file.write_bytes(content)

    def unread(limits: Limits) -> int:
        with open_checkpoint(file, limits) as checkpoint:
            refused: list[str] = []
            for tensor in checkpoint.tensors.values():
                try:
                    tensor.numpy()
                except ReadError as error:
                    refused.append(str(error))
            assert len(refused) < 20 == len(checkpoint.tensors)
            assert all("limit inflated_bytes is" in text for text in refused)
            return len(refused)

    assert unread(Limits(inflated_bytes=10 * 41_000, inflated_ratio=0)) >= 10
    assert unread(Limits(inflated_bytes=0, inflated_ratio=0x1000)) == 0
    assert unread(Limits()) == 0


def test_a_large_file_may_expand_in_proportion(tmp_path: Path) -> None:
    buffer = io.BytesIO(saved_bytes({"noise": torch.randint(0, 256, (100_000,), dtype=torch.uint8)}))
    plain = tmp_path / "x.pt"
    plain.write_bytes(buffer.getvalue())
    packed = rezip(plain, tmp_path / "packed.pt", method=zipfile.ZIP_DEFLATED)
    with open_checkpoint(packed, Limits(inflated_bytes=10)) as checkpoint:
        assert checkpoint.tensors["noise"].numpy().shape == (100_000,)
    zeros = save(tmp_path / "z.pt", torch.zeros(100_000))
    bomb = rezip(zeros, tmp_path / "bomb.pt", method=zipfile.ZIP_DEFLATED)
    with (
        open_checkpoint(bomb, Limits(inflated_bytes=1000)) as checkpoint,
        pytest.raises(ReadError, match="--limit inflated_bytes=N raises it"),
    ):
        next(iter(checkpoint.tensors.values())).numpy()
    with pytest.raises(CheckpointError, match="inflated_bytes"):
        open_checkpoint(bomb, Limits(inflated_bytes=10, inflated_ratio=0))
