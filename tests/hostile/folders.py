"""Folders of torch.distributed.checkpoint whose metadata lies."""

from tests.hostile.archives import torch_file
from tests.hostile.case import Case, Kind
from tests.hostile.pickled import EVIL, P4, PAYLOAD, STOP, call, mapping, name, number, numbers, text

_STATE, _META = "torch.distributed.checkpoint.metadata", "torch.distributed.checkpoint.filesystem"


def _record(module: str, attribute: str, **state: bytes) -> bytes:
    """An object without arguments and its attributes."""
    return name(module, attribute) + b")\x81" + mapping(**state) + b"b"


def _size(*sizes: int) -> bytes:
    return call("torch", "Size", numbers(*sizes))


def metadata(
    path: bytes = text("__0_0.distcp"),
    offset: int = 0,
    length: int = 10_000,
    sizes: tuple[int, ...] = (4,),
    chunk: tuple[int, ...] = (4,),
    at: tuple[int, ...] = (0,),
) -> bytes:
    """The metadata of one tensor in one chunk."""
    piece = _record(_STATE, "ChunkStorageMetadata", offsets=_size(*at), sizes=_size(*chunk))
    properties = _record(_STATE, "TensorProperties", dtype=name("torch", "float32"), requires_grad=b"\x89")
    tensor = _record(
        _STATE,
        "TensorStorageMetadata",
        properties=properties,
        size=_size(*sizes),
        chunks=b"](" + piece + b"e",
    )
    index = _record(_STATE, "MetadataIndex", fqn=text("w"), offset=_size(*at), index=number(0))
    place = _record(_META, "_StorageInfo", relative_path=path, offset=number(offset), length=number(length))
    return (
        P4
        + _record(
            _STATE,
            "Metadata",
            state_dict_metadata=mapping(w=tensor),
            planner_data=b"N",
            storage_data=b"}" + index + place + b"s",
        )
        + STOP
    )


def _folder(
    title: str,
    content: bytes,
    what: str,
    says: str,
    kind: Kind = "malformed",
    partial: bool | None = True,
    opens: bool | None = None,
) -> Case:
    names = ("os.system",) if kind == "malicious" else ()
    return Case(
        title,
        kind,
        content,
        what,
        names,
        says,
        partial,
        opens,
        beside={"__0_0.distcp": torch_file()},
        folder=".metadata",
    )


CASES: list[Case] = [
    _folder("dcp_evil", EVIL, "a call for metadata", "", "malicious", None, True),
    _folder("dcp_evil_beside", metadata()[:-1] + b"0" + PAYLOAD + STOP, "a call behind the metadata", "", "malicious", None, True),
    _folder("dcp_above", metadata(text("../../../etc/passwd")), "a chunk above the folder", "leads out of the folder|folder"),
    _folder("dcp_absolute", metadata(text("/etc/passwd")), "a chunk anywhere", "leads out of the folder|folder"),
    _folder("dcp_number", metadata(number(5)), "a chunk's file that is a number", ""),
    _folder("dcp_gone", metadata(text("__7_0.distcp")), "a chunk's file that is not there", "not in the folder"),
    _folder("dcp_offset_beyond", metadata(offset=2**40), "a chunk beyond the end", ""),
    _folder("dcp_length_beyond", metadata(length=2**40), "a chunk of a terabyte", "", partial=None),
    _folder("dcp_sizes_huge", metadata(sizes=(2**40, 2**40)), "a tensor of 2^80 elements", ""),
    _folder("dcp_sizes_negative", metadata(sizes=(-4,)), "a tensor of negative size", ""),
    _folder("dcp_chunk_outside", metadata(at=(100,)), "a chunk outside its tensor", ""),
    _folder("dcp_chunk_missing", metadata(sizes=(8,)), "a tensor half of which is missing", ""),
    _folder("dcp_list", P4 + b"]" + STOP, "a list for metadata", ""),
]  # fmt: skip
