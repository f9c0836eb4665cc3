"""Pickles from a grammar: values, calls, states, noise, and what only one of the unpicklers takes."""

import struct
from collections.abc import Callable

from tests.oracle.choices import Choices
from tests.oracle.fragments import CALLED, HARMLESS, LOAD, ODD, PROTOCOLS, USUAL
from tests.oracle.spellings import byte_string, integer, named, some_name, text
from tests.oracle.written import WRITTEN

DEPTH = 4
"""How deep values hold values."""

Embed = Callable[[Choices, int], bytes]
"""Makes a file to stand inside of another."""


def scalar(c: Choices) -> bytes:
    """None, a boolean or a number."""
    return (b"N", b"\x88", b"\x89", b"I01\n", b"I00\n", b"G?\xf0" + bytes(6), integer(c, c.number()))[
        c.below(7)
    ]


def arguments(c: Choices, *values: bytes) -> bytes:
    """A tuple of the values, or now and then what an unpickler takes for one."""
    form = c.below(8)
    if form == 1 and len(values) < 4:
        return b"".join(values) + (b")", b"\x85", b"\x86", b"\x87")[len(values)]
    if form == 2:
        return b"((1" + b"(" + b"".join(values) + b"t"
    if form == 3:
        return b"cbuiltins\ntuple\n((" + b"".join(values) + b"ltR"
    if form == 7 and c.rarely(6):
        return b"](" + b"".join(values) + b"e"
    return b"(" + b"".join(values) + b"t"


def called(c: Choices, module: str, attribute: str, *values: bytes) -> bytes:
    """A call of the name by any of the instructions that make one."""
    form = c.below(8)
    if form == 1:
        return b"(" + b"".join(values) + b"i" + module.encode() + b"\n" + attribute.encode() + b"\n"
    callee = named(c, module, attribute)
    if form == 2:
        return b"(" + callee + b"".join(values) + b"o"
    if form == 3:
        return callee + arguments(c, *values) + b"\x81"
    if form == 4:
        return callee + arguments(c, *values) + b"}\x92"
    if form == 5:
        return callee + b")}(" + text(c, "key") + (values[0] if values else b"N") + b"u\x92"
    if form == 6:
        return callee + b"q\xf0" + b"0" + b"h\xf0" + arguments(c, *values) + b"R"
    return callee + arguments(c, *values) + b"R"


def payload(c: Choices) -> bytes:
    """What would run something."""
    return called(c, *some_name(c), text(c, "x"))


def noise(c: Choices, depth: int, embed: Embed) -> bytes:
    """Instructions that leave nothing on the stack: what they name is named all the same."""
    form = c.below(6)
    if form == 0:
        return payload(c) + b"0"
    if form == 1:
        return b"(" + payload(c) + b"1"
    if form == 2:
        return c.pick(ODD)
    if form == 3:
        return value(c, depth - 1, embed) + b"20" + b"0"
    if form == 4:
        return b"\x95" + struct.pack("<Q", c.number(2))
    return named(c, *some_name(c)) + b"0"


def structure(c: Choices, depth: int, embed: Embed) -> bytes:
    """A list, dict, tuple or set of values."""
    inner = [value(c, depth - 1, embed) for _ in range(c.below(3))]
    form = c.below(8)
    if form == 0:
        keys = [text(c, f"k{len(c.made)}") if c.below(6) else key(c, depth, embed) for _ in inner]
        return b"}(" + b"".join(map(bytes.__add__, keys, inner)) + b"u"
    if form == 1:
        return b"](" + b"".join(inner) + b"e"
    if form == 2:
        return b"]" + b"".join(one + b"a" for one in inner)
    if form == 3:
        return b"}" + b"".join(text(c, "k") + one + b"s" for one in inner)
    if form == 4:
        return b"(" + b"".join(text(c, "k") + one for one in inner) + b"d"
    if form == 5:
        return b"(" + b"".join(inner) + b"l"
    if form == 6:
        return b"\x8f(" + b"".join(scalar(c) for _ in inner) + b"\x90"
    return arguments(c, *inner)


def key(c: Choices, depth: int, embed: Embed) -> bytes:
    """A key of a dict that is no name of a tensor."""
    form = c.below(5)
    if form == 0:
        return scalar(c)
    if form == 1:
        return hidden_file(c, depth, embed)
    if form == 2:
        return named(c, *some_name(c))
    if form == 3:
        return arguments(c, text(c, "a"), scalar(c))
    return b"\x91".join((b"(" + scalar(c), b""))


def usual(c: Choices, depth: int, embed: Embed) -> bytes:
    """A call that a good file makes, with a state or items as such a thing takes."""
    module, attribute, given = c.pick(USUAL)
    new = attribute in ("Linear", "Sequential", "SGD", "Namespace", "SimpleNamespace", "object")
    made = named(c, module, attribute) + given + (b"\x81" if new else b"R")
    if attribute in ("OrderedDict", "Counter", "dict"):
        return made + text(c, "k") + value(c, depth - 1, embed) + b"s"
    if attribute in ("deque", "list"):
        return made + value(c, depth - 1, embed) + b"a"
    if (new and attribute != "object") or attribute == "_reconstructor":
        return made + b"}" + text(c, "k") + value(c, depth - 1, embed) + b"sb"
    return made


def harmless(c: Choices, depth: int, embed: Embed) -> bytes:
    """A call of a known name with any arguments, a state set on what it makes, items put into it."""
    module, attribute = LOAD if c.rarely(6) else c.pick(HARMLESS)
    made = called(c, module, attribute, *(value(c, depth - 1, embed) for _ in range(c.below(4))))
    if c.below(3) == 1:
        made += state(c, depth, embed) + b"b"
    form = c.below(8)
    if form == 1:
        made += value(c, depth - 1, embed) + b"a"
    elif form == 2:
        made += b"(" + value(c, depth - 1, embed) + b"e"
    elif form == 3:
        made += text(c, "k") + value(c, depth - 1, embed) + b"s"
    elif form == 4:
        made += b"(" + value(c, depth - 1, embed) + b"\x90"
    elif form == 5:
        made += state(c, depth, embed) + b"b"
    return made


def state(c: Choices, depth: int, embed: Embed) -> bytes:
    """A state for BUILD: attributes, slots, or anything."""
    form = c.below(5)
    if form == 0:
        return b"}" + text(c, "a") + value(c, depth - 1, embed) + b"s"
    if form == 1:
        return b"}" + text(c, c.pick(CALLED)) + function(c) + b"s"
    if form == 2:
        return b"N}" + text(c, c.pick(CALLED)) + function(c) + b"s\x86"
    if form == 3:
        return b"}}" + text(c, "a") + value(c, depth - 1, embed) + b"s\x86"
    return value(c, depth - 1, embed)


def function(c: Choices) -> bytes:
    """A function that later code could call: one that is known at an understood call only, or another."""
    if c.below(2) == 0:
        return named(c, *LOAD)
    return named(c, *(c.pick(HARMLESS) if c.below(2) else some_name(c)))


def gadget(c: Choices, depth: int, embed: Embed) -> bytes:
    """Bytes handed to a function that loads them, by way of an object that an unpickler calls."""
    content = byte_string(c, embed(c, depth - 1))
    holder = called(c, *c.pick((("argparse", "Namespace"), ("types", "SimpleNamespace"), ("torch.nn", "Parameter"),
                                ("collections", "OrderedDict"), ("torch.nn.modules.module", "Module"),
                                ("torch.optim.sgd", "SGD"), ("collections", "defaultdict"))))  # fmt: skip
    attribute = c.pick(CALLED)
    planted = holder + b"}" + text(c, attribute) + named(c, *LOAD) + b"sb"
    form = c.below(6)
    if form == 0:
        return planted + content + b"b"
    if form == 1:
        return planted + content + b"a"
    if form == 2:
        return planted + b"(" + content + b"e"
    if form == 3:
        return called(c, "torch._tensor", "_rebuild_from_type_v2", named(c, *LOAD), named(c, "torch", "Tensor"),
                      b"(" + content + b"t", b"}")  # fmt: skip
    if form == 4:
        return called(c, *LOAD, content)
    return called(c, "torch._utils", "_rebuild_parameter_with_state", content, b"\x88", b"}", planted)


def hidden_file(c: Choices, depth: int, embed: Embed) -> bytes:
    """A file in a byte string or a text."""
    content = embed(c, depth - 1)
    if c.below(3) == 1:
        return text(c, content.decode("latin-1"))
    return byte_string(c, content)


def storage(c: Choices, view: bool) -> bytes:
    """A storage by its persistent id, as in a zip, or with a `view` as in a legacy file; or another id."""
    form = c.below(8)
    if form == 5:
        return b"P" + text(c, "0")[:1] + b"\n"
    if form == 6:
        return (
            b"(" + text(c, "module") + named(c, *some_name(c)) + text(c, "a.py") + text(c, "x = 1") + b"tQ"
        )
    kind = named(c, *some_name(c)) if form == 7 else named(c, "torch", "FloatStorage")
    return (
        b"(" + text(c, "storage") + kind + text(c, "0") + text(c, "cpu") + integer(c, 4) + (b"N" if view else b"") + b"tQ"
    )  # fmt: skip


def tensor(c: Choices) -> bytes:
    """A tensor over a storage, its hooks now and then something else."""
    hooks = payload(c) if c.rarely(6) else b"ccollections\nOrderedDict\n)R"
    of = storage(c, bool(c.below(2)))
    return (
        named(c, "torch._utils", "_rebuild_tensor_v2")
        + b"("
        + of
        + b"K\x00K\x04\x85K\x01\x85\x89"
        + hooks
        + b"tR"
    )


def value(c: Choices, depth: int, embed: Embed) -> bytes:
    """Any value."""
    before = noise(c, depth, embed) if depth > 0 and c.rarely(6) else b""
    form = c.below(20) if depth > 0 else c.below(4)
    if form <= 1:
        return before + scalar(c)
    if form == 2:
        return before + text(c, f"t{len(c.made)}")
    if form == 3:
        return before + named(c, *some_name(c))
    if form <= 7:
        return before + structure(c, depth, embed)
    if form <= 9:
        return before + payload(c)
    if form <= 11:
        return before + usual(c, depth, embed)
    if form == 12:
        return before + harmless(c, depth, embed)
    if form == 13:
        return before + gadget(c, depth, embed)
    if form <= 15:
        return before + hidden_file(c, depth, embed)
    if form == 16:
        return before + tensor(c)
    if form == 17:
        return before + c.pick(WRITTEN)
    if form == 18:
        index = c.below(256)
        return before + value(c, depth - 1, embed) + b"q%c0h%c" % (index, index)
    return before + called(c, *some_name(c)) + state(c, depth, embed) + b"b"


def framed(c: Choices, body: bytes) -> bytes:
    """The body in a frame: of its length, or of one that ends somewhere inside."""
    length = c.pick((len(body), len(body), c.below(len(body) + 1), len(body) + c.number(2)))
    return b"\x95" + struct.pack("<Q", length) + body


def program(c: Choices, embed: Embed, depth: int = DEPTH) -> bytes:
    """A whole pickle."""
    start = b"\x80\x06" if c.rarely(40) else c.pick(PROTOCOLS)
    body = value(c, depth, embed)
    if c.rarely(6):
        body = payload(c) + b"0" + body
    body += b"."
    if c.rarely(5):
        body = framed(c, body)
    elif c.rarely(8):
        at = c.below(len(body))
        body = body[:at] + framed(c, body[at:])
    return start + body
