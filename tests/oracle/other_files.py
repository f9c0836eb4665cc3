"""Files that are not torch's, from a grammar: numpy's, joblib's, safetensors, GGUF, archives of files."""

import struct

from tests.hostile.archives import VALUES
from tests.oracle.choices import Choices
from tests.oracle.programs import Embed, payload, program
from tests.oracle.torch_files import squeezed, tar_of, zipped

ENDINGS = (".pt", ".pth", ".bin", ".pkl", ".npy", ".ckpt", ".safetensors", "", ".txt", ".json", ".zip")


def npy(c: Choices, embed: Embed, depth: int) -> bytes:
    """An array file; one of objects is a header and a pickle."""
    kind = c.pick(("|O", "O", "object", "|O8", "<f4", "[('a', 'O')]", "('O', (1,))"))
    shape = c.pick(("()", "(1,)", "(0,)", "(2, 2)"))
    described = kind if kind.startswith(("[", "(")) else repr(kind)
    header = f"{{'descr': {described}, 'fortran_order': False, 'shape': {shape}, }}"
    version = c.pick((1, 2, 3))
    width = "<H" if version == 1 else "<I"
    raw = header.encode().ljust(117) + b"\n"
    content = VALUES if kind == "<f4" else program(c, embed, depth)
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(width, len(raw)) + raw + content


def npz(c: Choices, embed: Embed, depth: int) -> bytes:
    """An archive of array files, and of others."""
    members = []
    for at in range(1 + c.below(3)):
        form = c.below(4)
        content = npy(c, embed, depth) if form < 3 else embed(c, depth - 1)
        members.append((f"arr_{at}" + c.pick((".npy", "", ".pkl")), content))
    return zipped(c, members)


def _array(c: Choices, embed: Embed, depth: int) -> bytes:
    """An array as joblib writes it into a pickle: a wrapper, then, between two instructions, its bytes."""
    kind = c.below(3)
    dtype = b"cnumpy\ndtype\n(" + (b"U\x02O8" if kind == 1 else b"U\x02f4") + b"K\x00K\x01tR"
    wrapper = (
        b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}("
        b"U\x08subclasscnumpy\nndarray\nU\x05shapeK\x04\x85U\x05orderU\x01C" + b"U\x05dtype" + dtype + b"U\nallow_mmap\x88"
        + (b"U\x1bnumpy_array_alignment_bytesK\x10" if kind == 2 else b"U\x1bnumpy_array_alignment_bytesN")
        + b"ub"
    )  # fmt: skip
    if kind == 1:
        return wrapper + program(c, embed, 1)
    data = VALUES if c.below(2) else (payload(c) + b"0" * 16)[:16]
    return wrapper + (b"\x04" + b"\xff" * 4 if kind == 2 else b"") + data


def joblib(c: Choices, embed: Embed, depth: int) -> bytes:
    """A pickle with arrays between its instructions, and what stands behind them."""
    body = b"(" + _array(c, embed, depth) + (payload(c) if c.below(2) else b"N") + b"t."
    made = b"\x80\x03" + body if c.below(3) else program(c, embed, depth)
    return squeezed(c, made) if c.below(2) else made


LINES = b"VScIiLFPpg"
"""Instructions that take a line of text: with one of them a header can be passed over by a pickle."""


def safetensors(c: Choices, embed: Embed, depth: int) -> bytes:
    """A safetensors file, the length of its header now and then an instruction of a pickle."""
    behind = embed(c, depth - 1) if c.below(2) else VALUES
    pad = 16 + c.below(3) * 8
    header = b'{"w":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}' % (len(behind), len(behind))
    if c.below(2):
        header += b',"__metadata__":{"note":"%s"}' % c.pick(
            (b"x", b"cos\\nsystem\\n(tR.", b"gANjb3MKc3lzdGVtCi4=")
        )
    header += b"}" + b" " * pad
    if c.below(3) == 1:
        length = 256 + c.pick(LINES)
        header = header.ljust(length - 1)[: length - 1] + b"\n"
        behind = (payload(c) + b".").ljust(len(behind), b" ")[: len(behind)]
    return struct.pack("<Q", len(header)) + header + behind


def gguf(c: Choices, embed: Embed, depth: int) -> bytes:
    """The beginning of a GGUF file, a pickle behind it."""
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(8) * c.below(2) + embed(c, depth - 1)


def archive_of_files(c: Choices, embed: Embed, depth: int) -> bytes:
    """Files in a zip, a tar, or a compressed tar."""
    members = [(f"f{at}{c.pick(ENDINGS)}", embed(c, depth - 1)) for at in range(1 + c.below(3))]
    if c.below(2) == 0:
        return zipped(c, members)
    made = tar_of(c, members)
    return made if c.below(3) else squeezed(c, made)
