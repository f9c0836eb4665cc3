"""Pickles written instruction by instruction, with payloads that leave a mark where they run."""

import struct
import tempfile
from pathlib import Path

CANARY = Path(tempfile.gettempdir()) / "pthreport_hostile_canary"
"""The file that every payload makes, were it run."""

COMMAND = f"touch {CANARY}"
P2, P4 = b"\x80\x02", b"\x80\x04"
STOP = b"."


def text(value: str | bytes) -> bytes:
    """BINUNICODE."""
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def short(value: str) -> bytes:
    """SHORT_BINUNICODE."""
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def name(module: str, attribute: str) -> bytes:
    """GLOBAL."""
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def number(value: int) -> bytes:
    """BININT1, BININT or LONG1, whichever holds it."""
    if 0 <= value < 256:
        return b"K" + bytes([value])
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    size = value.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def numbers(*values: int) -> bytes:
    """A tuple of integers."""
    return b"(" + b"".join(map(number, values)) + b"t"


def call(module: str, attribute: str, *arguments: bytes) -> bytes:
    """GLOBAL, the arguments as a tuple, REDUCE."""
    return name(module, attribute) + b"(" + b"".join(arguments) + b"tR"


PAYLOAD = call("os", "system", text(COMMAND))
"""What would run a command."""

EVIL = P2 + PAYLOAD + STOP
"""A whole pickle that would."""


def storage(key: bytes = text("0"), kind: bytes = name("torch", "FloatStorage"), count: int = 4) -> bytes:
    """A storage by its persistent id, as in a zip."""
    return b"(" + text("storage") + kind + key + text("cpu") + number(count) + b"tQ"


def tensor(
    of: bytes | None = None,
    size: tuple[int, ...] = (4,),
    stride: tuple[int, ...] = (1,),
    offset: int = 0,
) -> bytes:
    """A tensor over a storage, by torch's usual rebuild function."""
    hooks = call("collections", "OrderedDict")
    return call(
        "torch._utils",
        "_rebuild_tensor_v2",
        storage() if of is None else of,
        number(offset),
        numbers(*size),
        numbers(*stride),
        b"\x89",
        hooks,
    )


def mapping(**items: bytes) -> bytes:
    """A dict."""
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"
