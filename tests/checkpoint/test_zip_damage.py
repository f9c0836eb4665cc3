"""Archives that are cut, changed, or hold more than they should."""

import struct
import zipfile
from pathlib import Path

import pytest
import torch

from pthreport.checkpoint import Checkpoint, CheckpointError, Limits, open_checkpoint
from tests.checkpoint.files import add_member, rezip, save

EVIL = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."


def texts(checkpoint: Checkpoint) -> str:
    return "\n".join(problem.sentence for problem in checkpoint.problems)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return save(tmp_path / "plain.pt", {"w": torch.ones(300), "b": torch.zeros(2)})


def test_a_good_file_has_no_problem(plain: Path) -> None:
    with open_checkpoint(plain) as checkpoint:
        assert checkpoint.problems == []
        assert checkpoint.verify() == []


@pytest.mark.parametrize("keep", [0.999, 0.9, 0.75, 0.62])
def test_a_file_without_its_directory_is_salvaged(plain: Path, keep: float) -> None:
    content = plain.read_bytes()
    plain.write_bytes(content[: int(len(content) * keep)])
    with open_checkpoint(plain) as checkpoint:
        assert not checkpoint.complete
        assert "found by their own headers" in texts(checkpoint)
        assert checkpoint.tensors["w"].shape == (300,)
        whole = checkpoint.tensors["w"].problem is None
        assert not whole or checkpoint.tensors["w"].numpy().sum() == 300
        assert whole or "cut short" in (checkpoint.tensors["w"].problem or "")


def test_changed_bytes_are_found_by_verify(plain: Path, tmp_path: Path) -> None:
    content = bytearray(plain.read_bytes())
    at = content.index(struct.pack("<f", 1.0) * 4)
    content[at] ^= 1
    changed = tmp_path / "changed.pt"
    changed.write_bytes(content)
    with open_checkpoint(changed) as checkpoint:
        assert [problem.where for problem in checkpoint.verify()] == ["plain/data/0"]


def test_a_changed_pickle_is_told_when_opened(plain: Path, tmp_path: Path) -> None:
    content = plain.read_bytes().replace(b"X\x01\x00\x00\x00w", b"X\x01\x00\x00\x00v", 1)
    changed = tmp_path / "changed.pt"
    changed.write_bytes(content)
    with open_checkpoint(changed) as checkpoint:
        assert "CRC-32" in texts(checkpoint)
        assert "v" in checkpoint.tensors


def test_what_stands_around_the_archive_is_told(plain: Path, tmp_path: Path) -> None:
    file = tmp_path / "around.pt"
    file.write_bytes(b"\x00" * 100 + plain.read_bytes())
    with open_checkpoint(file) as checkpoint:
        assert "100 bytes before the archive" in texts(checkpoint)
        assert checkpoint.tensors["w"].numpy().sum() == 300
    file.write_bytes(plain.read_bytes() + bytes(70_000))
    with open_checkpoint(file) as checkpoint:
        assert "70,000 bytes after the archive; torch refuses this" in texts(checkpoint)
    file.write_bytes(plain.read_bytes() * 2)
    with open_checkpoint(file) as checkpoint:
        assert "another archive" in texts(checkpoint)


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_second_member_of_one_name_counts(plain: Path, tmp_path: Path) -> None:
    file = add_member(plain, tmp_path / "twice.pt", "plain/data.pkl", EVIL)
    with open_checkpoint(file) as checkpoint:
        assert "occurs more than once" in texts(checkpoint)
        assert ("os", "system") in {(one.module, one.name) for one in checkpoint.imports}


@pytest.mark.parametrize("name", ["other/data.pkl", "plain/extra.bin", "plain/sub/x"])
def test_other_pickles_in_the_archive_are_searched(plain: Path, tmp_path: Path, name: str) -> None:
    with open_checkpoint(add_member(plain, tmp_path / "stray.pt", name, EVIL)) as checkpoint:
        assert not checkpoint.complete
        assert "another pickle in the archive" in texts(checkpoint)
        assert ("os", "system") in {(one.module, one.name) for one in checkpoint.imports}
        assert checkpoint.tensors["w"].numpy().sum() == 300


def test_orphaned_storages_are_told(plain: Path, tmp_path: Path) -> None:
    with open_checkpoint(add_member(plain, tmp_path / "o.pt", "plain/data/99", bytes(64))) as checkpoint:
        assert "1 storage of together 64 bytes belong to no tensor" in texts(checkpoint)


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "plain/../../x", "..\\x"])
def test_names_that_leave_the_folder_are_told(plain: Path, tmp_path: Path, name: str) -> None:
    with open_checkpoint(add_member(plain, tmp_path / "t.pt", name, b"")) as checkpoint:
        assert "leave the folder" in texts(checkpoint)


def test_methods_that_nobody_reads(plain: Path, tmp_path: Path) -> None:
    file = rezip(plain, tmp_path / "l.pt", method=zipfile.ZIP_BZIP2)
    with pytest.raises(CheckpointError, match=r"data\.pkl: its compression \(bzip2\)"):
        open_checkpoint(file)


def test_compressed_members_are_bounded(plain: Path, tmp_path: Path) -> None:
    file = rezip(plain, tmp_path / "z.pt", method=zipfile.ZIP_DEFLATED)
    with open_checkpoint(file, Limits(inflated_bytes=700, inflated_ratio=0)) as checkpoint:
        tensor = checkpoint.tensors["w"]
        with pytest.raises(Exception, match="inflated_bytes"):
            tensor.read(0, 1)


def test_a_lying_size_of_a_compressed_member(plain: Path, tmp_path: Path) -> None:
    file = rezip(plain, tmp_path / "z.pt", method=zipfile.ZIP_DEFLATED)
    content = bytearray(file.read_bytes())
    at = content.rindex(b"plain/data/0") - 46
    struct.pack_into("<I", content, at + 24, 1199)
    file.write_bytes(content)
    with open_checkpoint(file) as checkpoint:
        assert not checkpoint.complete
        assert checkpoint.tensors["w"].problem is not None


def test_zips_of_other_programs_are_named(tmp_path: Path) -> None:
    file = tmp_path / "x.pt"
    for names, words in (
        (["a.npy"], "numpy arrays"),
        (["[Content_Types].xml", "word/document.xml"], "office"),
        (["readme.txt"], r"without a data\.pkl"),
        ([], r"without a data\.pkl"),
    ):
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, b"")
        with pytest.raises(CheckpointError, match=words):
            open_checkpoint(file)


def test_a_wrong_count_is_told(plain: Path) -> None:
    content = bytearray(plain.read_bytes())
    at = content.rindex(b"PK\x05\x06")
    struct.pack_into("<HH", content, at + 8, 3, 3)
    plain.write_bytes(content)
    with open_checkpoint(plain) as checkpoint:
        assert "counts 3 members" in texts(checkpoint)
        assert checkpoint.complete
