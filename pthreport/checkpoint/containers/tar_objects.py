"""The storages and tensors of a torch tar, as its members `storages` and `tensors` describe them.

See `torch_tar` for the format.
"""

import struct
from collections.abc import Callable

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.tar_archive import TarMember
from pthreport.checkpoint.containers.zip_pickles import hidden_pickles
from pthreport.checkpoint.dtypes import STORAGE_DTYPES, TENSOR_TYPES, DType
from pthreport.checkpoint.geometry import LARGEST, addressable
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.source import Held, Stretch
from pthreport.checkpoint.storage import Storage
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Global, Record, Value
from pthreport.document.numbers import plural
from pthreport.document.report import ProblemKind

ITEM_BYTES = 4096
"""Bytes at hand for the pickle before a storage or tensor: a number or two, a name, a device."""


class _Stop(Exception):  # noqa: N818 - the rest of a member cannot be found
    """What the problem is, and at which byte of the file."""

    def __init__(self, text: str, offset: int, kind: ProblemKind = "malformed") -> None:
        super().__init__(text)
        self.text = text
        self.offset = offset
        self.kind = kind


class Cursor:
    """Reads a member from its beginning on."""

    def __init__(self, reading: Reading, member: TarMember) -> None:
        self.reading = reading
        self.member = member
        self.data = member.data
        self.at = 0

    @property
    def offset(self) -> int:
        """The position, as a byte of the file."""
        return self.data.start + self.at

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        found = self.data.read(self.at, count)
        if len(found) < count:
            raise _Stop("it ends before all that it should hold", self.offset, "truncated")
        self.at += count
        return found

    def item(self, whole: bool = False) -> Value:
        """The value of the next pickle, which is small unless it may be the `whole` rest."""
        content = (
            Stretch(self.data, self.at, self.data.length - self.at)
            if whole
            else Held(self.data.read(self.at, ITEM_BYTES))
        )
        outcome = self.reading.unpickle(content, where=self.member.name, shift=self.offset)
        if outcome.error is not None:
            raise _Stop("what follows cannot be found", self.offset)
        self.at += outcome.end
        return outcome.value

    def count(self, what: str) -> int:
        """The pickled number of things that the member holds."""
        found = self.item()
        if type(found) is not int or found < 0:
            raise _Stop(f"the number of {what} is none", self.data.start)
        return found


class Objects:
    """The storages and tensors of the archive by their keys."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.storages: dict[int, Tensor] = {}
        self.tensors: dict[int, Tensor] = {}
        self._used: set[int] = set()
        self.missing = "the file has no member 'storages'"

    def read(self, member: TarMember, fill: Callable[["Objects", Cursor], None]) -> None:
        """Fill from a member; what breaks off is reported."""
        cursor = Cursor(self._reading, member)
        try:
            fill(self, cursor)
        except _Stop as stop:
            self.missing = f"{member.name} breaks off before it"
            self._reading.problem(
                stop.text, "partial", offset=stop.offset, where=member.name, kind=stop.kind
            )
            return
        if cursor.at < member.data.length:
            rest = plural(member.data.length - cursor.at, "byte")
            self._reading.problem(
                f"{rest} after the last entry",
                offset=cursor.offset,
                where=member.name,
                kind="trailing",
            )
            hidden_pickles(self._reading, member.data, cursor.at, member.name)

    def resolve(self, identity: Value) -> Value:
        """What a persistent id means."""
        if isinstance(identity, tuple) and len(identity) == 3 and isinstance(identity[0], Global):
            texts = [one if isinstance(one, str) else None for one in identity[1:]]
            return Global(identity[0].module, identity[0].name, *texts)
        key = identity.decode("ascii", "replace") if isinstance(identity, bytes) else identity
        if isinstance(key, str) and key.isascii() and key.isdigit() and len(key) < 20:
            found = self.tensors.get(int(key)) or self.storages.get(int(key))
            if found is not None:
                self._used.add(int(key))
                return found.copy()
        self._reading.problem(
            "a tensor that the file does not hold", "partial", where="pickle", kind="missing-storage"
        )
        return Record("torch", "persistent id", (identity,))

    def report_orphans(self) -> None:
        """Report tensors that the object does not name."""
        left = [key for key in self.tensors if key not in self._used]
        if left:
            self._reading.problem(
                f"{plural(len(left), 'tensor')} are not part of the saved object",
                where="tensors",
                kind="stray",
            )

    def _count(self, offset: int) -> None:
        limit = self._reading.file.limits.tensors
        if len(self.storages) + len(self.tensors) >= limit:
            raise _Stop(
                f"more than {limit:,} storages and tensors ({met('tensors', limit)})", offset, "limit"
            )

    def storages_of(self, cursor: Cursor) -> None:
        """Read the member `storages`."""
        for _ in range(cursor.count("storages")):
            start = cursor.offset
            self._count(start)
            key, location, dtype = _described(cursor.item(), start)
            (numel,) = struct.unpack("<q", cursor.take(8))
            if not 0 <= numel <= LARGEST // dtype.itemsize:
                raise _Stop("a storage of an impossible number of elements", cursor.offset - 8)
            left = cursor.data.length - cursor.at
            nbytes = numel * dtype.itemsize
            storage = Storage(
                key, dtype, numel, location, Stretch(cursor.data, cursor.at, min(nbytes, left))
            )
            self.storages[key] = Tensor((numel,), (1,), 0, dtype, storage)
            cursor.at += min(nbytes, left)
            if nbytes > left:
                raise _Stop(
                    f"a storage of {plural(nbytes, 'byte')}, of which {left:,} are there",
                    start,
                    "truncated",
                )
        start = cursor.offset
        views = cursor.item(whole=True)
        for view in views if isinstance(views, list) else [None]:
            self._view(view, start)

    def _view(self, view: Value, offset: int) -> None:
        if not isinstance(view, tuple) or len(view) != 4 or any(type(one) is not int for one in view):
            raise _Stop("the list of storage views is none", offset)
        key, root, start, numel = view
        whole = self.storages.get(root)
        if whole is None or not _is_key(key) or not 0 <= start <= start + numel <= LARGEST:
            raise _Stop("a view of a storage that is not there, or beyond any storage", offset)
        self.storages[key] = Tensor((numel,), (1,), start, whole.dtype, whole.storage)

    def tensors_of(self, cursor: Cursor) -> None:
        """Read the member `tensors`."""
        for _ in range(cursor.count("tensors")):
            start = cursor.offset
            self._count(start)
            key, storage_key, kind = _three(cursor.item(), start)
            if not _is_key(key) or not isinstance(kind, Global):
                raise _Stop("a tensor whose key or type is none", start)
            rank: int = struct.unpack("<i4x", cursor.take(8))[0]
            most = self._reading.file.limits.rank
            if not 0 <= rank <= most:
                raise _Stop(
                    f"a tensor of {rank:,} dimensions ({met('rank', most)})", cursor.offset - 8, "limit"
                )
            numbers = struct.unpack(f"<{2 * rank + 1}q", cursor.take(16 * rank + 8))
            base = self.storages.get(storage_key) if type(storage_key) is int else None
            if base is None:
                base = self._without(kind, storage_key, start)
            if min(numbers) < 0 or not addressable(numbers[:rank], base.dtype.itemsize):
                self._reading.problem(
                    "a tensor of impossible sizes", "partial", offset=start, where="tensors"
                )
                continue
            shape, strides = numbers[:rank], numbers[rank:-1]
            if not rank and not base.numel:  # torch had no scalars then: a tensor of no dimension was empty
                shape, strides = (0,), (1,)
            self.tensors[key] = Tensor(shape, strides, base.offset + numbers[-1], base.dtype, base.storage)

    def _without(self, kind: Global, storage_key: Value, offset: int) -> Tensor:
        """A base for a tensor whose storage is not there; an empty tensor has none."""
        dtype = TENSOR_TYPES.get((kind.module, kind.name))
        if dtype is None:
            raise _Stop(f"a tensor without storage of the unknown type {kind.module}.{kind.name}", offset)
        if storage_key is None:
            return Tensor((0,), (1,), 0, dtype, Storage("none", dtype, 0, data=Held(b"")))
        self._reading.problem(
            "a tensor whose storage is not there",
            "partial",
            offset=offset,
            where="tensors",
            kind="missing-storage",
        )
        return Tensor((0,), (1,), 0, dtype, Storage(str(storage_key)[:40], dtype, 0, problem=self.missing))


def _is_key(value: Value) -> bool:
    """Whether it is an address, as which keys were taken: larger numbers can be made to collide."""
    return type(value) is int and 0 <= value <= LARGEST


def _three(value: Value, offset: int) -> tuple[Value, Value, Value]:
    if not isinstance(value, tuple) or len(value) != 3:
        raise _Stop("an entry that is no key, place and type", offset)
    return value


def _described(value: Value, offset: int) -> tuple[int, str | None, DType]:
    """Key, location and element type of a storage."""
    key, location, kind = _three(value, offset)
    if not _is_key(key) or not isinstance(kind, Global):
        raise _Stop("a storage whose key or type is none", offset)
    dtype = STORAGE_DTYPES.get((kind.module, kind.name))
    if dtype is None:
        raise _Stop(f"a storage of the unknown type {kind.module}.{kind.name}", offset)
    return key, location if isinstance(location, str) else None, dtype
