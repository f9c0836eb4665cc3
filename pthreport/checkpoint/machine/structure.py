"""Opcodes for containers, marks, the stack and the memo."""

from collections.abc import Hashable
from struct import Struct

from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.machine.scalars import Handler, memo_index
from pthreport.checkpoint.machine.state import Machine, Stopped
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Collection, Key, Mapping, Record, Value

_u32 = Struct("<I").unpack_from

LARGE_INTEGER = 2**61 - 1
"""Integers below hash to themselves: no two of them collide."""

TUPLE_KEY_ITEMS = 8
MIXED_TUPLE_KEYS = 5_000
"""How long a tuple may be, and how many with anything but strings in them, to be used as dict keys:
their hashes can be made to collide, and a colliding dict takes quadratic time."""


def plain_key(m: Machine, key: Value) -> Hashable:
    """`key` where hashing it is cheap and harmless, else a `Key` that holds it."""
    kind = type(key)
    if kind in (str, bytes, bool, float) or key is None:
        return key  # type: ignore[no-any-return]
    if kind is int and -LARGE_INTEGER < key < LARGE_INTEGER:
        return key  # type: ignore[no-any-return]
    if kind is tuple and len(key) <= TUPLE_KEY_ITEMS:
        if all(type(item) is str for item in key):
            return key  # type: ignore[no-any-return]
        flat = all(
            type(item) in (str, bool, float, bytes)
            or item is None
            or (type(item) is int and 0 <= item < LARGE_INTEGER)
            for item in key
        )
        m.context.tuple_keys += 1
        if flat and m.context.tuple_keys <= MIXED_TUPLE_KEYS:
            return key  # type: ignore[no-any-return]
    m.context.charge(1)
    return Key(key)


def mark(m: Machine, pos: int) -> int:
    m.context.charge(1)
    m.metastack.append(m.stack)
    m.stack = []
    return pos


def pop(m: Machine, pos: int) -> int:
    if m.stack:
        m.stack.pop()
    else:
        m.pop_mark()
    return pos


def pop_mark(m: Machine, pos: int) -> int:
    m.pop_mark()
    return pos


def dup(m: Machine, pos: int) -> int:
    m.stack.append(_again(m, m.stack[-1]))
    return pos


def stop(m: Machine, pos: int) -> int:
    raise Stopped(pos)


def _again(m: Machine, value: Value) -> Value:
    """A value that takes a further place in the tree: tensors carry their path, so each place has
    its own."""
    if type(value) is Record and value.replaced is not None:
        value = value.replaced
    if type(value) is Tensor:
        m.context.charge_tensor()
        return value.copy()
    return value


def _remember(m: Machine, index: int) -> None:
    value = m.stack[-1]
    if index == len(m.memo):
        m.memo.append(value)
        if m.far:
            m.far.pop(index, None)
    elif index < len(m.memo):
        m.memo[index] = value
    else:
        m.far[index] = value
    if len(m.memo) + len(m.far) > m.limits.memo:
        raise FormatError(
            f"more than {m.limits.memo:,} memo entries ({met('memo', m.limits.memo)})", kind="limit"
        )


def binput(m: Machine, pos: int) -> int:
    _remember(m, m.data[pos])
    return pos + 1


def long_binput(m: Machine, pos: int) -> int:
    _remember(m, _u32(m.data, pos)[0])
    return pos + 4


def memoize(m: Machine, pos: int) -> int:
    _remember(m, len(m.memo) + len(m.far))
    return pos


def put(m: Machine, pos: int) -> int:
    index, pos = memo_index(m, pos)
    _remember(m, index)
    return pos


def _recall(m: Machine, index: int) -> None:
    if index < len(m.memo):
        value = m.memo[index]
    elif index in m.far:
        value = m.far[index]
    else:
        raise FormatError(f"memo entry {index} is used before it is made")
    kind = type(value)
    m.stack.append(_again(m, value) if kind is Tensor or kind is Record else value)


def binget(m: Machine, pos: int) -> int:
    _recall(m, m.data[pos])
    return pos + 1


def long_binget(m: Machine, pos: int) -> int:
    _recall(m, _u32(m.data, pos)[0])
    return pos + 4


def get(m: Machine, pos: int) -> int:
    index, pos = memo_index(m, pos)
    _recall(m, index)
    return pos


def empty_tuple(m: Machine, pos: int) -> int:
    m.stack.append(())
    return pos


def empty_list(m: Machine, pos: int) -> int:
    m.context.charge(1)
    m.stack.append([])
    return pos


def empty_dict(m: Machine, pos: int) -> int:
    m.context.charge(1)
    m.stack.append({})
    return pos


def empty_set(m: Machine, pos: int) -> int:
    m.context.charge(2)
    m.stack.append(Collection("set", []))
    return pos


def tuple_marked(m: Machine, pos: int) -> int:
    items = m.pop_mark()
    m.stack.append(tuple(items))
    return pos


def _tuple(count: int) -> Handler:
    def build(m: Machine, pos: int) -> int:
        stack = m.stack
        if len(stack) < count:
            raise IndexError
        m.context.charge(1)
        stack[-count:] = [tuple(stack[-count:])]
        return pos

    return build


def list_marked(m: Machine, pos: int) -> int:
    items = m.pop_mark()
    m.stack.append(items)
    return pos


def dict_marked(m: Machine, pos: int) -> int:
    items = m.pop_mark()
    made: dict[Hashable, Value] = {}
    m.stack.append(made)
    _store(m, made, items)
    return pos


def frozenset_marked(m: Machine, pos: int) -> int:
    items = m.pop_mark()
    m.context.charge(1)
    m.stack.append(Collection("frozenset", items))
    return pos


def _extend(m: Machine, target: Value, items: list[Value]) -> None:
    if type(target) is list:
        target.extend(items)
    elif not items:
        return  # as CPython, which does not look at what nothing is added to
    elif (isinstance(target, Collection) and target.kind not in ("set", "frozenset")) or isinstance(
        target, Record
    ):
        target.items.extend(items)
    else:
        raise FormatError(f"values appended to a {type(target).__name__}")


def append(m: Machine, pos: int) -> int:
    value = m.stack.pop()
    _extend(m, m.stack[-1], [value])
    return pos


def appends(m: Machine, pos: int) -> int:
    items = m.pop_mark()
    _extend(m, m.stack[-1], items)
    return pos


def additems(m: Machine, pos: int) -> int:
    items = m.pop_mark()
    target = m.stack[-1]
    if isinstance(target, (Collection, Record)):
        target.items.extend(items)
    elif items:
        raise FormatError(f"values added to a {type(target).__name__} as to a set")
    return pos


def _store(m: Machine, target: Value, items: list[Value]) -> None:
    if len(items) % 2:
        raise FormatError("a key without its value")
    kind = type(target)
    if kind is dict or kind is Mapping:
        for at in range(0, len(items), 2):
            key = items[at]
            target[key if type(key) is str else plain_key(m, key)] = items[at + 1]
    elif kind is Record:
        target.pairs.extend((items[at], items[at + 1]) for at in range(0, len(items), 2))
    elif items:
        raise FormatError(f"items stored in a {kind.__name__}")


def setitem(m: Machine, pos: int) -> int:
    stack = m.stack
    value, key = stack.pop(), stack.pop()
    _store(m, stack[-1], [key, value])
    return pos


def setitems(m: Machine, pos: int) -> int:
    items = m.pop_mark()
    _store(m, m.stack[-1], items)
    return pos


STRUCTURE: dict[bytes, Handler] = {
    b"(": mark,
    b"0": pop,
    b"1": pop_mark,
    b"2": dup,
    b".": stop,
    b"q": binput,
    b"r": long_binput,
    b"\x94": memoize,
    b"p": put,
    b"h": binget,
    b"j": long_binget,
    b"g": get,
    b")": empty_tuple,
    b"]": empty_list,
    b"}": empty_dict,
    b"\x8f": empty_set,
    b"t": tuple_marked,
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"l": list_marked,
    b"d": dict_marked,
    b"\x91": frozenset_marked,
    b"a": append,
    b"e": appends,
    b"\x90": additems,
    b"s": setitem,
    b"u": setitems,
}
"""Opcode byte to handler: containers, stack and memo."""
