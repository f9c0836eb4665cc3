"""The loop that runs a pickle, and what is kept when it breaks off."""

import struct
from collections.abc import Hashable
from dataclasses import dataclass

from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.machine.context import Context
from pthreport.checkpoint.machine.objects import OBJECTS
from pthreport.checkpoint.machine.resume import names_behind
from pthreport.checkpoint.machine.scalars import FIXED_ARGUMENTS, SCALARS, Handler
from pthreport.checkpoint.machine.state import Machine, Stopped
from pthreport.checkpoint.machine.structure import STRUCTURE
from pthreport.checkpoint.source import Held, Source, Stretch
from pthreport.checkpoint.values import Collection, Key, Record, Value


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a pickle gave. `value` is its object, or what was made of it before `error`; `end` is the
    position behind the last opcode; `protocol` the highest that is declared; `crossed` the end of a
    frame that an instruction reached over: other readers go on there."""

    value: Value
    end: int
    protocol: int
    error: FormatError | None = None
    left_over: int = 0
    crossed: int | None = None


def _unknown(opcode: int) -> Handler:
    def refuse(m: Machine, pos: int) -> int:
        raise FormatError(f"byte 0x{opcode:02x} is no pickle opcode")

    return refuse


HANDLERS: tuple[Handler, ...] = tuple(
    {**SCALARS, **STRUCTURE, **OBJECTS}.get(bytes([code]), _unknown(code)) for code in range(256)
)
"""The handler of each opcode byte."""


def run(source: Source | Stretch | Held, start: int, context: Context) -> Outcome:
    """Run the pickle that starts at byte `start`; never raises for what the pickle contains.

    Errors carry the byte offset, counted from the beginning of `source`.
    """
    m = Machine(source, start, context)
    handlers = HANDLERS
    pos = done = 0
    try:
        for done in range(1, context.budget.opcodes + 1):  # noqa: B007 - counted for the budget
            if pos >= m.safe:
                pos = m.advance(pos)
            context.offset = m.base + pos
            pos = handlers[m.data[pos]](m, pos + 1)
        most = context.limits.opcodes
        raise FormatError(f"more than {most:,} opcodes ({met('opcodes', most)})", kind="limit")
    except Stopped as stopped:
        end = m.base + stopped.args[0]
        if m.stack:
            left = len(m.stack) - 1 + sum(map(len, m.metastack))
            return Outcome(m.stack[-1], end, m.protocol, left_over=left)
        error = FormatError("STOP without an object", context.offset)
        return Outcome(None, end, m.protocol, error)
    except (FormatError, IndexError, struct.error, ValueError, ReadError) as reason:
        error = _broken(reason, m, pos)
        context.budget.opcodes -= done
        done = 0
        end, crossed = m.base + pos, m.crossed
        stack, metastack = list(m.stack), [list(one) for one in m.metastack]
        value = _salvage(m)
        m.stack, m.metastack = stack, metastack
        if error.kind not in ("limit", "truncated") and crossed is None:
            names_behind(m, pos, handlers)
        return Outcome(value, end, m.protocol, error, crossed=crossed)
    finally:
        context.budget.opcodes -= done


def _broken(reason: Exception, m: Machine, pos: int) -> FormatError:
    """Why the pickle breaks off, with the byte at which it does."""
    at = m.base + pos
    if isinstance(reason, FormatError):
        return FormatError(reason.text, at, kind=reason.kind)
    if isinstance(reason, ReadError):
        return FormatError(str(reason), at, kind="truncated")
    if isinstance(reason, UnicodeError):
        return FormatError("a string that is not valid text", at)
    if pos + 1 + FIXED_ARGUMENTS.get(m.data[pos : pos + 1], 0) > len(m.data):
        return FormatError("the pickle ends inside an instruction", at, kind="truncated")
    if isinstance(reason, ValueError):
        return FormatError("a number that is none", at)
    return FormatError(
        f"instruction {m.data[pos : pos + 1]!r} needs a value or a mark that is not on the stack", at
    )


def _salvage(m: Machine) -> Value:
    """What was built before the error: open containers take the values that were meant for them."""
    m.metastack.append(m.stack)
    while len(m.metastack) > 1:
        values = m.metastack.pop()
        below = m.metastack[-1]
        if not below or not _take(below[-1], values):
            below.extend(values)
    rest = m.metastack[0]
    return rest[0] if len(rest) == 1 else rest


def _take(target: Value, values: list[Value]) -> bool:
    if type(target) is list:
        target.extend(values)
    elif isinstance(target, (Collection, Record)):
        target.items.extend(values)
    elif isinstance(target, dict):
        named: dict[Hashable, Value] = {
            key if type(key) in (str, int) else Key(key): value
            for key, value in zip(values[::2], values[1::2], strict=False)
        }
        target.update(named)
    else:
        return False
    return True
