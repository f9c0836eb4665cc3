"""The ways in which a pickle can write one value: texts, numbers, byte strings, names."""

import struct

from tests.oracle.choices import Choices
from tests.oracle.fragments import HARMLESS

DANGEROUS = (
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("__builtin__", "exec"), ("subprocess", "Popen"),
    ("runpy", "run_path"), ("torch.hub", "load"), ("pickle", "loads"), ("builtins", "getattr"), ("nt", "system"),
)  # fmt: skip


def counted(code: bytes, width: str, value: bytes) -> bytes:
    """An instruction with its argument's length before it."""
    return code + struct.pack(width, len(value)) + value


def text(c: Choices, value: str) -> bytes:
    """`value` by any of the instructions that give a text."""
    raw = value.encode("utf-8", "surrogatepass")
    plain = value.isascii() and "\n" not in value
    forms = [counted(b"X", "<I", raw), counted(b"\x8d", "<Q", raw)]
    if len(raw) < 256:
        forms.append(counted(b"\x8c", "<B", raw))
    if plain and "\\" not in value:
        forms.append(b"V" + raw + b"\n")
        forms.append(b"V" + "".join(f"\\u{ord(one):04x}" for one in value).encode() + b"\n")
    if plain:
        forms.append(counted(b"T", "<i", raw))
        forms.append(b"S" + repr(value).encode() + b"\n")
        forms.append(b"S '" + "".join(f"\\x{ord(one):02x}" for one in value).encode() + b"' \n")
        forms.append(b'S"' + "".join(f"\\{ord(one):o}" for one in value).encode() + b'"\n')
        if len(raw) < 256:
            forms.append(counted(b"U", "<B", raw))
    return c.pick(forms)


def byte_string(c: Choices, value: bytes) -> bytes:
    """`value` by any of the instructions that give bytes, or something a loader takes for them."""
    forms = [counted(b"B", "<I", value), counted(b"\x8e", "<Q", value), counted(b"\x96", "<Q", value)]
    if len(value) < 256:
        forms.append(counted(b"C", "<B", value))
    latin = value.decode("latin-1")
    forms.append(
        b"c_codecs\nencode\n" + b"(" + counted(b"X", "<I", latin.encode()) + b"X\x06\x00\x00\x00latin1tR"
    )
    forms.append(b"cbuiltins\nbytes\n((" + b"".join(b"K" + bytes([one]) for one in value[:2000]) + b"ltR")
    forms.append(
        b"c__builtin__\nbytearray\n(" + counted(b"X", "<I", latin.encode()) + b"X\x07\x00\x00\x00latin-1tR"
    )
    forms.append(counted(b"\x96", "<Q", value) + b"\x98")
    return c.pick(forms)


def integer(c: Choices, value: int) -> bytes:
    """`value` by any of the instructions that give an integer."""
    size = value.bit_length() // 8 + 1
    raw = value.to_bytes(size, "little", signed=True)
    sign = b"\xff" if value < 0 else b"\0"
    forms = []
    if 0 <= value < 256:
        forms.append(b"K" + bytes([value]))
    if 0 <= value < 65_536:
        forms.append(b"M" + struct.pack("<H", value))
    if -(2**31) <= value < 2**31:
        forms.append(b"J" + struct.pack("<i", value))
    forms += [
        counted(b"\x8a", "<B", raw),
        counted(b"\x8b", "<i", raw),
        counted(b"\x8a", "<B", raw + sign * 3),
        counted(b"\x8b", "<i", raw + sign),
        b"I%d\n" % value,
        b"L%d\n" % value,
        b"L%dL\n" % value,
        b"I%s\n" % hex(value).encode(),
        b"L%s\n" % hex(value).encode(),
        b"I %d\n" % value,
        b"L %d \n" % value,
        b"L%d_%d\n" % (value // 10, value % 10) if value > 9 else b"L+%d\n" % abs(value),
        b"I%d\0x\n" % value,
        b"I0%o\n" % abs(value),
        b"cbuiltins\nint\n(I%d\ntR" % value,
    ]
    return c.pick(forms)


def named(c: Choices, module: str, attribute: str) -> bytes:
    """The name by GLOBAL, or by STACK_GLOBAL from texts of any kind, the memo between them."""
    form = c.below(5)
    if form == 0 and "\n" not in module + attribute:
        return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"
    if form == 1:
        return text(c, attribute) + b"q\xe00" + text(c, module) + b"h\xe0\x93"
    if form == 2:
        return text(c, module) + b"\x94" + text(c, attribute) + b"\x94\x93"
    if form == 3:
        return (
            text(c, "decoy")
            + b"p200\n0"
            + text(c, module)
            + b"p200\n0g200\n"
            + text(c, attribute)
            + b"\x93"
        )
    return text(c, module) + text(c, attribute) + b"\x93"


def some_name(c: Choices) -> tuple[str, str]:
    """A name that nobody should import: one that is only in this place of the file, or a notorious one. In a tame
    file it is one of the reader's list."""
    if c.tame:
        return c.pick(HARMLESS)
    if c.below(2):
        return c.pick(DANGEROUS)
    return f"evil{len(c.made)}", f"f{len(c.made)}"
