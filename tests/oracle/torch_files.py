"""torch's containers from a grammar: the zip archive and its relatives, the legacy format, the old tar."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zlib
from dataclasses import replace

from tests.hostile.archives import VALUES, Entry, archive
from tests.hostile.legacy import MAGIC as USUAL_MAGIC
from tests.hostile.legacy import TAR
from tests.hostile.legacy import VERSION as USUAL_VERSION
from tests.oracle.choices import Choices
from tests.oracle.programs import Embed, payload, program, storage
from tests.oracle.spellings import integer, text

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
NAMES = (
    "extra/x.bin", "version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id", "data/0", "data/9",
    "constants.pkl", "bytecode.pkl", "traced_inputs.pkl", "mobile_debug_handles.pkl", "attributes.pkl", "model.json",
    "code/__torch__.py", "code/os.py", "code/__torch__.py.debug_pkl", "extra/readme", "constants/0", "constants/0.storage",
    ".data/extern_modules", ".data/version", ".data/python_version", "models/model.pkl", "models/model.txt", "res/table.json",
    "data/weights/weight_0", "data/weights/model_weights_config.json", "data/constants/tensor_0", "data/constants/custom_obj_0",
    "archive_format", "models/model.json", "data/sample_inputs/model.pt", "DATA.PKL", "data.pkl/", "./data.pkl", "data.pkl.bak",
    "../data.pkl", "data.pkl\0x", "x.npy", "arr_0.npy", "tensors/0", "pickle", "model/data.pkl",
)  # fmt: skip
"""Members that some reader looks at, or none does."""

ROOTS = ("archive", "model", "", "a/b", "archive.pt", ".", "é", "data.pkl")


def deflated(content: bytes) -> bytes:
    """`content` as a zip's method 8 holds it."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(content) + engine.flush()


def packed(c: Choices, one: Entry) -> Entry:
    """The member stored otherwise than plainly, its headers right or not."""
    form = c.below(6)
    if form == 1:
        return replace(one, method=c.pick((12, 14, 99)), packed=bz2.compress(one.content))
    if form == 2:
        return replace(one, crc=c.number(4))
    if form == 3:
        return replace(one, size=len(one.content) + c.below(9) - 4 if len(one.content) > 4 else 9)
    if form == 4:
        return replace(one, local_name=one.name.replace("data", "Data") if c.below(2) else "elsewhere")
    if form == 5:
        bits = c.pick((1, 8, 0x20, 0x40, 0x800, 0x2000))
        return replace(one, local_flags=bits, flags=bits if c.below(2) else 0)
    return replace(one, mode=0o120777)


def zipped(c: Choices, members: list[tuple[str, bytes]]) -> bytes:
    """A zip of these members; now and then one of them is packed or placed in another way."""
    listed = [Entry(name, content) for name, content in members]
    if c.below(3) == 1:
        listed = [
            replace(one, method=8, packed=deflated(one.content)) if c.below(2) else one for one in listed
        ]
    if c.rarely(5):
        at = c.below(len(listed))
        listed[at] = packed(c, listed[at])
    if c.rarely(8):
        listed.insert(c.below(len(listed) + 1), listed[c.below(len(listed))])
    form = c.below(30)
    if form == 1:
        listed.reverse()
    comment = (
        b""
        if form != 2
        else c.pick((b"hello", b"PK\x05\x06" + bytes(18), b"PK\x03\x04", b"cos\nsystem\n."))
    )
    made = archive(
        listed,
        comment=comment,
        count=len(listed) + c.below(3) - 1 if form == 3 else None,
        directory=c.number(2) if form == 4 else None,
    )
    if form == 5:
        made = made[: len(made) - c.below(min(len(made), 60))]
    return made


def torch_zip(c: Choices, embed: Embed, depth: int) -> bytes:
    """A torch archive, or a relative: TorchScript, a package, an exported program."""
    root = (c.pick(ROOTS) if c.rarely(4) else ROOTS[0]) + "/"
    main = program(c, embed, depth)
    members = [("data.pkl", main), ("version", b"3\n"), ("byteorder", b"little")]
    if c.rarely(12):
        members[2] = "byteorder", c.pick((b"big", b"little\n", b""))
    members.append(("data/0", embed(c, depth - 1) if c.rarely(6) else VALUES))
    for _ in range(max(0, c.below(5) - 2)):
        name = c.pick(NAMES)
        form = c.below(6)
        if form == 0:
            content = program(c, embed, 1)
        elif form == 1:
            content = embed(c, depth - 1)
        elif form == 2:
            content = f"class f{c.below(3)}(Module):\n  __parameters__ = []\n  __buffers__ = []\n".encode()
        elif form == 3:
            content = b"\x80\x02)."
        elif form == 4:
            content = b"]." + program(c, embed, 1)
        else:
            content = c.pick((b"pt2", b"1", b"{}", b"torch\n", b"", b"3\n", VALUES))
        members.insert(c.below(len(members) + 1), (name, content))
    if c.rarely(6):  # what torch.package and torch.export archives hold first
        members.append((".data/extern_modules", b"os\nsys\n") if c.below(2) else ("archive_format", b"pt2"))
    if c.rarely(6):
        members.append(("constants.pkl", b"\x80\x02)."))
    roots = [root if not c.rarely(40) else c.pick(ROOTS) + "/" for _ in members]
    return zipped(
        c,
        [
            ((one + name).removeprefix("/"), content)
            for one, (name, content) in zip(roots, members, strict=True)
        ],
    )


def spelled_magic(c: Choices) -> bytes:
    """The legacy magic number's pickle in any spelling, or another pickle in its place."""
    if c.rarely(8):
        return payload(c) + b"0" * c.below(2) + integer(c, MAGIC) + b"."
    if c.below(2) == 0:
        return USUAL_MAGIC
    return c.pick((b"\x80\x02", b"", b"\x80\x04", b"\x80\x02\x80\x02")) + integer(c, MAGIC) + b"."


def legacy(c: Choices, embed: Embed, depth: int) -> bytes:
    """A legacy file: five pickles and the storages' values, any of them replaced."""
    magic = program(c, embed, 1) if c.rarely(8) else spelled_magic(c)
    version = program(c, embed, 1) if c.rarely(12) else USUAL_VERSION
    if c.rarely(6):
        version = b"\x80\x02" + integer(c, VERSION) + b"."
    system = program(c, embed, 1) if c.rarely(6) else b"\x80\x02}."
    with_tensor = b"\x80\x02}" + text(c, "w") + b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage(c, True) + (
        b"K\x00K\x04\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs."
    )  # fmt: skip
    stored = c.rarely(4)
    main = with_tensor if stored else program(c, embed, depth)
    if c.rarely(10):
        stored = not stored
    keys = (
        program(c, embed, 1)
        if c.rarely(6)
        else b"\x80\x02]" + (text(c, "0") + b"a" if stored else b"") + b"."
    )
    data = struct.pack("<q", 4) + VALUES if stored else b""
    behind = embed(c, depth - 1) if c.rarely(6) else b""
    return magic + version + system + main + keys + data + behind


def tar_of(c: Choices, members: list[tuple[str, bytes]]) -> bytes:
    """A tar of these members in any of the formats."""
    buffer = io.BytesIO()
    kind = c.pick((tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as made:
        for name, content in members:
            entry = tarfile.TarInfo(name if c.below(12) else "./" + name)
            entry.size = len(content)
            form = c.below(40)
            if form == 1:
                entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, "pickle", 0
            elif form == 2:
                entry.type, entry.linkname, entry.size = tarfile.LNKTYPE, "sys_info", 0
            elif form == 3:
                entry.type = tarfile.AREGTYPE
            elif form == 4:
                entry.mtime = 1.5  # PAX writes a header of its own for it
            elif form == 5:
                entry.pax_headers = {"path": c.pick(("pickle", "storages", "x" * 120))}
            made.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def checked(header: bytes) -> bytes:
    """A tar's header block of 512 bytes with its checksum right."""
    blank = header[:148] + b" " * 8 + header[156:512]
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]


def torch_tar(c: Choices, embed: Embed, depth: int) -> bytes:
    """The tar of torch before 0.1.10, any of its members replaced."""
    members = [(name, content) for name, content in TAR.items()]
    for _ in range(1 + c.below(2)):
        at = c.below(len(members))
        name, content = members[at]
        form = c.below(4)
        if form == 0:
            content = program(c, embed, depth)
        elif form == 1:
            content = program(c, embed, 1) + content
        elif form == 2:
            content += program(c, embed, 1)
        else:
            name = c.pick(("extra", "pickle", "storages", "tensors", "sys_info", "a/pickle"))
            members.insert(c.below(len(members) + 1), (name, program(c, embed, 1)))
            continue
        members[at] = name, content
    made = tar_of(c, members)
    if c.rarely(
        8
    ):  # a pickle may stand in the first member's name: the rest of the header counts only as text
        start = c.pick((b"\x80\x02N.", b"\x80\x02cevil\nf\n.", b"(dp0\n.", spelled_magic(c)))
        field = start + made[len(start) : 100] if c.below(2) else start.ljust(100, b"\0")
        made = checked(field[:100] + made[100:512]) + made[512:]
    return made


def squeezed(c: Choices, content: bytes) -> bytes:
    """`content` as one compressed stream, by a compressor that joblib or tarfile undo by themselves."""
    form = c.below(6)
    if form == 0:
        return zlib.compress(content)
    if form == 1:
        return gzip.compress(content, mtime=0)
    if form == 2:
        return bz2.compress(content)
    if form == 3:
        return lzma.compress(content)
    if form == 4:
        return lzma.compress(content, format=lzma.FORMAT_ALONE)
    length = hex(len(content)).ljust(19).encode()
    return b"ZF" + length + zlib.compress(content)
