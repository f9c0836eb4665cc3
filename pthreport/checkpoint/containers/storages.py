"""Persistent ids of torch: ('storage', class, key, location, numel[, view])."""

import re
from collections.abc import Callable, Hashable

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.dtypes import STORAGE_DTYPES, DType
from pthreport.checkpoint.geometry import LARGEST
from pthreport.checkpoint.storage import Storage
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Global, Record, Value

TEXT_ID = re.compile(
    r"\('storage', <class '([\w.]+)\.(\w+)'>, '([^'\\]*)', '([^'\\]*)', (\d{1,19})"
    r"(?:, (None|\('[^'\\]*', \d{1,19}, \d{1,19}\)))?\)"
)
"""A persistent id in protocol 0: the text of the tuple."""

Supply = Callable[[Storage], None]
"""Gives a new storage its data, or the problem why there is none."""


def _text(value: Value) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if isinstance(value, str) else None


class Storages:
    """The storages that one pickle refers to, each made once.

    `resolve` is the machine's answer to a persistent id: a storage as a 1-D tensor over it, a class
    that comes with its source text, or a record of the id where it is neither.
    """

    def __init__(self, reading: Reading, supply: Supply | None = None) -> None:
        self._reading = reading
        self._supply = supply
        self.by_key: dict[Hashable, Storage] = {}
        self._reported = False

    def resolve(self, identity: Value) -> Value:
        """What a persistent id means."""
        if isinstance(identity, str):
            identity = self._from_text(identity)
        if isinstance(identity, tuple) and identity:
            kind = _text(identity[0])
            if kind == "storage" and len(identity) in (5, 6):
                return self._storage(identity)
            if kind == "module" and len(identity) == 4 and isinstance(identity[1], Global):
                return Global(identity[1].module, identity[1].name, _text(identity[2]), _text(identity[3]))
        return self._refuse(identity, "a persistent id that is no storage")

    def _from_text(self, text: str) -> Value:
        found = TEXT_ID.fullmatch(text)
        if found is None:
            return text
        if not self._reported:
            self._reported = True
            self._reading.problem(
                "storages are named as protocol 0 does, which torch.load does not read", kind="odd"
            )
        module, name, key, location, numel, view = found.groups()
        base = ("storage", Global(module, name), key, location, int(numel))
        if view is None:
            return base
        if view == "None":
            return (*base, None)
        view_key, offset, count = view[1:-1].split(", ")
        return (*base, (view_key, int(offset), int(count)))

    def _refuse(self, identity: Value, why: str) -> Record:
        self._reading.problem(why, "damaged")
        return Record("torch", "persistent id", identity if isinstance(identity, tuple) else (identity,))

    def _storage(self, identity: tuple[Value, ...]) -> Value:
        kind, key, location, numel = identity[1:5]
        if not isinstance(kind, Global):
            return self._refuse(identity, "a storage whose type is no class")
        dtype = STORAGE_DTYPES.get((kind.module, kind.name))
        if dtype is None:
            return self._refuse(identity, f"a storage of the unknown type {kind.module}.{kind.name}")
        name = str(key) if type(key) is int and 0 <= key <= LARGEST else _text(key)
        if name is None:
            return self._refuse(identity, "a storage whose key is no text")
        if type(numel) is not int or not 0 <= numel <= LARGEST // dtype.itemsize:
            return self._refuse(identity, f"storage {name[:80]!r} has an impossible number of elements")
        storage = self.by_key.get(name)
        if storage is None:
            storage = Storage(name, dtype, numel, _text(location))
            self.by_key[name] = storage
            if self._supply is not None:
                self._supply(storage)
        elif storage.dtype.name != dtype.name or storage.numel != numel:
            self._differs(storage, dtype, numel)
            if dtype.name != storage.dtype.name:
                other = Storage(
                    name, dtype, numel, storage.location, storage.data, storage.byte_order, storage.problem
                )
                return Tensor((numel,), (1,), 0, dtype, other)
        return self._view(identity, storage, dtype)

    def _differs(self, storage: Storage, dtype: DType, numel: int) -> None:
        self._reading.problem(
            f"storage {str(storage.key)[:80]!r} is described in two ways: "
            f"{storage.numel:,} of {storage.dtype.name} and {numel:,} of {dtype.name}",
            kind="sizes-disagree",
        )

    def _view(self, identity: tuple[Value, ...], storage: Storage, dtype: DType) -> Value:
        view = identity[5] if len(identity) == 6 else None
        if view is None:
            return Tensor((storage.numel,), (1,), 0, dtype, storage)
        if not isinstance(view, tuple) or len(view) != 3:
            return self._refuse(identity, "a storage view that is none")
        offset, numel = view[1], view[2]
        if (
            type(offset) is not int
            or type(numel) is not int
            or not 0 <= offset <= offset + numel <= LARGEST
        ):
            return self._refuse(identity, "a storage view with impossible bounds")
        return Tensor((numel,), (1,), offset, dtype, storage)
