"""The metadata of torch.distributed.checkpoint as plain records: what `Metadata` in
torch/distributed/checkpoint/metadata.py pickles, read as data."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from pthreport.checkpoint.dtypes import DType
from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.geometry import LARGEST, addressable
from pthreport.checkpoint.limits import Limits, met
from pthreport.checkpoint.machine import NotUnderstood
from pthreport.checkpoint.rebuild.torch_tensors import element_type
from pthreport.checkpoint.values import Key, Record, Value

LONGEST_PATH = 64
"""Keys of a path into the saved object, beyond which the flat name is used."""


ItemKey = tuple[str, str]
"""An item's flat name, and its offsets as text: hashes of integers can be made to collide."""


def item_key(name: str, offsets: Sequence[int] | None) -> ItemKey:
    """The key of a chunk at `offsets`, or of an item that is no tensor."""
    return name, "" if offsets is None else str(list(offsets))


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an item is: a file, and from which byte on how many. `transforms` are what its bytes
    went through."""

    name: str
    file: object
    start: int
    length: int
    transforms: Value = None


@dataclass(slots=True)
class TensorEntry:
    """A tensor's type, sizes, and its chunks as (offsets, sizes)."""

    dtype: DType
    shape: tuple[int, ...]
    chunks: list[tuple[tuple[int, ...], tuple[int, ...]]]


@dataclass(slots=True)
class DcpMetadata:
    """What is saved by its flat name (None for what is no tensor, a text for what is not understood),
    each one's path in the saved object, where each item is by (name, offsets)."""

    entries: dict[str, TensorEntry | str | None] = field(default_factory=dict)
    paths: dict[str, tuple[Hashable, ...]] = field(default_factory=dict)
    stored: dict[ItemKey, Stored] = field(default_factory=dict)
    version: str | None = None


def understand(tree: Value, limits: Limits) -> DcpMetadata:
    """The metadata in a tree; raises `FormatError` where it is none."""
    state = _state(tree)
    if state is None or not isinstance(state.get("state_dict_metadata"), dict):
        raise FormatError("its pickle is no Metadata of torch.distributed.checkpoint")
    found = DcpMetadata()
    version = state.get("version")
    found.version = version if isinstance(version, str) else None
    for name, entry in state["state_dict_metadata"].items():
        if not isinstance(name, str):
            continue
        if isinstance(entry, Record) and entry.name == "BytesStorageMetadata":
            found.entries[name] = None
            continue
        try:
            found.entries[name] = _tensor(entry, limits)
        except FormatError as error:
            found.entries[name] = error.text
    planned = state.get("planner_data")
    for name, path in planned.items() if isinstance(planned, dict) else ():
        short_path = isinstance(path, tuple) and 0 < len(path) <= LONGEST_PATH
        if short_path and isinstance(name, str) and all(type(key) in (str, int) for key in path):
            found.paths[name] = path
    stored = state.get("storage_data")
    for key, info in stored.items() if isinstance(stored, dict) else ():
        index, place = _state(key.value if isinstance(key, Key) else key), _state(info)
        if index is None or place is None or not isinstance(index.get("fqn"), str):
            continue
        start, length = place.get("offset"), place.get("length")
        offsets = index.get("offset")
        if type(start) is int and type(length) is int and start >= 0 <= length:
            if offsets is not None and not _sizes(offsets):
                continue
            transforms = place.get("transform_descriptors")
            found.stored[item_key(index["fqn"], offsets)] = Stored(
                index["fqn"], place.get("relative_path"), start, length, transforms
            )
    return found


def _state(value: Value) -> dict[Hashable, Value] | None:
    return value.state if isinstance(value, Record) and isinstance(value.state, dict) else None


def _whole(value: Value) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _sizes(value: Value) -> bool:
    return isinstance(value, tuple | list) and all(_whole(one) for one in value)


def _tensor(entry: Value, limits: Limits) -> TensorEntry:
    state = _state(entry)
    if state is None or not _sizes(state.get("size")) or not isinstance(state.get("chunks"), list):
        raise FormatError("its entry in the metadata describes no tensor")
    shape = tuple(state["size"])
    if len(shape) > limits.rank:
        raise FormatError(f"{len(shape)} dimensions ({met('rank', limits.rank)})", kind="limit")
    properties = state.get("properties")
    given = properties.state if isinstance(properties, Record) else None
    word = given[0] if isinstance(given, tuple) and given else None
    if isinstance(given, dict):
        word = given.get("dtype")
    try:
        dtype = element_type(word)
    except NotUnderstood as error:
        raise FormatError(str(error)) from error
    if not addressable(shape, dtype.itemsize):
        raise FormatError("its sizes make more bytes than any memory addresses")
    chunks = []
    for chunk in state["chunks"]:
        place = _state(chunk)
        if place is None or not _sizes(place.get("offsets")) or not _sizes(place.get("sizes")):
            raise FormatError("a chunk without offsets and sizes")
        chunks.append((tuple(place["offsets"]), tuple(place["sizes"])))
    return TensorEntry(dtype, shape, chunks)
