"""The typed keys and values of a GGUF header."""

import struct
from collections.abc import Callable

from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.limits import Limits, met
from pthreport.checkpoint.source import Source
from pthreport.checkpoint.storage import ByteOrder
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

WINDOW = 1024 * 1024
SHOWN = 64
"""Elements of an array that are kept: of vocabularies the length is shown."""

NESTED = 8
"""Arrays within arrays that are read."""

STRING, ARRAY, BOOL = 8, 9, 7
SCALARS = {
    0: ("uint8", "B"),
    1: ("int8", "b"),
    2: ("uint16", "H"),
    3: ("int16", "h"),
    4: ("uint32", "I"),
    5: ("int32", "i"),
    6: ("float32", "f"),
    7: ("bool", "B"),
    10: ("uint64", "Q"),
    11: ("int64", "q"),
    12: ("float64", "d"),
}
"""Name and struct letter of each type of value that has a fixed size."""


class Cursor:
    """Reads a file from front to back; raises `ReadError` where it ends."""

    def __init__(self, source: Source, position: int, limits: Limits) -> None:
        self._source = source
        self._start = 0
        self._window = b""
        self.position = position
        self.limits = limits
        self.order: ByteOrder = "little"
        self.objects = limits.objects

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        at = self.position - self._start
        if at < 0 or at + count > len(self._window):
            self.reserve(count)
            self._start = self.position
            self._window = self._source.read(self.position, max(count, WINDOW))
            at = 0
        self.position += count
        return self._window[at : at + count]

    def reserve(self, count: int) -> None:
        """Raise `ReadError` where fewer than `count` bytes follow."""
        left = self._source.length - self.position
        if count > left:
            raise ReadError(f"its header names {plural(count, 'byte')} where {max(0, left):,} follow")

    def skip(self, count: int) -> None:
        """Pass over `count` bytes."""
        self.reserve(count)
        self.position += count

    def charge(self) -> None:
        """Take one from the budget of values; raises `FormatError`."""
        self.objects -= 1
        if self.objects < 0:
            most = self.limits.objects
            raise FormatError(
                f"more than {most:,} values ({met('objects', most)})", self.position, kind="limit"
            )

    def integer(self, size: int) -> int:
        """An unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size), self.order)

    def text(self, limit: int) -> str:
        """A string behind its length; raises `FormatError` where it has more than `limit` bytes."""
        length = self.integer(8)
        self.reserve(length)
        if length > limit:
            raise FormatError(
                f"a text of {length:,} bytes, of which at most {limit:,} are read", self.position
            )
        return self.take(length).decode("utf-8", "backslashreplace")

    def number(self, kind: int) -> Value:
        """A value of a type of `SCALARS`."""
        letter = SCALARS[kind][1]
        text = self.take(struct.calcsize(letter))
        value = struct.unpack((">" if self.order == "big" else "<") + letter, text)[0]
        return bool(value) if kind == BOOL else value


def keys_and_values(
    cursor: Cursor, count: int, into: dict[str, Value], problem: Callable[..., None]
) -> None:
    """Read `count` keys and values; raises `FormatError` and `ReadError`, what came before is kept."""
    for _ in range(count):
        cursor.charge()
        at = cursor.position
        try:
            key = cursor.text(cursor.limits.line_bytes)
            value = _value(cursor, cursor.integer(4), 0)
        except ReadError as error:
            raise FormatError(str(error), at) from error
        if key in into:
            problem(
                "a key that occurs twice in the header: the last one counts",
                offset=at,
                where=key,
                kind="duplicate",
            )
        into[key] = value


def _value(cursor: Cursor, kind: int, depth: int) -> Value:
    cursor.charge()
    if kind in SCALARS:
        return cursor.number(kind)
    if kind == STRING:
        return cursor.text(cursor.limits.string_bytes)
    if kind != ARRAY:
        raise FormatError(f"a value of the unknown type {kind:,}", cursor.position)
    if depth >= NESTED:
        raise FormatError("arrays within arrays beyond any use", cursor.position)
    inner, length = cursor.integer(4), cursor.integer(8)
    values = [_value(cursor, inner, depth + 1) for _ in range(min(length, SHOWN))]
    if length <= SHOWN:
        return values
    _skip(cursor, inner, length - SHOWN, depth + 1)
    return {"length": length, "first": values}


def _skip(cursor: Cursor, kind: int, count: int, depth: int) -> None:
    """Pass over `count` values of a type."""
    if kind in SCALARS:
        cursor.skip(count * struct.calcsize(SCALARS[kind][1]))
        return
    for _ in range(count):
        cursor.charge()
        if kind == STRING:
            cursor.skip(cursor.integer(8))
        else:
            _value(cursor, kind, depth)
