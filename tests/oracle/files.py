"""Whole files from the grammar: a container, what is put before and behind it, and changed bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.hostile.archives import torch_file
from tests.oracle import other_files, torch_files
from tests.oracle.choices import Choices
from tests.oracle.folder_files import folder
from tests.oracle.other_files import ENDINGS
from tests.oracle.programs import DEPTH, payload, program
from tests.oracle.spellings import named, some_name

DEEPEST = 2
"""Containers that hold containers, at most."""

PIECES = (
    b"cos\nsystem\n", b"\x8c\x02os\x8c\x06system\x93", b".", b"(", b"0", b"1", b"R", b")", b"}", b"]", b"b", b"\x80\x04", b"\x94",
    b"\x95\x04\0\0\0\0\0\0\0", b"PK\x05\x06", b"PK\x03\x04", b"q\x00", b"h\x00", b"\x81", b"a", b"s", b"\n", b"\0", b"ustar",
)  # fmt: skip
"""What is put in at any place by a change."""


@dataclass(frozen=True)
class GeneratedFile:
    """A file's ending and bytes, and which of the grammar's containers it is made as. A folder has `files` by their
    relative names instead."""

    kind: str
    ending: str
    content: bytes
    files: dict[str, bytes] = field(default_factory=dict)


def bare(c: Choices, depth: int) -> bytes:
    """A pickle, and what stands behind it."""
    made = program(c, embed, depth)
    form = c.below(14)
    if form == 1:
        made += program(c, embed, 1)
    elif form == 2:
        made += payload(c) + b"."
    elif form == 3:
        made += c.pick((b"\0", b"\n", b"\xff", b"\0" * 16)) + payload(c) + b"."
    elif form == 4:
        made += torch_file(b"\x80\x02" + payload(c) + b".")
    elif form == 5:
        made += b"." + program(c, embed, 1)
    return made


def embed(c: Choices, depth: int) -> bytes:
    """A file to stand inside of another one, in a byte string or as a member."""
    form = c.below(12) if depth > 0 else 0
    if form == 3:
        return container(c, depth - 1)[1]
    if form == 2:
        return torch_file(program(c, embed, 0))
    if form == 1:
        return program(c, embed, max(0, depth))
    start = c.pick((b"\x80\x02", b"", b"]0", b"\x80\x04", b"(1", b"\x80\x00", b"N0", b"I1\n0"))
    return start + (payload(c) if c.below(3) else named(c, *some_name(c))) + b"."


def container(c: Choices, depth: int) -> tuple[str, bytes]:
    """A file of any kind, and the kind."""
    form = c.below(40)
    if form <= 11:
        return "pickle", bare(c, depth)
    if form <= 24:
        return "torch zip", torch_files.torch_zip(c, embed, depth)
    if form <= 30:
        return "legacy", torch_files.legacy(c, embed, depth)
    if form <= 32:
        return "tar", torch_files.torch_tar(c, embed, depth)
    if form == 33:
        return "npy", other_files.npy(c, embed, depth)
    if form == 34:
        return "npz", other_files.npz(c, embed, depth)
    if form == 35:
        return "joblib", other_files.joblib(c, embed, depth)
    if form <= 37:
        return "safetensors", other_files.safetensors(c, embed, depth)
    if form == 38:
        return "gguf", other_files.gguf(c, embed, depth)
    return "archive", other_files.archive_of_files(c, embed, depth)


def changed(c: Choices, content: bytes) -> bytes:
    """One change at any byte: removed, set, doubled, cut off, something put in."""
    if not content:
        return content
    at = c.below(len(content))
    form = c.below(6)
    if form == 0:
        return content[:at] + content[at + 1 + c.below(4) :]
    if form == 1:
        return content[:at] + bytes([c.below(256)]) + content[at + 1 :]
    if form == 2:
        return content[:at] + content[at : at + c.below(64)] + content[at:]
    if form == 3:
        return content[:at]
    if form == 4:
        return content[:at] + bytes([content[at] ^ 1 << c.below(8)]) + content[at + 1 :]
    return content[:at] + c.pick(PIECES) + content[at:]


def generate(seed: str = "", given: Sequence[int] | None = None) -> tuple[GeneratedFile, list[int]]:
    """The file of a seed, or of given choices; with the choices that were made."""
    c = Choices(seed, given)
    c.tame = c.rarely(5)
    if c.rarely(20):
        files = folder(c, embed, DEPTH)
        return GeneratedFile("folder", "", b"", files), c.made
    changes = max(0, c.below(8) - 5)
    kind, content = container(c, DEPTH)
    form = c.below(24)
    if form == 1:
        content = (
            c.pick((b"\0" * 4, b"\n", b"N.", b"\x89PNG\r\n\x1a\n", b"I1\n.", payload(c) + b".")) + content
        )
    elif form == 2:
        content += c.pick(
            (b"\0" * 4, b"\n", torch_file(b"\x80\x02" + payload(c) + b"."), payload(c) + b".")
        )
    elif form == 3:
        content += container(c, 1)[1]
    for _ in range(changes):
        content = changed(c, content)
    usual = {
        "torch zip": ".pt",
        "pickle": ".pkl",
        "safetensors": ".safetensors",
        "npy": ".npy",
        "npz": ".npz",
    }
    ending = usual.get(kind, ".pth") if c.below(6) else c.pick(ENDINGS)
    return GeneratedFile(kind, ending, content), c.made
