"""The values of a tree: plain Python wherever Python has the type, and a few records of our own.

A tree holds dict, list, tuple, str, bytes, int, float, complex, bool and None as they are, and

- `Mapping`: a dict that remembers its type's name (OrderedDict, defaultdict, Counter);
- `Collection`: set, frozenset, deque; its elements need not be hashable;
- `Record`: a call or an object that stays what it is in the file: names and arguments;
- `Global`: a bare name;
- `LongBytes`: a byte string too long to hold, read on demand;
- `pthreport.checkpoint.tensor.Tensor`.

Trees may be shared and cyclic: walk them with `pthreport.checkpoint.walk`. They may also be deep:
never compare, hash, print or copy one as a whole.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

Value: TypeAlias = Any
"""Any value of a tree; narrow it with `isinstance`."""


class Data(Protocol):
    """Bytes that can be read by position, from several threads at once."""

    @property
    def length(self) -> int:
        """How many bytes there are."""

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer` with the bytes from `start` on; raises `ReadError` where they are not there."""


class Mapping(dict[Hashable, Value]):
    """A dict that the file builds by another name, with the attributes set on it
    (an OrderedDict's `_metadata`, a defaultdict's `default_factory`)."""

    __slots__ = ("attributes", "type_name")

    def __init__(self, type_name: str) -> None:
        super().__init__()
        self.type_name = type_name
        self.attributes: dict[Hashable, Value] = {}


@dataclass(eq=False, slots=True)
class Key:
    """A dict key that is not a plain value, or too costly to hash: equal to nothing but itself."""

    value: Value


@dataclass(eq=False, slots=True)
class Collection:
    """A set, frozenset or deque, in the file's order, repeats included."""

    kind: str
    items: list[Value]


@dataclass(eq=False, slots=True, frozen=True)
class Global:
    """A name that loading the file would import. `source_file` and `source` are what old files carry
    with a class: its source text, as the writer saw it."""

    module: str
    name: str
    source_file: str | None = None
    source: str | None = None


@dataclass(eq=False, slots=True)
class Record:
    """A call or an object, as the file spells it: nothing was called to make it.

    `args` and `kwargs` are the call's arguments, `state` what is set on the result (a dict of
    attributes as a rule), `items` what is appended to it, `pairs` what is stored in it by key.
    `offset` is the byte of the pickle at which it is made. A call of something that is itself the
    result of a call has the empty module and name, and the callee as its first argument. `replaced`
    is what a state made of the record while the pickle ran (an array); it is None in a finished tree.
    """

    module: str
    name: str
    args: tuple[Value, ...] = ()
    kwargs: dict[Hashable, Value] = field(default_factory=dict)
    state: Value = None
    items: list[Value] = field(default_factory=list)
    pairs: list[tuple[Value, Value]] = field(default_factory=list)
    offset: int | None = None
    source_file: str | None = None
    source: str | None = None
    replaced: Value = None

    @property
    def type_name(self) -> str:
        """ "module.name"."""
        return f"{self.module}.{self.name}" if self.module else self.name or "(call)"


@dataclass(eq=False, slots=True, frozen=True)
class LongBytes:
    """A byte string of a mebibyte or more: `len(value)`, `value.read(start, stop)`."""

    data: Data

    def __len__(self) -> int:
        return self.data.length

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop`; raises `ReadError`."""
        buffer = bytearray(max(0, min(stop, len(self)) - start))
        self.data.read_into(memoryview(buffer), start)
        return bytes(buffer)
