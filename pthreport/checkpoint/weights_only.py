"""Following a pickle as `torch.load(weights_only=True)` would, to find where it would stop.

Only types move on the stack here, no values: what an instruction may be applied to is all that the
rules ask (torch/_weights_only_unpickler.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pthreport.checkpoint.errors import ReadError
from pthreport.checkpoint.source import Stretch
from pthreport.checkpoint.torch_allowed import BUILT, MADE, MODULES, NAMES, REGISTERED

WINDOW = 1 << 20
NAME_BYTES = 64 * 1024
ZIP, LEGACY = 5, 6
"""Fields of a storage's persistent id in either container."""

INSTRUCTIONS = 20_000_000
"""Instructions that are followed at most."""

KEPT = 3_000_000
"""Tuples, marks and memo entries that are kept at most."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Where following a pickle ended: the position behind it, or what stops it."""

    end: int
    stops_at: str | None = None


class _Stop(Exception):  # noqa: N818 - not an error of ours
    """What the unpickler stops at."""


class _Name(str):
    """An imported name on the stack."""

    __slots__ = ()


_Type = Any
"""A type's name, a `_Name`, or a tuple of them."""


class _Follower:
    def __init__(self, source: Stretch, start: int, storage_fields: int) -> None:
        self.source = source
        self.base = start
        self.data = b""
        self.storage_fields = storage_fields
        self.stack: list[_Type] = []
        self.metastack: list[list[_Type]] = []
        self.memo: dict[int, _Type] = {}
        self.kept = 0

    def keep(self) -> None:
        """Count what takes memory; raises `_Stop`."""
        self.kept += 1
        if self.kept > KEPT:
            raise _Stop(f"nothing in its first {KEPT:,} objects; the rest is not followed")

    def fill(self, pos: int) -> int:
        """Make sure that the next instruction is at hand, as far as the pickle reaches."""
        if pos > len(self.data) - 64:
            self.base += pos
            self.data = self.source.read(self.base, WINDOW)
            pos = 0
        if pos >= len(self.data):
            raise _Stop("the end of the file, before the pickle's own")
        return pos

    def follow(self) -> int:
        """Run to the pickle's end and give the position behind it; raises `_Stop`."""
        pos = 0
        for _ in range(INSTRUCTIONS):
            if pos > len(self.data) - 64:
                pos = self.fill(pos)
            code = self.data[pos]
            if code == _STOP:
                if not self.stack:
                    raise _Stop("a pickle that makes no object")
                return self.base + pos + 1
            handler = _HANDLERS.get(code)
            if handler is None:
                raise _Stop(_instruction(code))
            pos = handler(self, pos + 1)
        raise _Stop(f"nothing in its first {INSTRUCTIONS:,} instructions; the rest is not followed")

    def pop_mark(self) -> list[_Type]:
        items = self.stack
        self.stack = self.metastack.pop()
        return items

    def line(self, pos: int) -> tuple[str, int]:
        end = self.data.find(b"\n", pos, pos + NAME_BYTES)
        if end < 0:
            self.base += pos
            self.data = self.source.read(self.base, WINDOW)
            pos, end = 0, self.data.find(b"\n", 0, NAME_BYTES)
            if end < 0:
                raise _Stop("a name without an end")
        return self.data[pos:end].decode("utf-8", "backslashreplace"), end + 1


_STOP = ord(".")


def _instruction(code: int) -> str:
    name = _INSTRUCTIONS.get(code)
    return f"the instruction {name}" if name else f"byte 0x{code:02x}, which is no instruction"


def _global(f: _Follower, pos: int) -> int:
    module, pos = f.line(pos)
    name, pos = f.line(pos)
    full = f"{MODULES.get(module, module)}.{name}"
    if full not in NAMES and full not in REGISTERED:
        raise _Stop(f"{module}.{name}")
    f.stack.append(_Name(full))
    return pos


def _call(f: _Follower, pos: int) -> int:
    args = f.stack.pop()
    callee = f.stack[-1]
    if not isinstance(callee, _Name):
        raise _Stop("a call of something that is no imported name")
    if callee == "torch._tensor._rebuild_from_type_v2" and isinstance(args, tuple) and len(args) > 1:
        f.stack[-1] = MADE.get(args[1], "Tensor") if isinstance(args[1], _Name) else "Tensor"
    else:
        f.stack[-1] = MADE.get(callee, "value")
    return pos


def _build(f: _Follower, pos: int) -> int:
    f.stack.pop()
    target = f.stack[-1]
    if isinstance(target, _Name | tuple) or target not in BUILT:
        kind = "a name" if isinstance(target, _Name) else "a tuple" if isinstance(target, tuple) else target
        raise _Stop(f"a state set on {kind}")
    return pos


def _append(f: _Follower, pos: int) -> int:
    f.stack.pop()
    return _onto_list(f, pos)


def _appends(f: _Follower, pos: int) -> int:
    f.pop_mark()
    return _onto_list(f, pos)


def _onto_list(f: _Follower, pos: int) -> int:
    if f.stack[-1] != "list":
        raise _Stop("items appended to what is no list")
    return pos


def _set_item(f: _Follower, pos: int) -> int:
    del f.stack[-2:]
    return _into_dict(f, pos)


def _set_items(f: _Follower, pos: int) -> int:
    f.pop_mark()
    return _into_dict(f, pos)


def _into_dict(f: _Follower, pos: int) -> int:
    if f.stack[-1] not in ("dict", "OrderedDict", "Counter"):
        raise _Stop("items set in what is no dict")
    return pos


def _mark(f: _Follower, pos: int) -> int:
    f.keep()
    f.metastack.append(f.stack)
    f.stack = []
    return pos


def _tuple(f: _Follower, pos: int) -> int:
    items = tuple(f.pop_mark())
    f.stack.append(items)
    return pos


def _small_tuple(size: int) -> "Handler":
    def make(f: _Follower, pos: int) -> int:
        if len(f.stack) < size:
            raise IndexError
        f.keep()
        f.stack[-size:] = [tuple(f.stack[-size:])]
        return pos

    return make


def _persistent(f: _Follower, pos: int) -> int:
    identity = f.stack.pop()
    if not isinstance(identity, tuple):
        raise _Stop("a persistent id that is no tuple")
    if not identity or identity[0] != "storage":
        raise _Stop("a persistent id that is no storage (source text of a class, in old files)")
    if len(identity) != f.storage_fields:
        raise _Stop("a storage described in another container's way")
    if not isinstance(identity[1], _Name):
        raise _Stop("a storage without a type")
    if f.storage_fields == LEGACY and identity[1] == "torch.storage.UntypedStorage":
        raise _Stop("an untyped storage, which torch's legacy reader trips over")
    f.stack.append("TypedStorage")
    return pos


def _push(kind: _Type, size: int = 0) -> "Handler":
    def push(f: _Follower, pos: int) -> int:
        f.stack.append(kind)
        return pos + size

    return push


def _text(width: int) -> "Handler":
    def read(f: _Follower, pos: int) -> int:
        length = int.from_bytes(f.data[pos : pos + width], "little")
        pos += width
        f.stack.append("storage" if length == 7 and f.data[pos : pos + 7] == b"storage" else "value")
        end = f.base + pos + length
        if end > f.source.length:
            raise _Stop("the end of the file, inside a text")
        if pos + length > len(f.data):
            f.base, f.data = end, b""
            return 0
        return pos + length

    return read


def _long(f: _Follower, pos: int) -> int:
    f.stack.append("value")
    size = f.data[pos]
    if pos + 1 + size > len(f.data):
        f.base, f.data = f.base + pos + 1 + size, b""
        return 0
    return pos + 1 + size


def _get(width: int) -> "Handler":
    def get(f: _Follower, pos: int) -> int:
        f.stack.append(f.memo[int.from_bytes(f.data[pos : pos + width], "little")])
        return pos + width

    return get


def _put(width: int) -> "Handler":
    def put(f: _Follower, pos: int) -> int:
        f.keep()
        f.memo[int.from_bytes(f.data[pos : pos + width], "little")] = f.stack[-1]
        return pos + width

    return put


Handler = Callable[[_Follower, int], int]

_HANDLERS: dict[int, Handler] = {
    ord(code): handler
    for code, handler in {
        b"c": _global,
        b"\x81": _call,
        b"R": _call,
        b"b": _build,
        b"a": _append,
        b"e": _appends,
        b"s": _set_item,
        b"u": _set_items,
        b"(": _mark,
        b"t": _tuple,
        b"\x85": _small_tuple(1),
        b"\x86": _small_tuple(2),
        b"\x87": _small_tuple(3),
        b"N": _push("value"),
        b"\x88": _push("value"),
        b"\x89": _push("value"),
        b")": _push(()),
        b"]": _push("list"),
        b"}": _push("dict"),
        b"\x8f": _push("set"),
        b"J": _push("value", 4),
        b"K": _push("value", 1),
        b"M": _push("value", 2),
        b"G": _push("value", 8),
        b"X": _text(4),
        b"U": _text(1),
        b"\x8a": _long,
        b"Q": _persistent,
        b"h": _get(1),
        b"j": _get(4),
        b"q": _put(1),
        b"r": _put(4),
        b"\x80": lambda _f, pos: pos + 1,
    }.items()
}
"""The instructions that the restricted unpickler knows, without STOP."""

_INSTRUCTIONS: dict[int, str] = {
    code[0]: name
    for code, name in {
        b"0": "POP", b"1": "POP_MARK", b"2": "DUP", b"B": "BINBYTES", b"C": "SHORT_BINBYTES", b"F": "FLOAT",
        b"I": "INT", b"L": "LONG", b"P": "PERSID", b"S": "STRING", b"T": "BINSTRING", b"V": "UNICODE",
        b"d": "DICT", b"g": "GET", b"i": "INST", b"l": "LIST", b"o": "OBJ", b"p": "PUT", b"\x82": "EXT1",
        b"\x83": "EXT2", b"\x84": "EXT4", b"\x8b": "LONG4", b"\x8c": "SHORT_BINUNICODE", b"\x8d": "BINUNICODE8",
        b"\x8e": "BINBYTES8", b"\x90": "ADDITEMS", b"\x91": "FROZENSET", b"\x92": "NEWOBJ_EX",
        b"\x93": "STACK_GLOBAL", b"\x94": "MEMOIZE", b"\x95": "FRAME", b"\x96": "BYTEARRAY8",
        b"\x97": "NEXT_BUFFER", b"\x98": "READONLY_BUFFER",
    }.items()
}  # fmt: skip
"""The pickle instructions that it does not know."""


def follow(source: Stretch, start: int, storage_fields: int) -> Followed:
    """Follow the pickle that begins at `start`; `storage_fields` is the length of a storage's
    persistent id (`ZIP` or `LEGACY`). Never raises for what the pickle contains."""
    follower = _Follower(source, start, storage_fields)
    try:
        return Followed(follower.follow())
    except _Stop as stop:
        return Followed(follower.base, stop.args[0])
    except (IndexError, KeyError, ReadError):
        return Followed(follower.base, "a damaged pickle")
