"""A tensor that is still in the file."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pthreport.checkpoint.dtypes import Array, DType
from pthreport.checkpoint.errors import ReadError
from pthreport.checkpoint.geometry import (
    gather,
    is_contiguous,
    positions,
    span,
    storage_order,
)
from pthreport.checkpoint.sparse import Sparse
from pthreport.checkpoint.storage import Storage
from pthreport.checkpoint.values import Value
from pthreport.document.report import ProblemKind

if TYPE_CHECKING:
    import torch

Role = Literal["parameter", "buffer", "attribute"]
Scheme = Literal["per_tensor_affine", "per_channel_affine", "per_channel_affine_float_qparams"]


@dataclass(frozen=True, slots=True, eq=False)
class Quantization:
    """How integers stand for numbers: value = scale * (integer - zero_point).

    `scale` and `zero_point` are numbers, or, per channel, sequences or 1-D tensors of the length of
    dimension `axis`.
    """

    scheme: str
    scale: "float | Sequence[float] | Tensor"
    zero_point: "float | Sequence[float] | Tensor"
    axis: int | None = None

    def parameters(self, rank: int) -> tuple[Array, Array]:
        """Scale and zero point as float64 arrays that broadcast against `rank` dimensions."""
        return self._spread(self.scale, rank), self._spread(self.zero_point, rank)

    def _spread(self, given: "float | Sequence[float] | Tensor", rank: int) -> Array:
        values = np.asarray(given.numpy() if isinstance(given, Tensor) else given, np.float64)
        if self.axis is None:
            return values
        return values.reshape([-1 if dim == self.axis else 1 for dim in range(rank)])


@dataclass(eq=False, slots=True)
class Tensor:
    """A tensor, or a numpy array, whose values are read on demand.

    `strides` and `offset` count elements. `path` is its place in the tree ("" until the tree is
    complete). `problem` says why its values cannot be read. `requires_grad`, `is_parameter`,
    `location` (of the storage) are what the file says. `origin` is "torch" or "numpy". `type_name`
    is the class's name where the file names one, `attributes` what is set on the tensor besides its
    values. `absent` says that the values were never saved (a meta tensor), which is no damage.
    A `sparse` tensor is that of its stored values: shape, `read` and `slice` are theirs, only
    `logical_shape`, `numpy` and `torch` those of the whole. `role` is what the file itself says that it is to its module, None where it says nothing.
    `conjugate` and `negative` are torch's lazy bits; `read` applies them.
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    dtype: DType
    storage: Storage | None
    requires_grad: bool = False
    is_parameter: bool = False
    quantization: Quantization | None = None
    problem: str | None = None
    path: str = ""
    origin: Literal["torch", "numpy"] = "torch"
    type_name: str | None = None
    attributes: Value = None
    absent: bool = False
    role: Role | None = None
    sparse: Sparse | None = None
    conjugate: bool = False
    negative: bool = False
    _order: tuple[int, ...] | None = field(default=None, init=False, repr=False)
    _dense: bool = field(default=False, init=False, repr=False)

    @property
    def location(self) -> str | None:
        """The device the storage was saved from, as the file spells it."""
        return None if self.storage is None else self.storage.location

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def logical_shape(self) -> tuple[int, ...]:
        """The sizes that the tensor has to its users, also where only some elements are stored."""
        return self.shape if self.sparse is None else self.sparse.shape

    @property
    def logical_numel(self) -> int:
        """Number of elements of `logical_shape`."""
        return math.prod(self.logical_shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the elements, each counted, whether or not they share memory."""
        if self.dtype.block is not None:
            elements, nbytes = self.dtype.block
            return self.numel // elements * nbytes
        return self.numel * self.dtype.itemsize

    @property
    def contiguous(self) -> bool:
        """Whether the elements are in C order without gaps."""
        return is_contiguous(self.shape, self.strides)

    @property
    def storage_key(self) -> Hashable:
        """Equal for tensors that share a storage."""
        return id(self) if self.storage is None else self.storage.key

    @property
    def order(self) -> tuple[int, ...]:
        """The dimensions in which `read` runs through the values, slowest first: the storage's order
        for a dense view, else the identity."""
        if self._order is None:
            dense = storage_order(self.shape, self.strides)
            self._dense = dense is not None
            self._order = tuple(range(len(self.shape))) if dense is None else dense
        return self._order

    @property
    def dense(self) -> bool:
        """Whether the elements fill one run of the storage, each once."""
        return self.order is not None and self._dense

    @property
    def read_shape(self) -> tuple[int, ...]:
        """The sizes in reading order: the values read from 0 to `numel` are C order of this shape."""
        return tuple(self.shape[dim] for dim in self.order)

    def check(self) -> str | None:
        """Why the values cannot be read, None where nothing speaks against it."""
        if self.problem is not None:
            return self.problem
        if self.dtype.unreadable is not None:
            return self.dtype.unreadable
        if self.storage is None:
            return "the file holds no values for it"
        needed = span(self.shape, self.strides)
        return self.storage.refusal((self.offset + needed) * self.dtype.itemsize if needed else 0)

    def fault(self) -> ProblemKind:
        """What kind of problem it is that `check` gives the reason of."""
        if self.dtype.unreadable is not None:
            return "unsupported"
        if self.storage is None or self.storage.data is None:
            return "missing-storage"
        needed = span(self.shape, self.strides)
        if needed and (self.offset + needed) * self.dtype.itemsize > self.storage.nbytes:
            return "sizes-disagree"
        return "truncated" if self.storage.available < self.storage.nbytes else "malformed"

    def read(self, start: int, stop: int) -> Array:
        """The values from `start` to `stop`, counted in reading order (`order`).

        Shape (stop - start,), type `dtype.raw`, native byte order; a fresh array. Safe to call from
        several threads. Raises `ReadError` where the values cannot be read.
        """
        storage = self._readable()
        if not 0 <= start <= stop <= self.numel:
            raise IndexError(f"values {start} to {stop} of {self.numel}")
        if start == stop:
            return np.empty(0, self.dtype.raw)
        if self.dense:
            return self._signed(storage.elements(self.offset + start, stop - start, self.dtype))
        wanted = positions(start, stop, self.shape, self.strides, self.offset)
        return self._signed(gather(storage, self.dtype, wanted))

    def slice(self, index: tuple[int | slice, ...]) -> Array:
        """The raw values of a sub-block, in logical order; dimensions not named are taken whole.

        An integer removes its dimension, as in numpy; steps must be positive. Only what is needed is
        read. Raises `ReadError`, and `IndexError` for an index that is out of range.
        """
        storage = self._readable()
        if len(index) > len(self.shape):
            raise IndexError(f"{len(index)} indices for {len(self.shape)} dimensions")
        whole = (*index, *([slice(None)] * (len(self.shape) - len(index))))
        wanted = np.full((), self.offset, np.int64)
        for one, size, stride in zip(whole, self.shape, self.strides, strict=True):
            if isinstance(one, slice):
                taken = range(size)[one]
                steps = np.arange(taken.start, taken.stop, taken.step, dtype=np.int64)
                wanted = wanted[..., None] + steps * stride
            else:
                wanted = wanted + range(size)[one] * stride
        return self._signed(gather(storage, self.dtype, wanted.reshape(-1))).reshape(wanted.shape)

    def numpy(self) -> Array:
        """The whole tensor in its logical shape, in a type that numpy computes with.

        bfloat16, float16 and the 8-bit formats are widened exactly to float32, quantized values
        become float32 by scale and zero point. Raises `ReadError`.
        """
        if self.quantization is not None:
            scale, zero_point = self.quantization.parameters(len(self.shape))
            return ((self._logical().astype(np.float64) - zero_point) * scale).astype(np.float32)
        values = self.dtype.decode(self._logical())
        return values if self.sparse is None else self.sparse.dense(values)

    def torch(self) -> "torch.Tensor":
        """The whole tensor as a torch tensor of its own type; quantized values dequantised to
        float32, sparse ones made dense as `numpy` makes them. Raises `ReadError`."""
        import torch

        if self.quantization is not None or self.sparse is not None or self.dtype.kind == "quantized":
            return torch.from_numpy(self.numpy())
        raw = np.ascontiguousarray(self._logical())
        dtype: torch.dtype = getattr(torch, self.dtype.name)
        words = {1: np.uint8, 2: np.int16, 4: np.int32, 8: np.int64}.get(self.dtype.itemsize)
        if words is None:
            return torch.from_numpy(raw)
        flat = torch.from_numpy(raw.reshape(-1).view(words))
        return flat.view(dtype).reshape(self.shape)

    def copy(self) -> "Tensor":
        """The same tensor at another place of the tree."""
        return replace(self, path="")

    def _readable(self) -> Storage:
        reason = self.check()
        if reason is not None or self.storage is None:
            raise ReadError(reason or "the file holds no values for it")
        return self.storage

    def _logical(self) -> Array:
        values = self.read(0, self.numel).reshape(self.read_shape)
        back = sorted(range(len(self.order)), key=self.order.__getitem__)
        return values.transpose(back)

    def _signed(self, values: Array) -> Array:
        if self.conjugate and self.dtype.name == "complex32":
            values["imag"] = -values["imag"]
        elif self.conjugate and self.dtype.kind == "complex":
            np.conjugate(values, out=values)
        if self.negative:
            if self.dtype.kind in ("float", "complex") and self.dtype.raw.kind in "fc":
                np.negative(values, out=values)
            else:
                raise ReadError(f"a lazily negated tensor of type {self.dtype.name} is not read")
        return values
