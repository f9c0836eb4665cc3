"""Files of torch before 1.6, and the tar of before 0.1.10."""

import io
import struct
import tarfile

from tests.hostile.archives import VALUES
from tests.hostile.case import Case
from tests.hostile.pickled import (
    EVIL,
    P2,
    PAYLOAD,
    STOP,
    mapping,
    name,
    number,
    tensor,
    text,
)

MAGIC = P2 + b"\x8a\x0a" + bytes.fromhex("6cfc9c46f9206aa85019") + STOP
VERSION = P2 + b"M\xe9\x03."
SYSTEM = P2 + mapping(little_endian=b"\x88", protocol_version=b"M\xe9\x03") + STOP


def _storage(key: str = "0", count: int = 4, view: bytes = b"N") -> bytes:
    return (
        b"("
        + text("storage")
        + name("torch", "FloatStorage")
        + text(key)
        + text("cpu")
        + number(count)
        + view
        + b"tQ"
    )


def _keys(*keys: str) -> bytes:
    return P2 + b"](" + b"".join(map(text, keys)) + b"e."


def _values(count: int = 4, data: bytes = VALUES) -> bytes:
    return struct.pack("<q", count) + data


def legacy(
    value: bytes = tensor(_storage()),
    keys: bytes = _keys("0"),
    values: bytes = _values(),
    magic: bytes = MAGIC,
    version: bytes = VERSION,
    system: bytes = SYSTEM,
    object_: bytes | None = None,
) -> bytes:
    """A legacy file, any part of it replaced."""
    body = P2 + mapping(w=value) + STOP if object_ is None else object_
    return magic + version + system + body + keys + values


def tarred(**members: bytes) -> bytes:
    """A tar of these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for title, content in members.items():
            entry = tarfile.TarInfo(title)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _odd(
    title: str,
    content: bytes,
    what: str,
    says: str,
    partial: bool | None = True,
    opens: bool | None = True,
    torch_takes: bool | None = False,
) -> Case:
    return Case(title, "malformed", content, what, (), says, partial, opens, torch_takes, ".pth")


def _evil(title: str, content: bytes, what: str, says: str = "", torch_takes: bool | None = False) -> Case:
    return Case(title, "malicious", content, what, ("os.system",), says, None, True, torch_takes, ".pth")


GOOD = legacy()
_COUNTED = P2 + b"K\x01."
_STORED = P2 + b"(K\x01" + text("cpu") + name("torch", "FloatStorage") + b"t." + _values()
_SHAPED = P2 + b"(K\x02K\x01" + name("torch", "FloatTensor") + b"t." + struct.pack("<iiqqq", 1, 0, 4, 1, 0)
TAR = {
    "sys_info": P2 + mapping(protocol_version=number(1000), little_endian=b"\x88") + STOP,
    "storages": _COUNTED + _STORED + P2 + b"].",
    "tensors": _COUNTED + _SHAPED,
    "pickle": P2 + mapping(w=text("2") + b"Q") + STOP,
}

CASES: list[Case] = [
    _evil("legacy_magic_computed", legacy(magic=P2 + PAYLOAD + STOP), "a magic number that a call makes"),
    _evil("legacy_in_object", legacy(object_=EVIL), "a call in the object", "belongs|storage|breaks"),
    _evil("legacy_in_version", legacy(version=EVIL), "a call in the protocol version", "protocol version"),
    _evil("legacy_in_system", legacy(system=EVIL), "a call in the system's description"),
    _evil("legacy_in_keys", legacy(keys=EVIL), "a call in the list of storages", "list of storages is none"),
    _evil("legacy_behind", GOOD + EVIL, "a pickle behind the storages", "after the last storage", None),
    _odd("legacy_version_9", legacy(version=P2 + b"K\x09."), "another protocol version", "protocol version is not 1001", False),
    _odd("legacy_count_2_62", legacy(values=_values(2**62)), "a storage of 2^62 elements", "elements in the pickle"),
    _odd("legacy_count_negative", legacy(values=_values(-4)), "a storage of -4 elements", "elements in the pickle"),
    _odd("legacy_count_differs", legacy(values=_values(2, VALUES[:8])), "a storage of two elements that should have four",
         "elements in the pickle"),
    _odd("legacy_cut_in_values", GOOD[:-3], "cut inside a storage", "is cut short"),
    _odd("legacy_cut_in_count", GOOD[:-20], "cut inside a storage's count", "ends before all storages"),
    _odd("legacy_cut_in_object", GOOD[: len(MAGIC + VERSION + SYSTEM) + 40], "cut inside the object", "breaks off", True, None, None),
    _odd("legacy_keys_dict", legacy(keys=P2 + mapping(**{"0": b"N"}) + STOP), "a dict for the list of storages",
         "list of storages is another container", False, True, True),
    _odd("legacy_keys_number", legacy(keys=P2 + b"K\x05."), "a number for the list of storages", "list of storages is none"),
    _odd("legacy_keys_unknown", legacy(keys=_keys("5", "0")), "a storage that no tensor names", "no tensor names"),
    _odd("legacy_keys_missing", legacy(keys=_keys(), values=b""), "a list without the storage", "the list of storages lacks it", True, True,
         True),
    _odd("legacy_view_beyond", legacy(value=tensor(_storage(view=b"(" + text("v") + number(2) + number(9) + b"t"))),
         "a view beyond its storage", "need|view|storage", None, True, None),
    Case("legacy_keys_500k", "bomb", legacy(keys=P2 + b"](" + b"N" * 500_000 + b"e."), "half a million storages", (),
         "no tensor names", True, True, ending=".pth"),
    _evil("tar_in_pickle", tarred(**{**TAR, "pickle": EVIL}), "a call in a tar's pickle"),
    _evil("tar_in_storages", tarred(**{**TAR, "storages": P2 + PAYLOAD + STOP}), "a call in a tar's storages"),
    _evil("tar_stray", tarred(**TAR, extra=EVIL), "a pickle that torch does not read in a tar", "another pickle in the archive"),
    _odd("tar_cut", tarred(**TAR)[:700], "a tar cut inside a member", "", True, None, None),
    _odd("tar_count_huge", tarred(**{**TAR, "tensors": P2 + b"\x8a\x08" + b"\xff" * 7 + b"\x7f." + _SHAPED}),
         "a tar of 2^63 tensors", "ends before all|breaks off"),
    _odd("tar_rank_huge", tarred(**{**TAR, "tensors": _COUNTED + _SHAPED.replace(struct.pack("<ii", 1, 0), struct.pack("<ii", 2**31 - 1, 0))}),
         "a tensor of 2^31 dimensions in a tar", "dimensions"),
    _odd("tar_storage_gone", tarred(tensors=TAR["tensors"], pickle=TAR["pickle"]), "a tar without its storages", "does not hold it"),
]  # fmt: skip
