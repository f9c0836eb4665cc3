"""One budget for a whole file: what pickles, members and views ask for is added up, however they are
nested, hidden or overlap."""

import struct
import zipfile
from pathlib import Path

import pytest
import torch

from pthreport import analyze
from pthreport.anatomy import describe
from pthreport.checkpoint import Checkpoint, CheckpointError, Limits, open_checkpoint, weights_only
from pthreport.checkpoint.limits import MIB
from pthreport.checkpoint.source import Stretch, open_file
from pthreport.survey.plan import measurable, tasks_for
from tests.checkpoint.files import add_member, rezip, save

NUMBERS = b"\x80\x02" + b"N0" * 400 + b"N."
EVIL = b"\x80\x02cos\nsystem\n."


def texts(checkpoint: Checkpoint) -> str:
    return "\n".join(problem.text for problem in checkpoint.problems)


def written(folder: Path, content: bytes) -> Path:
    file = folder / "x.pkl"
    file.write_bytes(content)
    return file


def test_pickles_behind_the_pickle_share_its_instructions(tmp_path: Path) -> None:
    file = written(tmp_path, b"\x80\x02]K\x01a." + NUMBERS * 3 + EVIL)
    with open_checkpoint(file) as checkpoint:
        assert {one.name for one in checkpoint.imports} == {"system"}
    with open_checkpoint(file, Limits(opcodes=1000)) as checkpoint:
        assert "not followed to its end: more than 1,000 opcodes (limit opcodes is 1,000" in texts(
            checkpoint
        )
        assert not checkpoint.complete


def test_pickles_of_an_archive_share_its_instructions(tmp_path: Path) -> None:
    file = save(tmp_path / "a.pt", {"a": 1})
    for name in "bcd":
        file = add_member(file, tmp_path / f"{name}.pt", f"a/{name}", NUMBERS)
    with open_checkpoint(file) as checkpoint:
        assert "limit" not in texts(checkpoint)
    with open_checkpoint(file, Limits(opcodes=1000)) as checkpoint:
        assert "limit opcodes" in texts(checkpoint)
        assert checkpoint.tree == {"a": 1}


def test_a_byte_string_too_long_to_look_through_is_told(tmp_path: Path) -> None:
    inner = NUMBERS[:-1] * 3 + EVIL
    file = written(
        tmp_path, b"\x80\x03}X\x01\x00\x00\x00aB" + struct.pack("<I", len(inner)) + inner + b"s."
    )
    with open_checkpoint(file) as checkpoint:
        assert {one.name for one in checkpoint.imports} == {"system"}
    for limits in (Limits(opcodes=900), Limits(nested_files=0)):
        with open_checkpoint(file, limits) as checkpoint:
            assert "which is not looked through" in texts(checkpoint)


def overlapped(folder: Path, count: int, content: bytes) -> Path:
    """A torch archive whose directory names one member `count` times under different names."""
    file = add_member(save(folder / "a.pt", torch.ones(2)), folder / "o.pt", "a/data/9", content)
    data = bytearray(file.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    size = struct.unpack_from("<I", data, end + 12)[0]
    entry_at = data.rindex(b"PK\x01\x02", 0, end)
    entry, members = bytes(data[entry_at:end]), struct.unpack_from("<H", data, end + 10)[0]
    names = [b"a/extra%d" % number for number in range(count)]
    more = b"".join(entry[:28] + struct.pack("<H", len(name)) + entry[30:46] + name for name in names)
    struct.pack_into("<HHI", data, end + 8, members + count, members + count, size + len(more))
    file.write_bytes(data[:end] + more + data[end:])
    return file


def test_members_that_overlap_are_read_once_around(tmp_path: Path) -> None:
    pickle = b"\x80\x02" + b"N0" * 50_000 + b"N."
    with open_checkpoint(overlapped(tmp_path, 3, pickle), Limits(opcodes=10**9)) as checkpoint:
        assert "its bytes overlap those of" in texts(checkpoint)
        assert "members that overlap: from here on they are not looked through" in texts(checkpoint)
        assert not checkpoint.complete


def test_checksums_are_compared_once_around(tmp_path: Path) -> None:
    file = overlapped(tmp_path, 3, bytes(50_000))
    file.write_bytes(file.read_bytes().replace(b"a/extra", b"a/data/"))
    with open_checkpoint(file) as checkpoint:
        (problem,) = checkpoint.verify()
        assert "members that overlap" in problem.text
        assert problem.partial


def test_compressed_members_share_what_they_may_expand_to(tmp_path: Path) -> None:
    value = {name: torch.zeros(1_000_000) for name in "abc"}
    file = rezip(save(tmp_path / "a.pt", value), tmp_path / "b.pt", method=zipfile.ZIP_DEFLATED)
    with open_checkpoint(file, Limits(inflated_bytes=9_000_000)) as checkpoint:
        for name in "ab":
            checkpoint.tensors[name].read(0, 1)
        with pytest.raises(Exception, match="limit inflated_bytes"):
            checkpoint.tensors["c"].read(0, 1)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """A member of a small file that says it has 600 MiB."""
    file = add_member(save(tmp_path / "a.pt", torch.zeros(1)), tmp_path / "b.pt", "a/stray", b"x" * 1000)
    file = rezip(file, tmp_path / "c.pt", method=zipfile.ZIP_DEFLATED)
    content = bytearray(file.read_bytes())
    struct.pack_into("<I", content, content.rindex(b"a/stray") - 46 + 24, 600 * MIB)
    file.write_bytes(content)
    with open_checkpoint(file, Limits(string_bytes=900 * MIB)) as checkpoint:
        assert "limit inflated_bytes" in texts(checkpoint)


def test_what_is_held_of_pickles_is_bounded(tmp_path: Path) -> None:
    text = b"X" + struct.pack("<I", 3 * MIB) + b"a" * 3 * MIB
    blob = b"B" + struct.pack("<I", 9 * MIB) + bytes(9 * MIB)
    file = written(tmp_path, b"\x80\x02(" + text * 3 + blob + text * 2 + b"t.")
    with open_checkpoint(file) as checkpoint:
        assert [len(one) for one in checkpoint.tree] == [3 * MIB] * 3 + [9 * MIB] + [3 * MIB] * 2
    with open_checkpoint(file, Limits(pickle_bytes=14 * MIB)) as checkpoint:
        assert "limit pickle_bytes" in texts(checkpoint)
        assert not checkpoint.complete


def test_a_large_directory_is_not_held(tmp_path: Path) -> None:
    file = save(tmp_path / "a.pt", {"a": 1})
    with open_checkpoint(file, Limits(directory_bytes=100)) as checkpoint:
        assert "limit directory_bytes" in texts(checkpoint)
        assert "found by their own headers" in texts(checkpoint)


@pytest.mark.parametrize("one", [b"(", b"N\x85", b"Nr\x07\x00\x00\x00"])
def test_following_as_torch_would_keeps_little(
    tmp_path: Path, one: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_only, "KEPT", 1000)
    source = open_file(written(tmp_path, b"\x80\x02" + one * 1010))
    stops_at = weights_only.follow(Stretch(source, 0, source.length), 0, 5).stops_at
    source.close()
    assert stops_at is not None
    assert "the rest is not followed" in stops_at


def test_problems_are_counted_not_collected(tmp_path: Path) -> None:
    header = "{" + ",".join(f'"{number}":0' for number in range(30_000)) + "}"
    file = tmp_path / "x.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header.encode())
    with open_checkpoint(file) as checkpoint:
        assert not checkpoint.complete
        assert len(checkpoint.problems) < 100
    with pytest.raises(CheckpointError):
        open_checkpoint(written(tmp_path, b"\x80\x02" + b"(" * 100), Limits(objects=50))


def test_views_are_measured_up_to_a_multiple_of_the_file(tmp_path: Path) -> None:
    """Many overlapping views of a small storage: terabytes to read, from a file of kilobytes."""
    base = torch.randn(2_000)
    views = {f"w{at:03}": base[at:].as_strided((4_000, 1_000), (0, 1)) for at in range(50)}
    file = save(tmp_path / "v.pt", views)
    with open_checkpoint(file) as checkpoint:
        tasks = tasks_for(checkpoint, describe(checkpoint), set(checkpoint.tensors))
        kept, beyond = measurable(tasks, checkpoint.size)
        assert [task.tensor.path for task in kept] == ["w000", "w001", "w002", "w003"]
        assert len(beyond) == 46
        assert all("bytes of views" in (one.reason or "") for one in beyond.values())
    tied = dict.fromkeys("abcdefgh", base[:1_000].expand(4_000, 1_000))
    with open_checkpoint(save(tmp_path / "t.pt", tied)) as checkpoint:
        tasks = tasks_for(checkpoint, describe(checkpoint), set(checkpoint.tensors))
        assert len(measurable(tasks, checkpoint.size)[0]) == 8


def test_the_report_says_what_was_not_measured(tmp_path: Path) -> None:
    base = torch.randn(100)
    views = {f"w{at}": base[at:].as_strided((800_000, 90), (0, 1)) for at in range(3)}
    report = analyze(save(tmp_path / "v.pt", views), jobs=1)
    left_out = [one for one in report.tensors if one.status == "skipped"]
    assert left_out
    assert report.summary.examined.state != "good"
