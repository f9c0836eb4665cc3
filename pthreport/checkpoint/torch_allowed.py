"""What `torch.load(weights_only=True)` of torch 2.13 lets a pickle do (torch/_weights_only_unpickler.py).

Its unpickler knows a small set of instructions and an exact list of names; everything else makes it
stop. This is a description to compare a file with: nothing here loads anything.
"""

TORCH_VERSION = "2.13"
"""The version that is described."""

_TENSORS = "BFloat16 Byte Char Double Float Half Int Long Short"
_STORAGES = f"{_TENSORS} Bool ComplexDouble ComplexFloat"
_QUANTIZED = "QInt32 QInt8 QUInt2x4 QUInt4x2 QUInt8"
_DTYPES = """
bfloat16 bits16 bits1x8 bits2x4 bits4x2 bits8 bool complex128 complex32 complex64 float16 float32
float4_e2m1fn_x2 float64 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu
int1 int16 int2 int3 int32 int4 int5 int6 int64 int7 int8 qint32 qint8 quint2x4 quint4x2 quint8
uint1 uint16 uint2 uint3 uint32 uint4 uint5 uint6 uint64 uint7 uint8
"""
_SCHEMES = """
per_channel_affine per_channel_affine_float_qparams per_channel_symmetric per_tensor_affine
per_tensor_symmetric
"""
_REBUILDS = """
_rebuild_device_tensor_from_cpu_tensor _rebuild_device_tensor_from_numpy
_rebuild_meta_tensor_no_storage _rebuild_nested_tensor _rebuild_parameter
_rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor _rebuild_tensor
_rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_wrapper_subclass
"""


def _named(module: str, names: str, end: str = "") -> set[str]:
    return {f"{module}.{name}{end}" for name in names.split()}


NAMES: frozenset[str] = frozenset(
    {"_codecs.encode", "torch.nn.parameter.Parameter", "torch.serialization._get_layout"}
    | {"torch._tensor._rebuild_from_type_v2"}
    | _named("builtins", "bytearray complex set")
    | _named("collections", "Counter OrderedDict")
    | _named("torch", "Size Tensor device")
    | _named("torch", _DTYPES + _SCHEMES)
    | _named("torch", f"{_STORAGES} {_QUANTIZED}", "Storage")
    | _named("torch.cuda", _STORAGES, "Storage")
    | _named("torch.storage", "TypedStorage UntypedStorage")
    | _named("torch", f"{_TENSORS} Bool", "Tensor")
    | _named("torch.cuda", f"{_TENSORS} Bool", "Tensor")
    | _named("torch.sparse", _TENSORS, "Tensor")
    | _named("torch.cuda.sparse", _TENSORS, "Tensor")
    | _named("torch._utils", _REBUILDS)
)
"""The names that may be imported, module and name joined by a dot."""

REGISTERED: frozenset[str] = frozenset(
    _named("torch.nested._internal.nested_tensor", "NestedTensor _rebuild_njt")
    | _named("torch.distributed._mesh_layout", "_FlatLayout _MeshLayout")
)
"""The names that `import torch` adds to them (torch.serialization.add_safe_globals)."""

MODULES = {"__builtin__": "builtins"}
"""Python 2's names of modules, as far as they lead to an allowed name."""

BUILT = frozenset({"Tensor", "Parameter", "OrderedDict", "Counter", "TypedStorage"})
"""The types on which a state may be set (and that can take one)."""

MADE: dict[str, str] = {
    "collections.OrderedDict": "OrderedDict",
    "collections.Counter": "Counter",
    "torch.nn.parameter.Parameter": "Parameter",
    "torch._utils._rebuild_parameter": "Parameter",
    "torch._utils._rebuild_parameter_with_state": "Parameter",
    **dict.fromkeys(
        (f"torch._utils.{name}" for name in _REBUILDS.split() if "parameter" not in name), "Tensor"
    ),
    "torch.Tensor": "Tensor",
    "torch._tensor._rebuild_from_type_v2": "Tensor",
}
"""What type a call makes; any other makes one that takes neither items nor a state."""
