"""The machine's memory: a window of the pickle, a stack with marks, a memo."""

from typing import Protocol

from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.machine.context import Context
from pthreport.checkpoint.source import Held, Source, Stretch
from pthreport.checkpoint.values import LongBytes, Value
from pthreport.document.numbers import plural

WINDOW = 4 * 1024 * 1024
"""Bytes of the pickle held at a time."""

MARGIN = 1024
"""Bytes that are at hand behind every opcode, unless the pickle ends before."""

LONG_BYTES = 1024 * 1024
"""Bytes from which on a byte string of a file stays in the file."""


class Readable(Protocol):
    """A `Source`, `Stretch` or `Held`."""

    length: int

    def read(self, start: int, length: int) -> bytes:
        """Up to `length` bytes."""


class Stopped(Exception):  # noqa: N818 - the pickle's regular end
    """The STOP opcode, with the position behind it."""


class Machine:
    """All state of one run. Positions count from the window's start, `base` is the window's own
    place in the pickle; `safe` is the position from which on `advance` must be asked first. `memo` holds
    the entries 0, 1, 2, ... in which picklers count, `far` those under any other index."""

    __slots__ = (
        "base",
        "context",
        "crossed",
        "data",
        "far",
        "frame_end",
        "limits",
        "memo",
        "metastack",
        "protocol",
        "safe",
        "source",
        "stack",
    )

    def __init__(self, source: Source | Stretch | Held, start: int, context: Context) -> None:
        self.source = source
        self.context = context
        self.limits = context.limits
        self.base = start
        self.data = b""
        self.safe = -1
        self.frame_end: int | None = None
        self.crossed: int | None = None
        self.stack: list[Value] = []
        self.metastack: list[list[Value]] = []
        self.memo: list[Value] = []
        self.far: dict[int, Value] = {}
        self.protocol = 0

    def advance(self, position: int) -> int:
        """Check the frame, move the window, and give the position in it."""
        if self.frame_end is not None and position >= self.frame_end:
            if position > self.frame_end:
                self.crossed = self.base + self.frame_end
                raise FormatError(
                    f"the instruction before crosses the end of its frame by "
                    f"{plural(position - self.frame_end, 'byte')}: readers disagree on what follows"
                )
            self.frame_end = None
        absolute = self.base + position
        if position > len(self.data) - MARGIN and self.base + len(self.data) < self.source.length:
            self.data = self.source.read(absolute, WINDOW)
            self._hold(len(self.data))
            if self.frame_end is not None:
                self.frame_end -= position
            self.base, position = absolute, 0
        if position >= len(self.data):
            raise FormatError("the pickle ends without its STOP", kind="truncated")
        self.set_safe()
        return position

    def set_safe(self) -> None:
        """Find out up to where no check is needed."""
        at_end = self.base + len(self.data) >= self.source.length
        self.safe = len(self.data) if at_end else len(self.data) - MARGIN
        if self.frame_end is not None and self.frame_end < self.safe:
            self.safe = self.frame_end

    def _hold(self, count: int) -> None:
        """Take from the budget of bytes held; raises `FormatError` where it is spent."""
        budget, most = self.context.budget, self.limits.pickle_bytes
        budget.held -= count
        if budget.held < 0:
            raise FormatError(
                f"more than {most:,} bytes of pickles ({met('pickle_bytes', most)})", kind="limit"
            )

    def beyond(self, position: int, length: int) -> bytes:
        """`length` bytes that reach beyond the window; raises `FormatError` where they are not there."""
        start = self.base + position
        left = max(0, self.source.length - start)
        if length > left:
            raise FormatError(
                f"names {plural(length, 'byte')} where the pickle has {left:,} left", kind="truncated"
            )
        if length > self.limits.string_bytes:
            raise FormatError(
                f"a string of {length:,} bytes ({met('string_bytes', self.limits.string_bytes)})",
                kind="limit",
            )
        self._hold(length)
        return self.source.read(start, length)

    def byte_string(self, position: int, length: int) -> bytes | LongBytes:
        """A byte string of the pickle, left where it is if it is long."""
        if length >= LONG_BYTES and not isinstance(self.source, Held):
            start = self.base + position
            if length <= self.source.length - start:
                return LongBytes(Stretch(self.source, start, length))
        found = self.data[position : position + length]
        return found if len(found) == length else self.beyond(position, length)

    def line(self, position: int, limit: int) -> tuple[bytes, int]:
        """The text up to the next line feed, and the position behind it."""
        end = self.data.find(b"\n", position, position + limit + 1)
        if end < 0 and position + limit >= len(self.data):
            start, step = self.base + len(self.data), WINDOW
            while end < 0 and start < self.source.length and len(self.data) - position <= limit:
                seen = len(self.data)
                self.data += self.source.read(start, step)
                end = self.data.find(b"\n", max(seen, position), position + limit + 1)
                start, step = self.base + len(self.data), step * 2
            self.set_safe()
        if end < 0:
            if len(self.data) - position > limit:
                name = "line_bytes" if limit == self.limits.line_bytes else "string_bytes"
                raise FormatError(
                    f"a text line of more than {limit:,} bytes ({met(name, limit)})", kind="limit"
                )
            raise FormatError("the pickle ends inside a text line", kind="truncated")
        return self.data[position:end], end + 1

    def pop_mark(self) -> list[Value]:
        """The values above the last mark."""
        values = self.stack
        self.stack = self.metastack.pop()
        return values
