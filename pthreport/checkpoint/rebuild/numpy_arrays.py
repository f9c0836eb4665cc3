"""Arrays and numbers of numpy, as their pickles spell them (numpy/_core/src/multiarray/methods.c).

`_reconstruct` makes an empty array and BUILD fills it with (version, shape, dtype, Fortran order,
bytes); protocol 5 calls `_frombuffer`. Arrays of plain numbers become tensors, all else (objects,
strings, structures) stays a record.
"""

import numpy as np

from pthreport.checkpoint.dtypes import DType, numpy_dtype
from pthreport.checkpoint.geometry import contiguous_strides
from pthreport.checkpoint.machine import Build, Context, NotUnderstood, Rebuild
from pthreport.checkpoint.rebuild.torch_tensors import addressed, integers
from pthreport.checkpoint.source import Held
from pthreport.checkpoint.storage import ByteOrder, Storage
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Global, LongBytes, Record, Value


def _dtype(value: Value) -> tuple[DType, ByteOrder]:
    """The element type and byte order of a pickled numpy.dtype."""
    if not isinstance(value, Record) or (value.module, value.name) != ("numpy", "dtype") or not value.args:
        raise NotUnderstood
    name = value.args[0]
    if isinstance(name, bytes):
        name = name.decode("ascii", "replace")
    found = numpy_dtype(name) if isinstance(name, str) else None
    if found is None:
        raise NotUnderstood
    dtype, order = found
    state = value.state
    big = order == "big"
    if isinstance(state, tuple) and len(state) > 1:
        big = state[1] in (">", b">")
    return dtype, "big" if big else "little"


def _raw(value: Value) -> bytes | LongBytes:
    if isinstance(value, str):  # Python 2 wrote strings, which the machine read as UTF-8
        value = value.encode("utf-8", "surrogatepass")
    if not isinstance(value, bytes | LongBytes):
        raise NotUnderstood
    return value


def _array(
    context: Context, raw: bytes | LongBytes, dtype: DType, order: ByteOrder, sizes: Value, fortran: bool
) -> Tensor:
    shape = integers(context, sizes, "sizes")
    addressed(shape, dtype)
    strides = contiguous_strides(shape)
    if fortran:
        strides = tuple(reversed(contiguous_strides(tuple(reversed(shape)))))
    data = raw.data if isinstance(raw, LongBytes) else Held(raw)
    storage = Storage(("array", id(data)), dtype, len(raw) // dtype.itemsize, None, data, order)
    made = Tensor(shape, strides, 0, dtype, storage, origin="numpy")
    expected = made.nbytes
    if expected != len(raw):
        context.note(
            f"a numpy array of {expected:,} bytes comes with {len(raw):,}",
            "partial" if expected > len(raw) else "noted",
        )
    return made


def reconstruct(context: Context, args: tuple[Value, ...]) -> Value:
    """_reconstruct(numpy.ndarray, (0,), b"b"): an array that BUILD fills."""
    if len(args) != 3 or not isinstance(args[0], Global):
        raise NotUnderstood
    if (args[0].module, args[0].name) != ("numpy", "ndarray"):
        raise NotUnderstood
    return context.record(args[0], ())


def fill(context: Context, _target: Record, state: Value) -> Value:
    """The array that a state describes; raises `NotUnderstood` where it is not one of numbers."""
    if not isinstance(state, tuple) or len(state) not in (4, 5):
        raise NotUnderstood
    shape, described, fortran, content = state[-4:]
    dtype, order = _dtype(described)
    context.charge_tensor()
    return _array(context, _raw(content), dtype, order, shape, fortran is True or fortran == 1)


def from_buffer(context: Context, args: tuple[Value, ...]) -> Value:
    """_frombuffer(bytes, dtype, shape, order)."""
    if len(args) != 4 or args[3] not in ("C", "F"):
        raise NotUnderstood
    dtype, order = _dtype(args[1])
    context.charge_tensor()
    return _array(context, _raw(args[0]), dtype, order, args[2], args[3] == "F")


def scalar(context: Context, args: tuple[Value, ...]) -> Value:
    """scalar(dtype, bytes): one number, as a plain one."""
    if len(args) != 2:
        raise NotUnderstood
    dtype, order = _dtype(args[0])
    raw = _raw(args[1])
    if len(raw) != dtype.itemsize or isinstance(raw, LongBytes):
        raise NotUnderstood("a numpy number of the wrong length")
    values = np.frombuffer(raw, dtype.raw.newbyteorder(">" if order == "big" else "<"))
    return dtype.decode(values.astype(dtype.raw))[0].item()


_CORES = ("numpy.core", "numpy._core")

ARRAYS: dict[tuple[str, str], Rebuild] = {
    **{(f"{core}.multiarray", "_reconstruct"): reconstruct for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): scalar for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): from_buffer for core in _CORES},
}
"""Calls that make numpy arrays and numbers."""

ARRAY_STATES: dict[tuple[str, str], Build] = {("numpy", "ndarray"): fill}
"""States that turn a record into an array."""
