"""Element types: how torch, safetensors and numpy name them, and how their bytes become numbers.

The 8-bit formats follow the OCP 8-bit floating point specification (e4m3fn, e5m2), the "fnuz"
variants of arXiv:2206.02915, and the OCP microscaling specification (e8m0fnu).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Kind = Literal["float", "int", "bool", "complex", "quantized"]

COMPLEX32 = np.dtype([("real", np.float16), ("imag", np.float16)])
"""How the raw values of complex32 are handed out: numpy has no such type."""


@dataclass(frozen=True, slots=True)
class DType:
    """An element type. `raw` is the native-endian numpy type in which `Tensor.read` hands out its
    values; `itemsize` is bytes an element. `unreadable` says why its values cannot be read, if so.
    `block` is elements and bytes of a block in the file, where `read` hands out what blocks stand for."""

    name: str
    kind: Kind
    raw: np.dtype[Any]
    unreadable: str | None = None
    block: tuple[int, int] | None = None

    @property
    def itemsize(self) -> int:
        """Bytes an element."""
        return int(self.raw.itemsize)

    def decode(self, raw: Array) -> Array:
        """The values of `raw`, exactly, in a type that numpy computes with.

        bfloat16, float16 and the 8-bit formats become float32, complex32 becomes complex64, bool
        becomes bool; quantized values stay integers (`Tensor.numpy` applies scale and zero point).
        """
        if self.name == "bfloat16":
            return (raw.astype(np.uint32) << np.uint32(16)).view(np.float32)
        if self.name == "float16":
            with np.errstate(invalid="ignore"):  # a signalling NaN is a value like any other here
                return raw.astype(np.float32)
        if self.name.startswith("float8"):
            return float8_values(self.name)[raw]
        if self.name == "complex32":
            values = np.empty(raw.shape, np.complex64)
            with np.errstate(invalid="ignore"):
                values.real, values.imag = raw["real"], raw["imag"]
            return values
        if self.kind == "bool":
            return np.not_equal(raw, 0)
        return raw


@cache
def float8_values(name: str) -> NDArray[np.float32]:
    """The 256 values of an 8-bit float format, by bit pattern; shape (256,), read only."""
    codes = np.arange(256, dtype=np.uint32)
    if name == "float8_e8m0fnu":
        values = np.exp2(codes.astype(np.float64) - 127)
        values[255] = np.nan
    else:
        mantissa_bits, bias = {
            "float8_e4m3fn": (3, 7),
            "float8_e4m3fnuz": (3, 8),
            "float8_e5m2": (2, 15),
            "float8_e5m2fnuz": (2, 16),
        }[name]
        exponent = ((codes & 0x7F) >> mantissa_bits).astype(np.int64)
        fraction = (codes & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
        normal = np.ldexp(1 + fraction, exponent - bias)
        subnormal = np.ldexp(fraction, 1 - bias)
        values = np.where(exponent == 0, subnormal, normal)
        if name == "float8_e4m3fn":
            values[0x7F] = np.nan
        elif name == "float8_e5m2":
            values[0x7C], values[0x7D:0x80] = np.inf, np.nan
        values[128:] = -values[:128]
        if name.endswith("fnuz"):
            values[0x80] = np.nan
    table = values.astype(np.float32)
    table.setflags(write=False)
    return table


def _plain(name: str, kind: Kind, raw: Any) -> DType:
    return DType(name, kind, np.dtype(raw))


_PACKED = "several values share a byte: this packed format is not unpacked yet"

DTYPES: dict[str, DType] = {
    dtype.name: dtype
    for dtype in (
        _plain("bool", "bool", np.uint8),
        *(_plain(name, "int", name) for name in ("uint8", "uint16", "uint32", "uint64")),
        *(_plain(name, "int", name) for name in ("int8", "int16", "int32", "int64")),
        *(_plain(name, "float", name) for name in ("float16", "float32", "float64")),
        _plain("bfloat16", "float", np.uint16),
        _plain("complex32", "complex", COMPLEX32),
        _plain("complex64", "complex", np.complex64),
        _plain("complex128", "complex", np.complex128),
        *(
            _plain(f"float8_{name}", "float", np.uint8)
            for name in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")
        ),
        _plain("quint8", "quantized", np.uint8),
        _plain("qint8", "quantized", np.int8),
        _plain("qint32", "quantized", np.int32),
        DType("quint4x2", "quantized", np.dtype(np.uint8), _PACKED),
        DType("quint2x4", "quantized", np.dtype(np.uint8), _PACKED),
        DType("float4_e2m1fn_x2", "float", np.dtype(np.uint8), _PACKED),
        *(
            DType(f"{sign}int{bits}", "int", np.dtype(np.uint8), _PACKED)
            for sign in ("u", "")
            for bits in range(1, 8)
        ),
        *(DType(f"bits{n}", "int", np.dtype(np.uint8), _PACKED) for n in ("1x8", "2x4", "4x2")),
        DType("bits8", "int", np.dtype(np.uint8)),
        DType("bits16", "int", np.dtype(np.uint16)),
    )
}
"""Every element type by the name torch gives it."""

_ALIASES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "int": "int32",
    "long": "int64",
    "short": "int16",
    "cfloat": "complex64",
    "cdouble": "complex128",
    "chalf": "complex32",
}

_STORAGES = {
    "Float": "float32",
    "Double": "float64",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Byte": "uint8",
    "Char": "int8",
    "Short": "int16",
    "Int": "int32",
    "Long": "int64",
    "Bool": "bool",
    "ComplexFloat": "complex64",
    "ComplexDouble": "complex128",
    "QUInt8": "quint8",
    "QInt8": "qint8",
    "QInt32": "qint32",
    "QUInt4x2": "quint4x2",
    "QUInt2x4": "quint2x4",
    "Untyped": "uint8",
}

STORAGE_DTYPES: dict[tuple[str, str], DType] = {
    (module, f"{name}Storage"): DTYPES[dtype]
    for name, dtype in _STORAGES.items()
    for module in ("torch", "torch.cuda", "torch.storage")
}
"""The element type of a storage class, by module and name."""

TENSOR_TYPES: dict[tuple[str, str], DType] = {
    (module, name.replace("Storage", "Tensor")): dtype
    for (module, name), dtype in STORAGE_DTYPES.items()
    if module != "torch.storage"
    and dtype.kind != "quantized"
    and not name.startswith(("Untyped", "Complex"))
}
"""The element type of a tensor class such as torch.FloatTensor, by module and name."""

TORCH_DTYPES: dict[tuple[str, str], DType] = {
    **{("torch", name): dtype for name, dtype in DTYPES.items()},
    **{("torch", alias): DTYPES[name] for alias, name in _ALIASES.items()},
}
"""The element type behind a name such as torch.float32."""

SAFETENSORS_DTYPES: dict[str, DType] = {
    "BOOL": DTYPES["bool"],
    "U8": DTYPES["uint8"],
    "I8": DTYPES["int8"],
    "U16": DTYPES["uint16"],
    "I16": DTYPES["int16"],
    "U32": DTYPES["uint32"],
    "I32": DTYPES["int32"],
    "U64": DTYPES["uint64"],
    "I64": DTYPES["int64"],
    "F16": DTYPES["float16"],
    "BF16": DTYPES["bfloat16"],
    "F32": DTYPES["float32"],
    "F64": DTYPES["float64"],
    "C64": DTYPES["complex64"],
    "F8_E4M3": DTYPES["float8_e4m3fn"],
    "F8_E5M2": DTYPES["float8_e5m2"],
    "F8_E8M0": DTYPES["float8_e8m0fnu"],
    "F8_E4M3FNUZ": DTYPES["float8_e4m3fnuz"],
    "F8_E5M2FNUZ": DTYPES["float8_e5m2fnuz"],
}
"""The whole-byte element types of safetensors' header."""

SAFETENSORS_BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6}
"""Bits an element, of safetensors' types below a byte."""

SAFETENSORS_PACKED: dict[str, DType] = {
    "F4": DType("F4", "quantized", np.dtype(np.float32), None, (2, 1)),
    **{
        name: DType(name, "quantized", np.dtype(np.uint8), f"how {name} is packed is not specified", (4, 3))
        for name in ("F6_E2M3", "F6_E3M2")
    },
}
"""Those types; `read` gives what the codes of F4 stand for."""


@cache
def float4_values() -> NDArray[np.float32]:
    """The numbers of the 16 codes of float4 e2m1 (OCP Microscaling Formats 1.0, 5.3.3), shape (16,), read only."""
    half = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
    table = np.asarray([*half, *(-x for x in half)], np.float32)
    table.setflags(write=False)
    return table


def numpy_dtype(name: str) -> tuple[DType, str] | None:
    """The element type and byte order ("little", "big") of a numpy type string such as "<f4", "b1",
    None where it is no plain number of a known size."""
    order = "big" if name[:1] in (">", "!") else "little"
    bare = name.lstrip("<>=|!")
    names = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
    if bare in ("b1", "?", "bool"):
        return DTYPES["bool"], order
    if bare[:1] in names and bare[1:] in ("1", "2", "4", "8", "16"):
        dtype = DTYPES.get(f"{names[bare[0]]}{int(bare[1:]) * 8}")
        return (dtype, order) if dtype is not None and dtype.itemsize == int(bare[1:]) else None
    return None
