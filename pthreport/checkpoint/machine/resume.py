"""Reading on behind an error, for the names alone.

CPython's unpickler takes some things that this machine refuses (an item set in a list, values appended to a
byte array), and a file could put one before what it wants to hide. So after an error the instruction that
failed is stepped over and the rest is run for what it would import, without making anything of it.
"""

import re
import struct

from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.machine.context import Context
from pthreport.checkpoint.machine.scalars import COUNTED, FIXED_ARGUMENTS, LINES, Handler
from pthreport.checkpoint.machine.state import Machine, Stopped
from pthreport.checkpoint.values import Global, Record, Value

_FIXED = (str, bytes, int, float, complex, type(None), tuple, Global)

ERRORS = 100
"""Instructions that are stepped over."""

LINE_BYTES = 64 * 1024
"""How far the end of a line is looked for."""

DOTTED = re.compile(r"\w+(\.\w+)*")
"""How names look; behind an error other bytes may be taken for instructions."""


def names_behind(m: Machine, pos: int, handlers: tuple[Handler, ...]) -> None:
    """Run on from behind the instruction at `pos`; what it names goes to the context's imports."""
    sink = Record("", "")
    m.stack = [_harmless(one, sink) for one in m.stack]
    m.metastack = [[_harmless(one, sink) for one in stack] for stack in m.metastack]
    m.memo = [_harmless(one, sink) for one in m.memo]
    m.far = {index: _harmless(one, sink) for index, one in m.far.items()}
    outer = m.context
    found = Imports(outer.limits.names)
    m.context = context = Context(outer.limits, found, [], {}, {}, outer.budget)
    left = outer.budget.opcodes
    for _ in range(ERRORS):
        behind = _behind(m, pos)
        if behind is None or left <= 0:
            break
        pos = behind
        try:
            while left > 0:
                left -= 1
                if pos >= m.safe:
                    pos = m.advance(pos)
                context.offset = m.base + pos
                pos = handlers[m.data[pos]](m, pos + 1)
        except Stopped:
            break
        except (FormatError, IndexError, struct.error, ValueError, ReadError) as reason:
            if m.crossed is not None or (isinstance(reason, FormatError) and reason.kind == "limit"):
                break
    outer.budget.opcodes = left
    outer.imports.absorb(found, DOTTED)


def _harmless(value: Value, sink: Record) -> Value:
    """A value that nothing can be added to, in place of one that belongs to the tree."""
    return value if isinstance(value, _FIXED) else sink


def _behind(m: Machine, pos: int) -> int | None:
    """The position behind the instruction at `pos`; None where it has no end here."""
    code = m.data[pos : pos + 1]
    width = FIXED_ARGUMENTS.get(code, 0)
    end = pos + 1 + width
    if not code or end > len(m.data):
        return None
    if code in COUNTED:
        end += int.from_bytes(m.data[pos + 1 : end], "little")
    for _ in range(LINES.get(code, 0)):
        found = m.data.find(b"\n", end, end + LINE_BYTES)
        if found < 0:
            return None
        end = found + 1
    return end if end < m.source.length - m.base else None
