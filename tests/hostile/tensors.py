"""Tensors whose sizes, strides and storages lie, in good archives."""

from tests.hostile.archives import VALUES, archive, changed, entries, torch_file
from tests.hostile.case import Case
from tests.hostile.pickled import P2, STOP, call, mapping, name, number, numbers, storage, tensor, text


def _lie(
    title: str,
    value: bytes,
    what: str,
    says: str,
    partial: bool | None = True,
    torch_takes: bool | None = False,
) -> Case:
    content = torch_file(P2 + mapping(w=value) + STOP)
    return Case(title, "malformed", content, what, (), says, partial, True, torch_takes, ".pt")


def _id(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"tQ"


_STORAGE, _FLOAT = text("storage"), name("torch", "FloatStorage")
_HOOKS = call("collections", "OrderedDict")
_TWO_TYPES = mapping(a=tensor(), b=tensor(storage(kind=name("torch", "LongStorage"), count=2), (2,)))
_QUANTIZED = call(
    "torch._utils", "_rebuild_qtensor", storage(kind=name("torch", "QInt8Storage")), number(0), numbers(2, 2),
    numbers(2**40, 1), b"(" + name("torch", "per_tensor_affine") + b"G" + bytes(8) + number(0) + b"t", b"\x89", _HOOKS,
)  # fmt: skip

CASES: list[Case] = [
    _lie("storage_short", tensor(storage(count=10**6), (10**6,)), "a million values declared, four there",
         "4,000,000 bytes are declared, the member has 16"),
    _lie("storage_missing", tensor(storage(text("7"))), "a storage without its member", "a storage that the file does not hold"),
    _lie("storage_key_with_nul", tensor(storage(text("0\0x"))), "a NUL in a storage's key", "a storage that the file does not hold",
         True, True),
    _lie("storage_key_above", tensor(storage(text("../0"))), "a storage's key that leads out of the folder",
         "a storage that the file does not hold"),
    _lie("size_negative", tensor(None, (-4,)), "a negative size", "one of its sizes is negative"),
    _lie("stride_negative", tensor(None, (4,), (-1,)), "a negative stride", "negative"),
    _lie("offset_negative", tensor(None, (4,), (1,), -1), "a negative offset", "offset"),
    _lie("offset_beyond", tensor(None, (4,), (1,), 2), "an offset that leads beyond the storage", "need 24 bytes, the storage has 16"),
    _lie("size_beyond", tensor(None, (5,)), "one value more than the storage has", "need 20 bytes, the storage has 16"),
    _lie("size_overflow", tensor(None, (2**32, 2**32, 2**32), (0, 0, 1)), "2^96 elements", "more bytes than any memory", True, None),
    _lie("stride_overflow", tensor(None, (2, 2), (2**62, 2**62)), "strides whose span overflows", "need|stride"),
    _lie("expanded_2_62", tensor(None, (2**62,), (0,)), "2^62 elements that stand for one", "more bytes than any memory", True, None),
    _lie("sizes_and_strides", tensor(None, (2, 2), (1,)), "two sizes and one stride", "sizes"),
    _lie("count_negative", tensor(storage(count=-4)), "a storage of a negative number of elements", "impossible number of elements"),
    _lie("count_2_62", tensor(storage(count=2**62), (4,)), "a storage of 2^62 elements", "impossible number of elements|are declared"),
    _lie("id_short", _id(_STORAGE), "a persistent id of one part", "a persistent id that is no storage"),
    _lie("id_no_tuple", number(5) + b"Q", "a persistent id that is a number", "a persistent id that is no storage"),
    _lie("id_type_is_text", _id(_STORAGE, text("FloatStorage"), text("0"), text("cpu"), number(4)),
         "a storage whose type is a text", "whose type is no class"),
    _lie("id_key_is_list", _id(_STORAGE, _FLOAT, b"]", text("cpu"), number(4)), "a storage whose key is a list", "key is no text"),
    _lie("id_count_is_text", _id(_STORAGE, _FLOAT, text("0"), text("cpu"), text("4")), "a storage whose size is a text",
         "impossible number of elements"),
    _lie("items_in_storage", storage() + b"(" + text("a") + number(1) + b"u", "items stored in a storage", "items stored in a Tensor"),
    _lie("quantized_stride", _QUANTIZED, "a quantized tensor with a stride of 2^40", "the storage has 4"),
    _lie("rebuild_of_nothing", call("torch._utils", "_rebuild_tensor_v2"), "a tensor rebuilt of nothing", "_rebuild_tensor_v2"),
    _lie("rebuild_of_numbers", call("torch._utils", "_rebuild_tensor_v2", *[number(1)] * 6), "a tensor rebuilt of numbers",
         "its storage is none"),
    Case("two_types", "malformed", torch_file(P2 + _TWO_TYPES + STOP), "one storage with two types and two sizes", (),
         "described in two ways", False, True, None, ".pt"),
    Case("views_overlap", "malformed", torch_file(P2 + mapping(a=tensor(None, (3,)), b=tensor(None, (3,), (1,), 1)) + STOP),
         "two views of one storage that overlap", (), "its values overlap those of 'b'", False, True, True, ".pt"),
    Case("orphan", "malformed", torch_file(**{"data/1": bytes(64)}), "a storage that no tensor uses", (),
         "1 storage of together 64 bytes belong to no tensor", False, True, True, ".pt"),
    Case("byteorder_unknown", "malformed", torch_file(byteorder=b"big\0\0"), "a byte order that torch does not know", (),
         "the byte order is given as", False, True, False, ".pt"),
    Case("storage_longer", "malformed", archive(changed(entries(), "archive/data/0", content=VALUES * 2)),
         "a storage with more bytes than declared", (), "16 bytes are declared, the member has 32", False, True, None, ".pt"),
]  # fmt: skip
