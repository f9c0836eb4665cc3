"""Tensors of torch: the functions of `torch._utils` that rebuild them, as arguments.

A persistent id gives a storage as a one-dimensional `Tensor` over it, so that a storage that is
in the tree by itself is a tensor like any other.
"""

from typing import Any

from pthreport.checkpoint.dtypes import TORCH_DTYPES, DType
from pthreport.checkpoint.geometry import LARGEST, addressable
from pthreport.checkpoint.limits import met
from pthreport.checkpoint.machine import Context, Impossible, NotUnderstood, Rebuild
from pthreport.checkpoint.tensor import Quantization, Tensor
from pthreport.checkpoint.values import Global, Value


def integers(context: Context, value: Value, what: str) -> tuple[int, ...]:
    """`value` as sizes or strides; raises `NotUnderstood` with the reason where it is none."""
    if not isinstance(value, list | tuple):
        raise Impossible(f"its {what} are a {type(value).__name__}")
    most = context.limits.rank
    if len(value) > most:
        raise NotUnderstood(f"{len(value):,} dimensions ({met('rank', most)})")
    for one in value:
        if type(one) is not int:
            raise Impossible(f"its {what} are not all integers")
        if not 0 <= one <= LARGEST:
            raise Impossible(f"one of its {what} is {'negative' if one < 0 else 'beyond 64 bits'}")
    return tuple(value)


def element_type(value: Value) -> DType:
    """The element type that a reference such as torch.float32 names."""
    if isinstance(value, Global):
        found = TORCH_DTYPES.get((value.module, value.name))
        if found is not None:
            return found
        raise NotUnderstood(f"{value.module}.{value.name} is no element type that is known here")
    raise Impossible("it names no element type")


def view(
    context: Context,
    storage: Value,
    offset: Value,
    sizes: Value,
    strides: Value,
    dtype: DType | None = None,
) -> Tensor:
    """A tensor over a storage."""
    if type(storage) is not Tensor or storage.storage is None:
        raise Impossible("its storage is none")
    if type(offset) is not int or not 0 <= offset <= LARGEST:
        raise Impossible("its storage offset is no element number")
    shape = integers(context, sizes, "sizes")
    steps = integers(context, strides, "strides")
    if len(shape) != len(steps):
        raise Impossible(f"{len(shape)} sizes but {len(steps)} strides")
    context.charge_tensor()
    dtype = dtype or storage.dtype
    addressed(shape, dtype)
    base = storage.offset * storage.dtype.itemsize // dtype.itemsize
    return Tensor(shape, steps, base + offset, dtype, storage.storage)


def addressed(shape: tuple[int, ...], dtype: DType) -> None:
    """Refuse sizes that no memory could hold."""
    if not addressable(shape, dtype.itemsize):
        kind = NotUnderstood if addressable(shape, 1) else Impossible  # torch counts elements first
        raise kind("its sizes make more bytes than any memory addresses")


def _flags(tensor: Tensor, metadata: Value) -> None:
    if isinstance(metadata, dict):
        tensor.conjugate = metadata.get("conj") is True
        tensor.negative = metadata.get("neg") is True


def tensor_v1(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_tensor(storage, offset, size, stride)."""
    if len(args) != 4:
        raise Impossible("it does not take these arguments")
    return view(context, *args)


def tensor_v2(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])."""
    if not 5 <= len(args) <= 7:
        raise Impossible("it does not take these arguments")
    made = view(context, args[0], args[1], args[2], args[3])
    made.requires_grad = args[4] is True
    if len(args) == 7:
        _flags(made, args[6])
    return made


def tensor_v3(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype[, metadata])."""
    if not 7 <= len(args) <= 8:
        raise Impossible("it does not take these arguments")
    made = view(context, args[0], args[1], args[2], args[3], element_type(args[6]))
    made.requires_grad = args[4] is True
    if len(args) == 8:
        _flags(made, args[7])
    return made


def quantized_tensor(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_qtensor(storage, offset, size, stride, quantizer, requires_grad, hooks)."""
    if not 5 <= len(args) <= 7:
        raise Impossible("it does not take these arguments")
    made = view(context, args[0], args[1], args[2], args[3])
    made.requires_grad = len(args) > 5 and args[5] is True
    given = args[4]
    if not isinstance(given, tuple) or not given or not isinstance(given[0], Global):
        raise NotUnderstood("its quantizer is none")
    scheme = given[0].name
    if scheme == "per_tensor_affine" and len(given) == 3:
        if not all(type(one) in (int, float) for one in given[1:]):
            raise NotUnderstood("its scale and zero point are no numbers")
        made.quantization = Quantization(scheme, float(given[1]), float(given[2]))
    elif scheme in ("per_channel_affine", "per_channel_affine_float_qparams") and len(given) == 4:
        axis = given[3]
        if type(axis) is not int or not 0 <= axis < len(made.shape):
            raise NotUnderstood("its channel axis is none of its dimensions")
        length = made.shape[axis]
        made.quantization = Quantization(
            scheme, _channel(given[1], length), _channel(given[2], length), axis
        )
    else:
        raise NotUnderstood(f"the quantization scheme {scheme} is not known here")
    return made


def _channel(given: Value, length: int) -> Any:
    """A scale or zero point per channel: a tensor or a list of `length` numbers."""
    if isinstance(given, Tensor):
        if given.shape != (length,):
            raise NotUnderstood("its scales or zero points are not one per channel")
        return given
    if not isinstance(given, list | tuple) or len(given) != length:
        raise NotUnderstood("its scales or zero points are not one per channel")
    if not all(type(one) in (int, float) for one in given):
        raise NotUnderstood("its scales or zero points are no numbers")
    return given


def meta_tensor(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_meta_tensor_no_storage(dtype, size, stride, requires_grad): no values at all."""
    if len(args) != 4:
        raise Impossible("it does not take these arguments")
    shape, strides = integers(context, args[1], "sizes"), integers(context, args[2], "strides")
    if len(shape) != len(strides):
        raise NotUnderstood(f"{len(shape)} sizes but {len(strides)} strides")
    dtype = element_type(args[0])
    addressed(shape, dtype)
    context.charge_tensor()
    return Tensor(
        shape,
        strides,
        0,
        dtype,
        None,
        requires_grad=args[3] is True,
        problem="a meta tensor: it was saved without values",
        absent=True,
    )


TENSORS: dict[tuple[str, str], Rebuild] = {
    ("torch._utils", "_rebuild_tensor"): tensor_v1,
    ("torch._utils", "_rebuild_tensor_v2"): tensor_v2,
    ("torch._utils", "_rebuild_tensor_v3"): tensor_v3,
    ("torch._utils", "_rebuild_qtensor"): quantized_tensor,
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): meta_tensor,
}
"""Calls that make a tensor of a storage."""
