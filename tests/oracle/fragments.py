"""Pieces of pickles that the grammar puts together: first instructions, usual calls, oddities, attributes that are called."""

from pthreport.checkpoint.known import KNOWN

HARMLESS = sorted(KNOWN)
LOAD = ("torch.storage", "_load_from_bytes")
"""Known at a call whose bytes have been read, and only there."""

PROTOCOLS = (
    b"\x80\x02", b"", b"\x80\x04", b"\x80\x03", b"\x80\x05", b"\x80\x00", b"\x80\x01", b"\x80\x02\x80\x04",
)  # fmt: skip
CALLED = (
    "__setstate__",
    "append",
    "extend",
    "add",
    "__setitem__",
    "forward",
    "__call__",
    "setdefault",
    "update",
)
"""Attributes that an unpickler or torch calls on an object."""

ODD = (
    b"](K\x01e\x96\x02\x00\x00\x00\x00\x00\x00\x00ab(K\x01e0",
    b"]K\x05aK\x00K\x06s0",
    b"\x96\x02\x00\x00\x00\x00\x00\x00\x00abK\x00K\x06s0",
    b"K\x01Nb0",
    b"K\x01N}\x86b0",
    b"I0x10\n0",
    b"I\x00\n0",
    b"I1_0\n0",
    b"Np 3\n0",
    b"Np+3\n0g\t3\n0",
    b"(1",
    b"(K\x01K\x021",
    b"((1(0",
    b"](e0",
    b"}(u0",
    b"\x8f(\x900",
    b"N(e0",
    b"(d0",
    b"(l0",
    b"(\x910",
    b"F1e5\n0",
    b"Finf\n0",
    b"F 1_0.5\n0",
    b"G" + bytes(8) + b"0",
    b"\x8a\x000",
    b"\x8b\x00\x00\x00\x000",
    b"S''\n0",
    b"V\\ud800\n0",
    b"X\x03\x00\x00\x00\xed\xa0\x800",
    b"U\x01\xff0",
    b"\x82\x010",
    b"K\x01\x98C\x00\x980",
    b"K\x01\x85\x85\x850",
    b"ccollections\nOrderedDict\n)R}b0",
    b"ccollections\nOrderedDict\n)R}}\x86b0",
    b"ccollections\nOrderedDict\n]R0",
    b"cbuiltins\nset\n]\x85R(K\x01\x900",
    b"cbuiltins\nlist\n)R(K\x01e0",
    b"cbuiltins\nbytearray\n)RK\x01a0",
    b"ccollections\ndeque\n)R(K\x01e0",
    b"ccollections\nCounter\n)RU\x01aK\x01s0",
)  # fmt: skip
"""What CPython goes through without leaving anything on the stack, and another reader may not."""

USUAL: tuple[tuple[str, str, bytes], ...] = (
    ("collections", "OrderedDict", b")"), ("argparse", "Namespace", b")"), ("builtins", "set", b"](K\x01K\x02e\x85"),
    ("collections", "deque", b")"), ("types", "SimpleNamespace", b")"), ("builtins", "object", b")"),
    ("torch", "Size", b"K\x01\x85\x85"), ("torch", "device", b"X\x03\x00\x00\x00cpu\x85"), ("torch.nn.modules.linear", "Linear", b")"),
    ("torch.nn.modules.container", "Sequential", b")"), ("torch.optim.sgd", "SGD", b")"), ("collections", "Counter", b")"),
    ("decimal", "Decimal", b"U\x011\x85"), ("builtins", "range", b"K\x03\x85"), ("builtins", "list", b")"), ("builtins", "dict", b")"),
    ("copyreg", "_reconstructor", b"(cargparse\nNamespace\ncbuiltins\nobject\nNt"), ("builtins", "bytearray", b")"),
)  # fmt: skip
"""Calls as they are found in good files."""
