"""Tensors whose values are elsewhere than in a plain storage: sparse, nested, wrapper subclasses.

A sparse tensor is the tensor of its stored values with its indices as attributes; a nested one is its
buffer. A wrapper subclass has no values of its own: the tensors it wraps are in its state.
"""

from pthreport.checkpoint.geometry import LARGEST
from pthreport.checkpoint.machine import Context, NotUnderstood, Rebuild
from pthreport.checkpoint.rebuild.torch_tensors import addressed, element_type, integers
from pthreport.checkpoint.sparse import Sparse
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Global, Value

_COMPRESSED = {
    "sparse_csr": ("crow_indices", "col_indices"),
    "sparse_bsr": ("crow_indices", "col_indices"),
    "sparse_csc": ("ccol_indices", "row_indices"),
    "sparse_bsc": ("ccol_indices", "row_indices"),
}


def sparse_tensor(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_sparse_tensor(layout, (indices, values, size[, coalesced])), or for the compressed
    layouts (offsets, indices, values, size)."""
    if len(args) != 2 or not isinstance(args[0], Global) or not isinstance(args[1], tuple):
        raise NotUnderstood
    layout, data = args[0].name, args[1]
    names: tuple[str, ...]
    if layout == "sparse_coo" and len(data) in (3, 4):
        names, held, size = ("indices",), data[:2], data[2]
    elif layout in _COMPRESSED and len(data) == 4:
        names, held, size = _COMPRESSED[layout], data[:3], data[3]
    else:
        raise NotUnderstood("a sparse tensor of another layout or with other parts")
    if not all(type(one) is Tensor for one in held):
        raise NotUnderstood("the parts of a sparse tensor are no tensors")
    indices, values = held[:-1], held[-1]
    shape = integers(context, size, "sizes")
    _fits(layout, shape, indices, values)
    context.charge_tensor()
    made: Tensor = values.copy()
    made.sparse = Sparse(layout, shape, tuple(indices))
    made.attributes = dict(zip(names, indices, strict=True))
    return made


def _fits(layout: str, shape: tuple[int, ...], indices: tuple[Tensor, ...], values: Tensor) -> None:
    count = 1
    for size in shape:
        count *= max(size, 1)
    if count > LARGEST:
        raise NotUnderstood("its sizes make more elements than any memory addresses")
    if any(one.dtype.name not in ("int64", "int32") for one in indices):
        raise NotUnderstood("its indices are no integers")
    last = indices[-1].shape
    if layout == "sparse_coo":
        fits = len(last) == 2 and last[0] <= len(shape) and values.shape == (last[1], *shape[last[0] :])
    else:
        batch = len(last) - 1
        fits = batch >= 0 and values.shape[: batch + 1] == last and len(shape) >= batch + 2
        fits = fits and indices[0].shape[:-1] == last[:-1] == shape[:batch]
    if not fits:
        raise NotUnderstood("the sizes of its indices and values do not fit each other")


def nested_tensor(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_nested_tensor(buffer, sizes, strides, offsets): the tensors' values in one buffer."""
    if len(args) != 4 or not all(type(one) is Tensor for one in args):
        raise NotUnderstood
    if len(args[1].shape) != 2:
        raise NotUnderstood("the sizes of a nested tensor are no table")
    context.charge_tensor()
    made: Tensor = args[0].copy()
    made.type_name = f"nested tensor: {args[1].shape[0]:,} of {args[1].shape[1]} dims in one buffer"
    made.attributes = dict(zip(("sizes", "strides", "storage_offsets"), args[1:], strict=True))
    return made


def wrapper(context: Context, args: tuple[Value, ...]) -> Value:
    """_rebuild_wrapper_subclass(class, dtype, size, stride, offset, layout, device, requires_grad)."""
    if len(args) != 8 or not isinstance(args[0], Global):
        raise NotUnderstood
    shape, strides = integers(context, args[2], "sizes"), integers(context, args[3], "strides")
    if len(shape) != len(strides):
        raise NotUnderstood(f"{len(shape)} sizes but {len(strides)} strides")
    dtype = element_type(args[1])
    addressed(shape, dtype)
    context.charge_tensor()
    name = f"{args[0].module}.{args[0].name}"
    return Tensor(
        shape,
        strides,
        0,
        dtype,
        None,
        requires_grad=args[7] is True,
        problem=f"a wrapper, {name[:100]}: its values are in the tensors it wraps",
        absent=True,
        type_name=name,
    )


SPARSE: dict[tuple[str, str], Rebuild] = {
    ("torch._utils", "_rebuild_sparse_tensor"): sparse_tensor,
    ("torch._utils", "_rebuild_sparse_csr_tensor"): sparse_tensor,
    ("torch._utils", "_rebuild_nested_tensor"): nested_tensor,
    ("torch._utils", "_rebuild_wrapper_subclass"): wrapper,
}
"""Calls that make tensors without a plain storage."""
