"""Tensors of an exported program: a JSON table of names, and raw bytes or torch files as payloads."""

from typing import Any

from pthreport.checkpoint.containers.json_text import parse
from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.containers.zip_archive import Archive
from pthreport.checkpoint.containers.zip_pickles import byte_order, open_pickle
from pthreport.checkpoint.dtypes import DTYPES, DType
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.geometry import LARGEST, addressable
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.machine import NotUnderstood
from pthreport.checkpoint.storage import Storage
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

SCALAR_TYPES: dict[int, DType] = {
    number: DTYPES[name]
    for number, name in {
        1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
        9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16",
        29: "float8_e4m3fn", 30: "float8_e5m2", 31: "float8_e4m3fnuz", 32: "float8_e5m2fnuz",
        33: "float8_e8m0fnu", 34: "uint32", 35: "uint64",
    }.items()
}  # fmt: skip
"""torch._export.serde.schema.ScalarType (schema 8.20)."""

STRIDED = 7
"""torch._export.serde.schema.Layout."""


class Payloads:
    """Reads the tables of one archive; a payload that several names share is one storage."""

    def __init__(self, reading: Reading, archive: Archive, root: str) -> None:
        self._reading = reading
        self._archive = archive
        self._root = root
        self._order = byte_order(reading, archive, root)
        self._storages: dict[tuple[str, str], Storage] = {}
        self._used: set[str] = set()

    def named(self, table: str, folder: str) -> dict[Any, Value]:
        """The tensors by name that `table` lists; what is wrong with one becomes a problem."""
        reading, name = self._reading, f"{self._root}{table}"
        member = self._archive.members.get(name)
        if member is None:
            reading.problem(
                "the archive has no table of these weights", "partial", where=name, kind="missing-storage"
            )
            return {}
        limit = reading.file.limits.header_bytes
        try:
            content = parse(self._archive.content(member, limit), limit, "the table of weights")
        except FormatError as error:
            reading.problem(error.text, "partial", offset=member.header, where=name, kind=error.kind)
            return {}
        config = content.get("config") if isinstance(content, dict) else None
        if not isinstance(config, dict):
            reading.problem("the table of weights is none", "partial", offset=member.header, where=name)
            return {}
        found: dict[Any, Value] = {}
        most = reading.file.limits.tensors
        if len(config) > most:
            reading.problem(
                f"more than {most:,} tensors ({met('tensors', most)})", "partial", where=name, kind="limit"
            )
        for key, entry in list(config.items())[:most]:
            try:
                found[key] = self._value(entry, folder)
            except (FormatError, NotUnderstood) as error:
                reading.problem(
                    f"{key[:200]!r} is no tensor: {error}", "partial", offset=member.header, where=name
                )
                found[key] = entry
        return found

    def report_orphans(self) -> None:
        """Report payloads that no table names."""
        prefixes = tuple(
            f"{self._root}data/{start}"
            for start in ("weights/weight_", "constants/tensor_", "constants/custom_obj_")
        )
        members = self._archive.members
        left = [name for name in members if name.startswith(prefixes) and name not in self._used]
        if left:
            size = sum(members[name].size for name in left)
            self._reading.problem(
                f"{plural(len(left), 'payload')} of together {plural(size, 'byte')} belong to no tensor",
                offset=members[left[0]].header,
                where=left[0],
                kind="stray",
            )

    def _value(self, entry: Any, folder: str) -> Value:
        if not isinstance(entry, dict) or not isinstance(entry.get("path_name"), str):
            raise FormatError("it names no payload")
        path = f"{self._root}{folder}{entry['path_name']}"
        self._used.add(path)
        if path not in self._archive.members:
            raise FormatError(f"the archive has no member {path[:200]!r}")
        if entry.get("use_pickle") is True:
            return self._pickled(path, entry)
        return self._raw(path, entry)

    def _pickled(self, path: str, entry: dict[str, Any]) -> Value:
        data = open_pickle(self._archive, self._archive.members[path])
        if path.rpartition("/")[2].startswith("opaque_obj_"):
            return self._reading.unpickle(data, where=path).value
        value = self._reading.nested(data, path)
        if isinstance(value, Tensor) and entry.get("is_param") is True:
            value.is_parameter = True
        return value

    def _raw(self, path: str, entry: dict[str, Any]) -> Tensor:
        meta = entry.get("tensor_meta")
        if not isinstance(meta, dict):
            raise FormatError("it is not described")
        dtype = SCALAR_TYPES.get(meta.get("dtype", 0)) if type(meta.get("dtype")) is int else None
        if dtype is None:
            raise FormatError(f"an element type of the unknown number {str(meta.get('dtype'))[:20]}")
        if meta.get("layout", STRIDED) != STRIDED:
            raise FormatError("raw bytes in another layout than strided")
        shape, strides = self._integers(meta.get("sizes")), self._integers(meta.get("strides"))
        (offset,) = self._integers([meta.get("storage_offset")])
        if len(shape) != len(strides):
            raise FormatError(f"{len(shape)} sizes but {len(strides)} strides")
        if not addressable(shape, dtype.itemsize):
            raise FormatError("its sizes make more bytes than any memory addresses")
        made = Tensor(shape, strides, offset, dtype, self._storage(path, dtype, meta))
        made.requires_grad = meta.get("requires_grad") is True
        made.is_parameter = entry.get("is_param") is True
        made.role = "parameter" if made.is_parameter else "buffer"
        return made

    def _storage(self, path: str, dtype: DType, meta: dict[str, Any]) -> Storage:
        storage = self._storages.get((path, dtype.name))
        if storage is None:
            device = meta.get("device")
            kind = device.get("type") if isinstance(device, dict) else None
            index = device.get("index") if isinstance(device, dict) else None
            where = f"{kind[:40]}:{index}" if isinstance(kind, str) and type(index) is int else kind
            size = self._archive.members[path].size
            storage = Storage(
                path.removeprefix(self._root),
                dtype,
                size // dtype.itemsize,
                where[:60] if isinstance(where, str) else None,
                self._archive.member_data(path),
                self._order,
            )
            self._storages[path, dtype.name] = storage
        return storage

    def _integers(self, given: Any) -> tuple[int, ...]:
        """Sizes as the schema writes them: [{"as_int": 3}, ...]."""
        most = self._reading.file.limits.rank
        if not isinstance(given, list) or len(given) > most:
            raise FormatError(
                f"its sizes are no list, or too long a one ({met('rank', most)})", kind="limit"
            )
        found = []
        for one in given:
            number = one.get("as_int") if isinstance(one, dict) else one
            if type(number) is not int or not 0 <= number <= LARGEST:
                raise FormatError("a size that is no number")
            found.append(number)
        return tuple(found)
