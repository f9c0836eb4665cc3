"""Formats that begin with a header: safetensors, GGUF, and the JSON indices of folders."""

import json
import struct
from typing import Any

from tests.hostile.archives import VALUES
from tests.hostile.case import Case


def safetensors(header: Any, data: bytes = VALUES, length: int | None = None) -> bytes:
    """A file with this header: JSON, or bytes as they are."""
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def one(dtype: Any = "F32", shape: Any = (4,), offsets: Any = (0, 16)) -> dict[str, Any]:
    """The header of one tensor."""
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def _odd(
    title: str, content: bytes, what: str, says: str, partial: bool | None = True, opens: bool | None = True
) -> Case:
    return Case(title, "malformed", content, what, (), says, partial, opens, None, ".safetensors")


def _index(title: str, weight_map: Any, what: str, says: str, **beside: bytes) -> Case:
    content = json.dumps({"metadata": {}, "weight_map": weight_map}).encode()
    return Case(
        title, "malformed", content, what, (), says, True, None, None, ".safetensors.index.json", beside
    )


def _gguf(tensors: int, keys: int, rest: bytes = b"", version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys) + rest


def _named(name: bytes) -> bytes:
    return struct.pack("<Q", len(name)) + name


_TWO = b'{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'
_FAR = {**one(), "b": {"dtype": "F32", "shape": [4], "data_offsets": [32, 48]}}
_OVER = {**one(), "b": {"dtype": "F32", "shape": [4], "data_offsets": [8, 24]}}
_ENTRY = _named(b"w") + struct.pack("<I", 1)

CASES: list[Case] = [
    _odd("st_length_2_63", safetensors(one(), length=2**63), "a header of 2^63 bytes", "header is said to have", None, False),
    _odd("st_length_beyond", safetensors(one(), length=100_000_001), "a header longer than the file", "header is said to have", None, False),
    _odd("st_two_bytes", b"\x01\x02", "two bytes", "", None, False),
    _odd("st_not_utf8", safetensors(b'{"\xff":0}'), "a header that is not UTF-8", "not UTF-8", None, False),
    _odd("st_not_json", safetensors(b'{"w":'), "a header that is not JSON", "not JSON", None, False),
    _odd("st_list", safetensors(b"[1,2]"), "a header that is a list", "", None, False),
    _odd("st_deep", safetensors(b'{"a":' + b"[" * 100_000), "a header 100,000 levels deep", "nesting too large", None, False),
    _odd("st_number_5000_digits", safetensors(b'{"a":' + b"9" * 5_000 + b"}"), "a number of 5,000 digits", "number or nesting", None, False),
    _odd("st_twice", safetensors(_TWO), "a name that stands twice", "occurs twice in the header"),
    _odd("st_hole", safetensors(_FAR, VALUES * 3), "bytes between two tensors", "belong to no tensor", False),
    _odd("st_behind", safetensors(one(), VALUES + b"PK\x03\x04"), "bytes behind the last tensor", "belong to no tensor", False),
    _odd("st_overlap", safetensors(_OVER, VALUES * 2), "two tensors of the same bytes", "overlap those of another tensor", None),
    _odd("st_beyond_end", safetensors(one(shape=(1_000,), offsets=(0, 4_000))), "a tensor beyond the end", "cut short"),
    _odd("st_shape_overflow", safetensors(one(shape=(2**40, 2**40))), "2^80 elements", "more elements than any memory"),
    _odd("st_offset_negative", safetensors(one(offsets=(-16, 0))), "a negative offset", "are no range"),
    _odd("st_offset_text", safetensors(one(offsets=("0", "16"))), "offsets that are texts", "no pair of numbers"),
    _odd("st_shape_negative", safetensors(one(shape=(-4,))), "a negative size", "no list of sizes"),
    _odd("st_shape_float", safetensors(one(shape=(4.0,))), "a size that is a float", "no list of sizes"),
    _odd("st_shape_true", safetensors(one(shape=(True,))), "a size that is a boolean", "no list of sizes"),
    _odd("st_rank_100", safetensors(one(shape=(1,) * 100, offsets=(0, 4))), "a hundred dimensions", "100 dimensions"),
    _odd("st_type_unknown", safetensors(one(dtype="F33")), "a type that does not exist", "unknown dtype 'F33'"),
    _odd("st_type_number", safetensors(one(dtype=5)), "a type that is a number", "its dtype is no text"),
    _odd("st_bits_misaligned", safetensors(one(dtype="F4", shape=(3,), offsets=(0, 2)), VALUES[:2]), "12 bits in two bytes", "its shape and type need"),
    _odd("st_entry_missing", safetensors({"w": {"dtype": "F32"}}), "an entry without a shape", "no dtype, shape and data_offsets"),
    Case("st_many_bad", "bomb", safetensors({str(at): 0 for at in range(300_000)}, b""), "300,000 entries that describe nothing", (),
         "more times", True, None, ending=".safetensors"),
    _index("ix_above", {"w": "../../../etc/passwd"}, "a shard above the folder", "leads out of the folder"),
    _index("ix_absolute", {"w": "/etc/passwd"}, "a shard anywhere", "leads out of the folder"),
    _index("ix_nul", {"w": "a\0b.safetensors"}, "a NUL in a shard's name", "NUL"),
    _index("ix_device", {"w": "/dev/zero"}, "a device for a shard", "leads out of the folder"),
    _index("ix_share", {"w": "\\\\evil\\share\\x"}, "a share of another machine", "leads out of the folder"),
    _index("ix_self", {"w": "ix_self.safetensors.index.json"}, "the index as its own shard", "can be read|no mapping|names"),
    _index("ix_html", {"w": '"><img src=x onerror=alert(1)>.safetensors'}, "HTML in a shard's name", "not in the folder"),
    _index("ix_number", {"w": 5}, "a shard that is a number", ""),
    _index("ix_list", ["w"], "a list for the map", "weight_map"),
    _index("ix_part_missing", {"w": "good.safetensors", "v": "gone.safetensors"}, "one of two shards gone", "not in the folder",
           **{"good.safetensors": safetensors(one())}),
    _index("ix_tensor_missing", {"w": "good.safetensors", "v": "good.safetensors"}, "a tensor that its shard does not hold", "lacks",
           **{"good.safetensors": safetensors(one())}),
    _index("ix_bad_shard", {"w": "good.safetensors"}, "a shard that is broken", "no tensor|header",
           **{"good.safetensors": safetensors(one(dtype="F33"))}),
    Case("ix_no_map", "malformed", b'{"metadata":{}}', "no map at all", (), "no weight_map", None, False, None, ".safetensors.index.json"),
    Case("gguf_cut", "malformed", b"GGUF\x03\0\0\0", "GGUF cut inside its head", (), "", None, False, None, ".gguf"),
    Case("gguf_tensors_2_63", "malformed", _gguf(2**63, 0), "GGUF of 2^63 tensors", (), "tensors", None, None, None, ".gguf"),
    Case("gguf_keys_2_63", "malformed", _gguf(0, 2**63), "GGUF of 2^63 keys", (), "", None, None, None, ".gguf"),
    Case("gguf_name_2_62", "malformed", _gguf(1, 0, struct.pack("<Q", 2**62) + bytes(64)), "a GGUF name of 2^62 bytes", (), "", None, None,
         None, ".gguf"),
    Case("gguf_size_2_63", "malformed", _gguf(1, 0, _ENTRY + struct.pack("<QIQ", 2**63, 0, 0) + bytes(64)), "a GGUF tensor of 2^63 values", (),
         "", None, None, None, ".gguf"),
    Case("gguf_type_unknown", "malformed", _gguf(1, 0, _ENTRY + struct.pack("<QIQ", 4, 999, 0) + bytes(64)), "a GGUF type that does not exist",
         (), "", None, None, None, ".gguf"),
    Case("gguf_beyond_end", "malformed", _gguf(1, 0, _ENTRY + struct.pack("<QIQ", 4, 0, 2**40) + bytes(64)), "a GGUF tensor beyond the end", (),
         "", None, None, None, ".gguf"),
    Case("gguf_version_99", "malformed", _gguf(0, 0, version=99), "GGUF of a version to come", (), "version", None, False, None, ".gguf"),
    Case("gguf_arrays_deep", "bomb", _gguf(0, 1, _named(b"a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 50_000),
         "GGUF arrays 50,000 levels deep", ending=".gguf"),
]  # fmt: skip
