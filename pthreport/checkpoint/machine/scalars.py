"""Opcodes that push one plain value: numbers, strings, bytes, None, booleans."""

import codecs
import math
import re
from collections.abc import Callable
from struct import Struct

from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.machine.state import Machine
from pthreport.checkpoint.values import LongBytes, Record, Value
from pthreport.document.numbers import plural

Handler = Callable[[Machine, int], int]
"""Runs one opcode whose argument starts at the position; gives the next opcode's position."""

for _codec in ("ascii", "latin-1", "raw-unicode-escape"):
    codecs.lookup(
        _codec
    )  # found now: Python imports a codec at its first use, which is not for a file to cause

_u16 = Struct("<H").unpack_from
_i32 = Struct("<i").unpack_from
_u32 = Struct("<I").unpack_from
_u64 = Struct("<Q").unpack_from
_f64 = Struct(">d").unpack_from

STRTOL = re.compile(rb"[ \t\v\f\r]*[-+]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
"""What C's strtol reads of a text, with the base that the text says."""

FLOAT = re.compile(rb"[-+]?((\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|inf|infinity|nan)", re.IGNORECASE)
ESCAPE = re.compile(rb"\\([\\'\"abfnrtv\n]|x[0-9a-fA-F]{2}|[0-7]{1,3})", re.DOTALL)
ESCAPES = {
    b"\\": b"\\",
    b"'": b"'",
    b'"': b'"',
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
    b"\n": b"",
}
"""Escapes of a bytes literal, without the backslash."""

DIGITS = 4_300
"""Decimal digits up to which Python converts text to an integer: beyond, its time is quadratic."""


def constant(value: Value) -> Handler:
    """An opcode that pushes `value`."""

    def push(m: Machine, pos: int) -> int:
        m.stack.append(value)
        return pos

    return push


def binint(m: Machine, pos: int) -> int:
    m.stack.append(_i32(m.data, pos)[0])
    return pos + 4


def binint1(m: Machine, pos: int) -> int:
    m.stack.append(m.data[pos])
    return pos + 1


def binint2(m: Machine, pos: int) -> int:
    m.stack.append(_u16(m.data, pos)[0])
    return pos + 2


def binfloat(m: Machine, pos: int) -> int:
    m.stack.append(_f64(m.data, pos)[0])
    return pos + 8


def _long(m: Machine, pos: int, length: int) -> int:
    if length > m.limits.integer_bytes and length <= m.source.length - m.base - pos:
        raise FormatError(
            f"an integer of {length:,} bytes ({met('integer_bytes', m.limits.integer_bytes)})", kind="limit"
        )
    digits = m.data[pos : pos + length]
    if len(digits) != length:
        digits = m.beyond(pos, length)
    m.stack.append(int.from_bytes(digits, "little", signed=True))
    return pos + length


def long1(m: Machine, pos: int) -> int:
    return _long(m, pos + 1, m.data[pos])


def long4(m: Machine, pos: int) -> int:
    length: int = _i32(m.data, pos)[0]
    if length < 0:
        raise FormatError(f"an integer of {length:,} bytes")
    return _long(m, pos + 4, length)


def _literal(m: Machine, text: bytes, base: int) -> Value:
    """An integer as CPython reads it from a C string: it ends at a NUL."""
    text = text.partition(b"\0")[0]
    if len(text) > DIGITS:
        bare = text.strip()
        if not bare.lstrip(b"-").isdigit():
            raise FormatError(f"{text[:40]!r} is no integer")
        m.context.charge(2)
        return Record("builtins", "int", (bare.decode("ascii"),))
    try:
        return int(text, base)
    except ValueError as error:
        raise FormatError(f"{text[:40]!r} is no integer") from error


def int_text(m: Machine, pos: int) -> int:
    """INT as CPython's unpickler takes it: what strtol reads up to the line's end or a NUL (octal and
    hexadecimal numbers too), else an integer literal of Python; 0 or 1 in two characters is a boolean."""
    text, pos = m.line(pos, m.limits.line_bytes)
    found = STRTOL.match(text)
    end = 0 if found is None else found.end()
    value: Value = None
    if text and text[end : end + 1] in (b"", b"\0") and end < DIGITS:
        digits = b"0" if found is None else found[1]
        base = 16 if digits[1:2] in (b"x", b"X") else 8 if digits[:1] == b"0" else 10
        number = int(digits, base) if found is not None else 0
        value = -number if found is not None and b"-" in found[0] else number
    if value is None or not -(2**63) <= value < 2**63:
        value = _literal(m, text, 0)
    m.stack.append(bool(value) if len(text) == 2 and value in (0, 1) else value)
    return pos


def long_text(m: Machine, pos: int) -> int:
    text, pos = m.line(pos, m.limits.line_bytes)
    m.stack.append(_literal(m, text.removesuffix(b"L"), 0))
    return pos


def float_text(m: Machine, pos: int) -> int:
    text, pos = m.line(pos, m.limits.line_bytes)
    text = text.partition(b"\0")[0]
    if FLOAT.fullmatch(text) is None or len(text) > DIGITS:
        raise FormatError(f"{text[:40]!r} is no number")
    value = float(text)
    if math.isinf(value) and b"inf" not in text.lower():
        raise FormatError(f"the number {text[:40]!r} is too large for a float")
    m.stack.append(value)
    return pos


def memo_index(m: Machine, pos: int) -> tuple[int, int]:
    """The index of a GET or PUT, and the position behind it."""
    text, pos = m.line(pos, m.limits.line_bytes)
    index = _literal(m, text, 10)
    if type(index) is not int or index < 0:
        raise FormatError(f"{text[:40]!r} is no memo index")
    return index, pos


def _text(m: Machine, pos: int, length: int) -> int:
    end = pos + length
    found = m.data[pos:end]
    if len(found) != length:
        found = m.beyond(pos, length)
    m.stack.append(found.decode("utf-8", "surrogatepass"))
    return end


def short_binunicode(m: Machine, pos: int) -> int:
    end = pos + 1 + m.data[pos]
    found = m.data[pos + 1 : end]
    if len(found) != end - pos - 1:
        found = m.beyond(pos + 1, end - pos - 1)
    m.stack.append(found.decode("utf-8", "surrogatepass"))
    return end


def binunicode(m: Machine, pos: int) -> int:
    return _text(m, pos + 4, _u32(m.data, pos)[0])


def binunicode8(m: Machine, pos: int) -> int:
    return _text(m, pos + 8, _u64(m.data, pos)[0])


def unicode_text(m: Machine, pos: int) -> int:
    text, pos = m.line(pos, m.limits.string_bytes)
    m.stack.append(text.decode("raw-unicode-escape"))
    return pos


def _old_string(found: bytes | LongBytes) -> Value:
    """A Python 2 string: text where it is UTF-8, as torch reads it, else bytes."""
    if isinstance(found, LongBytes):
        return found
    try:
        return found.decode("utf-8")
    except UnicodeDecodeError:
        return found


def string_text(m: Machine, pos: int) -> int:
    text, pos = m.line(pos, m.limits.string_bytes)
    text = text.strip()
    if len(text) < 2 or text[:1] not in (b"'", b'"') or text[-1:] != text[:1]:
        raise FormatError("a text string without its quotes")
    m.stack.append(_old_string(_unescape(text[1:-1])))
    return pos


def _unescape(text: bytes) -> bytes:
    """Python's escapes in a bytes literal; one that is none stays as it is."""
    return ESCAPE.sub(_escaped, text) if b"\\" in text else text


def _escaped(found: re.Match[bytes]) -> bytes:
    what = found[1]
    if what in ESCAPES:
        return ESCAPES[what]
    if what[:1] == b"x":
        return bytes([int(what[1:], 16)])
    return bytes([int(what, 8) & 0xFF])


def short_binstring(m: Machine, pos: int) -> int:
    m.stack.append(_old_string(m.byte_string(pos + 1, m.data[pos])))
    return pos + 1 + m.data[pos]


def binstring(m: Machine, pos: int) -> int:
    length: int = _i32(m.data, pos)[0]
    if length < 0:
        raise FormatError(f"a string of {length:,} bytes")
    m.stack.append(_old_string(m.byte_string(pos + 4, length)))
    return pos + 4 + length


def short_binbytes(m: Machine, pos: int) -> int:
    m.stack.append(m.byte_string(pos + 1, m.data[pos]))
    return pos + 1 + m.data[pos]


def binbytes(m: Machine, pos: int) -> int:
    length: int = _u32(m.data, pos)[0]
    m.stack.append(m.byte_string(pos + 4, length))
    return pos + 4 + length


def binbytes8(m: Machine, pos: int) -> int:
    length: int = _u64(m.data, pos)[0]
    m.stack.append(m.byte_string(pos + 8, length))
    return pos + 8 + length


def proto(m: Machine, pos: int) -> int:
    version = m.data[pos]
    if version > 5:
        raise FormatError(f"pickle protocol {version}: protocols 0 to 5 exist")
    m.protocol = version
    return pos + 1


def frame(m: Machine, pos: int) -> int:
    length: int = _u64(m.data, pos)[0]
    left = max(0, m.source.length - m.base - pos - 8)
    if length > left:
        raise FormatError(
            f"a frame of {plural(length, 'byte')} where the pickle has {left:,} left", kind="truncated"
        )
    if m.frame_end is not None:
        raise FormatError("a frame inside a frame")
    m.frame_end = pos + 8 + length
    m.set_safe()
    return pos + 8


SCALARS: dict[bytes, Handler] = {
    b"N": constant(None),
    b"\x88": constant(True),
    b"\x89": constant(False),
    b"J": binint,
    b"K": binint1,
    b"M": binint2,
    b"G": binfloat,
    b"\x8a": long1,
    b"\x8b": long4,
    b"I": int_text,
    b"L": long_text,
    b"F": float_text,
    b"\x8c": short_binunicode,
    b"X": binunicode,
    b"\x8d": binunicode8,
    b"V": unicode_text,
    b"S": string_text,
    b"T": binstring,
    b"U": short_binstring,
    b"C": short_binbytes,
    b"B": binbytes,
    b"\x8e": binbytes8,
    b"\x96": binbytes8,
    b"\x80": proto,
    b"\x95": frame,
}
"""Opcode byte to handler: pushes of plain values, and the two that frame the stream."""

FIXED_ARGUMENTS: dict[bytes, int] = {
    **dict.fromkeys((b"K", b"\x8a", b"\x8c", b"U", b"C", b"\x80", b"q", b"h", b"\x82"), 1),
    **dict.fromkeys((b"M", b"\x83"), 2),
    **dict.fromkeys((b"J", b"\x8b", b"X", b"T", b"B", b"r", b"j", b"\x84"), 4),
    **dict.fromkeys((b"G", b"\x8d", b"\x8e", b"\x96", b"\x95"), 8),
}
"""Bytes that follow an opcode in any case: fewer mean that the pickle is cut short."""

COUNTED = frozenset({b"\x8a", b"\x8b", b"\x8c", b"X", b"\x8d", b"T", b"U", b"C", b"B", b"\x8e", b"\x96"})
"""Instructions whose fixed argument counts the bytes behind it."""

LINES: dict[bytes, int] = {
    **dict.fromkeys((b"I", b"L", b"F", b"S", b"V", b"P", b"g", b"p"), 1),
    b"c": 2,
    b"i": 2,
}
"""Lines of text that follow an opcode."""
