"""Tars that lie about what is in them: told, bounded, and nothing outside of them is read."""

import io
import os
import pickle
import random
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pthreport.checkpoint import Checkpoint, CheckpointError, Limits, Tensor, open_checkpoint
from tests.checkpoint.files import same
from tests.checkpoint.old_tar import OldTar, read_by_torch

pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")


def small() -> OldTar:
    return OldTar({"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2)})


def opened(tmp_path: Path, content: bytes, limits: Limits | None = None) -> Checkpoint:
    file = tmp_path / "odd.pth"
    file.write_bytes(content)
    return open_checkpoint(file, limits)


def content_of(old: OldTar, tmp_path: Path) -> bytes:
    return old.write(tmp_path / "good.pth").read_bytes()


def told(checkpoint: Checkpoint) -> str:
    return " | ".join(one.text for one in checkpoint.problems)


Change = Callable[[OldTar], None]


def changed(name: str, before: bytes, after: bytes) -> Change:
    def change(old: OldTar) -> None:
        assert before in old.members[name]
        old.members[name] = old.members[name].replace(before, after, 1)

    return change


def without(name: str) -> Change:
    def change(old: OldTar) -> None:
        del old.members[name]

    return change


ELEMENTS = struct.pack("<q", 6)
SIZES = struct.pack("<ii2q", 2, -7, 2, 3)
STRIDES = struct.pack("<2q", 3, 1)
COUNT = pickle.dumps(2, 2)


@pytest.mark.parametrize(
    ("change", "words", "readable"),
    [
        (changed("storages", ELEMENTS, struct.pack("<q", 2**62)), "impossible number of elements", []),
        (changed("storages", ELEMENTS, struct.pack("<q", -1)), "impossible number of elements", []),
        (changed("storages", ELEMENTS, struct.pack("<q", 2**40)), "of which", ["a"]),
        (changed("storages", ELEMENTS, struct.pack("<q", 7)), "what follows cannot be found", ["a"]),
        (changed("storages", COUNT, pickle.dumps(10**30, 2)), "storage views|no key, place and type", ["a", "b"]),
        (changed("storages", COUNT, pickle.dumps(-1, 2)), "number of storages is none", []),
        (changed("storages", COUNT, pickle.dumps("2", 2)), "number of storages is none", []),
        (changed("storages", COUNT, pickle.dumps(1, 2)), "storage views is none", ["a"]),
        (changed("storages", b"cpu", b"c\xffu"), "breaks off", []),
        (changed("storages", b"FloatStorage", b"Float9torage"), "unknown type torch.Float9torage", []),
        (changed("storages", b"]q\x00.", b"}q\x00."), "storage views is none", ["a", "b"]),
        (changed("tensors", SIZES, struct.pack("<ii2q", 2, -7, 2, 2**62)), "impossible sizes", ["b"]),
        (changed("tensors", SIZES, struct.pack("<ii2q", 2, -7, -2, 3)), "impossible sizes", ["b"]),
        (changed("tensors", SIZES, struct.pack("<ii2q", 2, -7, 2, 300)), "sizes and strides need", ["b"]),
        (changed("tensors", STRIDES, struct.pack("<2q", 2**61, 1)), "sizes and strides need", ["b"]),
        (changed("tensors", SIZES, struct.pack("<ii2q", 65, -7, 2, 3)), "65 dimensions", []),
        (changed("tensors", SIZES, struct.pack("<ii2q", -1, -7, 2, 3)), "-1 dimensions", []),
        (changed("tensors", COUNT, pickle.dumps(3, 2)), "ends|cannot be found", ["a", "b"]),
        (changed("tensors", COUNT, pickle.dumps(1, 2)), "after the last entry", ["a"]),
        (changed("tensors", b"FloatTensor", b"ctypes.CDLL"), "", ["a", "b"]),
        (without("storages"), "does not hold", []),
        (without("tensors"), "does not hold", []),
        (without("sys_info"), "no sys_info", ["a", "b"]),
        (changed("sys_info", b"\xe8\x03", b"\xe9\x03"), "version is not 1000", ["a", "b"]),
        (changed("pickle", b"9400", b"9900"), "does not hold", ["b"]),
        (changed("pickle", b"9400", b"-400"), "does not hold", ["b"]),
    ],
)  # fmt: skip
def test_members_that_lie(tmp_path: Path, change: Change, words: str, readable: list[str]) -> None:
    old = small()
    change(old)
    with opened(tmp_path, content_of(old, tmp_path)) as checkpoint:
        assert checkpoint.container == "torch-tar"
        texts = told(checkpoint)
        assert any(word in texts for word in words.split("|")), texts
        found = [
            name
            for name in ("a", "b")
            if isinstance(checkpoint.tree[name], Tensor) and checkpoint.tree[name].check() is None
        ]
        assert found == readable, texts
        if readable != ["a", "b"]:
            assert not checkpoint.complete


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """A header and its bytes."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.type, entry.linkname = len(content), kind, link
    return entry.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % 512)


def put_together(old: OldTar, *more: bytes) -> bytes:
    return b"".join([*(member(name, content) for name, content in old.members.items()), *more]) + bytes(
        1024
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_not_followed(tmp_path: Path, kind: bytes) -> None:
    old = small()
    outside = tmp_path / "outside"
    outside.write_bytes(old.members["storages"])
    del old.members["storages"]
    with opened(tmp_path, put_together(old, member("storages", b"", kind, str(outside)))) as checkpoint:
        assert "not followed" in told(checkpoint)
        assert not checkpoint.complete
        assert checkpoint.tree["a"].check() is not None


def test_the_last_of_two_counts_as_for_torch(tmp_path: Path) -> None:
    other = OldTar({"a": torch.zeros(2, 3), "b": torch.zeros(2)})
    content = put_together(small(), member("storages", other.members["storages"]))
    with opened(tmp_path, content) as checkpoint:
        assert "occurs twice" in told(checkpoint)
        assert checkpoint.tensors["a"].numpy().tolist() == [[0.0] * 3] * 2
        assert read_by_torch(checkpoint.path)["a"].tolist() == [[0.0] * 3] * 2


HOSTILE = pickle.dumps((os.getcwd,), 2)


def test_pickles_that_torch_does_not_read(tmp_path: Path) -> None:
    """In a member of another name, behind an entry, behind the archive."""
    stray = put_together(small(), member("other", HOSTILE))
    with opened(tmp_path, stray) as checkpoint:
        assert "another pickle in the archive" in told(checkpoint)
        assert not checkpoint.complete
        assert ("posix", "getcwd") in {(one.module, one.name) for one in checkpoint.imports}
    for name in ("pickle", "tensors", "storages"):
        old = small()
        old.members[name] += HOSTILE
        with opened(tmp_path, put_together(old)) as checkpoint:
            assert "another pickle follows" in told(checkpoint)
            assert ("posix", "getcwd") in {(one.module, one.name) for one in checkpoint.imports}
    with opened(tmp_path, put_together(small(), bytes(2048), HOSTILE)) as checkpoint:
        assert f"{len(HOSTILE) + 1024:,} bytes after the archive" in told(checkpoint)
        assert ("posix", "getcwd") in {(one.module, one.name) for one in checkpoint.imports}


def test_what_loading_would_import_is_listed_in_torchs_order(tmp_path: Path) -> None:
    old = small()
    old.members["storages"] = HOSTILE
    with opened(tmp_path, put_together(old)) as checkpoint:
        assert (checkpoint.imports[0].module, checkpoint.imports[0].name) == ("posix", "getcwd")
        assert checkpoint.imports[0].verdict == "dangerous"
        assert not checkpoint.complete


def outcome(tmp_path: Path, content: bytes) -> Checkpoint | str:
    """The checkpoint, closed again, or the one line that refuses it."""
    try:
        with opened(tmp_path, content) as checkpoint:
            for tensor in checkpoint.tensors.values():
                if tensor.check() is None and tensor.numel < 1000:
                    tensor.numpy()
            return checkpoint
    except CheckpointError as error:
        return error.message


def test_a_truncated_archive(tmp_path: Path) -> None:
    content = content_of(small(), tmp_path)
    end = content.rindex(struct.pack("<q", 2)) + 8
    for length in range(0, end, 37):
        found = outcome(tmp_path, content[:length])
        if isinstance(found, str):
            assert "\n" not in found
        else:
            assert not found.complete
            assert [one for one in found.problems if one.offset and one.offset > length] == []
    with opened(tmp_path, content[:end]) as checkpoint:
        assert checkpoint.tensors["a"].check() is None
        assert "cut short" in (checkpoint.tensors["b"].check() or "")


def test_a_changed_byte(tmp_path: Path) -> None:
    content = bytearray(content_of(small(), tmp_path))
    chance = random.Random(3)
    used = [at for at in range(len(content)) if any(content[max(0, at - 8) : at + 8])]
    for at in used[:: max(1, len(used) // 300)]:
        before = content[at]
        content[at] = chance.randrange(256)
        found = outcome(tmp_path, bytes(content))
        assert isinstance(found, Checkpoint) or found.isprintable()
        content[at] = before


def test_sizes_in_extended_headers(tmp_path: Path) -> None:
    """A storage member of 8 GiB and more has its size there."""
    old = small()
    storages = old.members.pop("storages")
    size = str(len(storages))
    extended = member("x", f"{9 + len(size)} size={size}\n".encode(), tarfile.XHDTYPE)
    entry = tarfile.TarInfo("storages")
    header = bytearray(entry.tobuf(tarfile.PAX_FORMAT)) + storages + bytes(-len(storages) % 512)
    with opened(tmp_path, put_together(old, extended, bytes(header))) as checkpoint:
        assert checkpoint.problems == []
        assert same(checkpoint.tensors["a"].torch(), read_by_torch(checkpoint.path)["a"])
    for record in (b"11 size=-1\n", b"99 size=99\n", b"28 size=" + b"9" * 19 + b"\n"):
        lying = member("x", record, tarfile.XHDTYPE)
        with opened(tmp_path, put_together(old, lying, bytes(header))) as checkpoint:
            assert not checkpoint.complete


def test_long_names_and_large_numbers_of_gnu_tar(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    old = small()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.GNU_FORMAT) as tar:
        for name, content in [("long" * 60, b"x"), *old.members.items()]:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 2**40
            tar.addfile(entry, io.BytesIO(content))
    with opened(tmp_path, buffer.getvalue()) as checkpoint:
        assert [one.where for one in checkpoint.problems] == ["long" * 60]
        assert checkpoint.complete
        assert len(checkpoint.tensors) == 2


@pytest.mark.parametrize("at", [0, 148, 124])
def test_a_header_that_is_damaged(tmp_path: Path, at: int) -> None:
    content = bytearray(content_of(small(), tmp_path))
    content[at] ^= 0x55
    with pytest.raises(CheckpointError, match="first header is damaged"):
        opened(tmp_path, bytes(content))
    content[at] ^= 0x55
    third = content.index(b"tensors\0") + at
    content[third] ^= 0x55
    with opened(tmp_path, bytes(content)) as checkpoint:
        assert "checksum or size is wrong" in told(checkpoint)
        assert not checkpoint.complete


def test_limits(tmp_path: Path) -> None:
    content = content_of(small(), tmp_path)
    with opened(tmp_path, content, Limits(tensors=3)) as checkpoint:
        assert "more than 3 storages and tensors" in told(checkpoint)
        assert checkpoint.tree["a"].check() is None
        assert not checkpoint.complete
    with pytest.raises(CheckpointError, match="more than 10,000 members"):
        opened(tmp_path, member("x") * 20_000)


def test_keys_repeated_without_end_cost_little(tmp_path: Path) -> None:
    """Three bytes name a tensor again."""
    old = small()
    key = str(next(iter(old.tensors))).encode()
    old.members["pickle"] = (
        b"\x80\x02](U" + bytes([len(key)]) + key + b"q\x00" + b"h\x00Q" * 100_000 + b"e."
    )
    with opened(tmp_path, content_of(old, tmp_path), Limits(objects=80_000)) as checkpoint:
        assert "more than 80,000 objects" in told(checkpoint)
        assert len(checkpoint.tensors) <= 20_000


def test_a_tar_of_data_beside_weights_is_no_second_checkpoint(tmp_path: Path) -> None:
    place = tmp_path / "folder"
    place.mkdir()
    (place / "images.tar").write_bytes(member("a.jpg", b"x") + bytes(1024))
    small().write(place / "model.pth")
    with open_checkpoint(place) as checkpoint:
        assert checkpoint.container == "torch-tar"
        assert checkpoint.format["weights"] == "model.pth"
    small().write(place / "other.pth")
    with pytest.raises(CheckpointError, match="2 checkpoints"):
        open_checkpoint(place)


def test_another_tar_is_told(tmp_path: Path) -> None:
    for names in (["a.pth"], ["pickle"], ["storages", "tensors"]):
        with pytest.raises(CheckpointError, match="a tar archive that torch did not write") as error:
            opened(tmp_path, b"".join(member(name, b"x") for name in names) + bytes(1024))
        assert names[0] in error.value.message
