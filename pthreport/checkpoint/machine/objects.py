"""Opcodes that name, call and set: a global is a name, a call is a record of it."""

from collections.abc import Hashable
from struct import Struct

from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.machine.scalars import Handler
from pthreport.checkpoint.machine.state import Machine
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Global, Mapping, Record, Value

_u16 = Struct("<H").unpack_from
_i32 = Struct("<i").unpack_from

NAME_BYTES = 64 * 1024
"""The longest module or class name that is read."""


def _name(m: Machine, module: str, name: str) -> Global:
    return m.context.imports.named(module, name, m.context.offset)


def global_text(m: Machine, pos: int) -> int:
    module, pos = m.line(pos, NAME_BYTES)
    name, pos = m.line(pos, NAME_BYTES)
    m.stack.append(_name(m, module.decode("utf-8"), name.decode("utf-8")))
    return pos


def stack_global(m: Machine, pos: int) -> int:
    name, module = m.stack.pop(), m.stack.pop()
    if type(name) is not str or type(module) is not str:
        raise FormatError(f"a name made of {type(module).__name__} and {type(name).__name__}")
    m.stack.append(_name(m, module, name))
    return pos


def _extension(m: Machine, code: int) -> None:
    # A code stands for whatever class the reading process registered: the file does not say which.
    m.stack.append(_name(m, "copyreg", f"extension code {code}"))


def ext1(m: Machine, pos: int) -> int:
    _extension(m, m.data[pos])
    return pos + 1


def ext2(m: Machine, pos: int) -> int:
    _extension(m, _u16(m.data, pos)[0])
    return pos + 2


def ext4(m: Machine, pos: int) -> int:
    _extension(m, _i32(m.data, pos)[0])
    return pos + 4


def reduce(m: Machine, pos: int) -> int:
    args = m.stack.pop()
    callee = m.stack.pop()
    if type(args) is not tuple:
        raise FormatError(f"a call whose arguments are a {type(args).__name__}")
    m.stack.append(m.context.call(callee, args))
    return pos


def newobj_ex(m: Machine, pos: int) -> int:
    kwargs, args, callee = m.stack.pop(), m.stack.pop(), m.stack.pop()
    if type(args) is not tuple or not isinstance(kwargs, dict):
        raise FormatError("a call whose arguments are no tuple and dict")
    if not kwargs:
        m.stack.append(m.context.call(callee, args))
        return pos
    if isinstance(callee, Global):
        m.context.imports.called((callee.module, callee.name))
        made = m.context.record(callee, args)
    else:
        m.context.charge(2)
        made = Record("", "", (callee, args), offset=m.context.offset)
    made.kwargs = kwargs
    m.stack.append(made)
    return pos


def obj(m: Machine, pos: int) -> int:
    values = m.pop_mark()
    m.stack.append(m.context.call(values[0], tuple(values[1:])))
    return pos


def inst(m: Machine, pos: int) -> int:
    module, pos = m.line(pos, NAME_BYTES)
    name, pos = m.line(pos, NAME_BYTES)
    callee = _name(m, module.decode("utf-8"), name.decode("utf-8"))
    args = tuple(m.pop_mark())
    m.stack.append(m.context.call(callee, args))
    return pos


def _attributes(state: Value) -> Value:
    """The state as one dict where it is (dict or None, dict of slots)."""
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
        first, slots = state
        if first is None or isinstance(first, dict):
            return slots if not first else {**first, **slots}
    return state


def build(m: Machine, pos: int) -> int:
    state = m.stack.pop()
    target = m.stack[-1]
    m.context.charge(1)
    if state is None and not isinstance(target, Record):
        return pos  # as CPython, which asks nothing of what no state is set on
    if isinstance(target, Record):
        made = m.context.build(target, state)
        if made is None:
            _set_state(m, target, state)
        else:
            target.replaced = m.stack[-1] = made
    elif isinstance(target, Tensor):
        target.attributes = state if target.attributes is None else [target.attributes, state]
    elif isinstance(target, Mapping):
        named: dict[Hashable, Value] = (
            _attributes(state) if isinstance(_attributes(state), dict) else {"state": state}
        )
        m.context.charge(len(named))
        target.attributes.update(named)
    elif isinstance(target, Global):
        # In a real load this changes the class or module itself, for everybody.
        m.context.imports.changed((target.module, target.name))
        changed = m.context.record(target, ())
        changed.state = state
        m.stack[-1] = changed
    else:
        raise FormatError(f"a state set on a {type(target).__name__}")
    return pos


def _set_state(m: Machine, target: Record, state: Value) -> None:
    if target.state is None:
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
            m.context.charge(len(state[1]) + (len(state[0]) if isinstance(state[0], dict) else 0))
        target.state = _attributes(state)
    else:
        target.state = [target.state, state]


PERSISTENT = 4
"""What a persistent id takes from the budget of objects: three bytes of a pickle make a tensor."""


def persid(m: Machine, pos: int) -> int:
    m.context.charge(PERSISTENT)
    text, pos = m.line(pos, m.limits.line_bytes)
    m.stack.append(m.context.persistent(text.decode("ascii")))
    return pos


def binpersid(m: Machine, pos: int) -> int:
    m.context.charge(PERSISTENT)
    m.stack.append(m.context.persistent(m.stack.pop()))
    return pos


def next_buffer(m: Machine, pos: int) -> int:
    raise FormatError("a buffer outside of the file is needed (protocol 5, out of band)")


def readonly_buffer(m: Machine, pos: int) -> int:
    if not m.stack:
        raise IndexError
    return pos


OBJECTS: dict[bytes, Handler] = {
    b"c": global_text,
    b"\x93": stack_global,
    b"\x82": ext1,
    b"\x83": ext2,
    b"\x84": ext4,
    b"R": reduce,
    b"\x81": reduce,
    b"\x92": newobj_ex,
    b"o": obj,
    b"i": inst,
    b"b": build,
    b"P": persid,
    b"Q": binpersid,
    b"\x97": next_buffer,
    b"\x98": readonly_buffer,
}
"""Opcode byte to handler: names, calls and state."""
