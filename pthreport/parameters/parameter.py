"""A logical parameter: what several stored tensors stand for."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Literal

import numpy as np

from pthreport.checkpoint import DTYPES, DType, ReadError, Tensor
from pthreport.checkpoint.geometry import contiguous_strides
from pthreport.parameters.matrix import SCAN, Array, Matrix, rectangle

MemberRole = Literal[
    "codes",
    "scales",
    "zero points",
    "scales of scales",
    "code book",
    "group index",
    "settings",
    "activation scale",
    "values",
    "mask",
    "magnitude",
    "direction",
    "singular vectors",
    "base",
    "bias",
]
"""What a stored tensor is to the parameter that it belongs to."""

Kind = Literal["packed", "sparse", "masked", "reparametrised", "wrapped"]
"""What a scheme does to values: stores fewer bits, only some of them, some as zero, a product, or
whatever another class says."""


@dataclass(frozen=True, slots=True)
class Member:
    """A stored tensor that belongs to a parameter, by its path."""

    path: str
    role: MemberRole


@dataclass(eq=False, slots=True)
class Parameter:
    """A parameter as its model has it, read through the scheme that it is stored in.

    `scheme` is the scheme's id, `label` what a person calls the stored form ("NF4", "GPTQ, 4-bit"), `bits`
    those of a code, `group` the values along the inputs that share a scale. `order` lists the dims as
    `read` runs through them, slowest first. `decoder` gives the values as a matrix in that order; where it
    is None, `undecoded` says why shape and size are known and the values are not. `notes` say what was
    inferred. `anchor` is the path of the member that stands for the group, `ending` what follows its
    stem, `leaf` what follows it in the model's own names. `path` is unique among tensors and parameters.

    It can be measured like a `pthreport.checkpoint.Tensor`: `read` and `slice` give numbers of type `dtype`.
    """

    scheme: str
    label: str
    kind: Kind
    shape: tuple[int, ...]
    bits: float
    members: tuple[Member, ...]
    anchor: str
    ending: str
    leaf: str
    tensors: Mapping[str, Tensor]
    order: tuple[int, ...]
    decoder: Matrix | None = None
    undecoded: str | None = None
    group: int | None = None
    wide: bool = False
    notes: tuple[str, ...] = ()
    path: str = ""
    conjugate: bool = field(default=False, init=False)
    negative: bool = field(default=False, init=False)
    offset: int = field(default=0, init=False)
    quantization: None = field(default=None, init=False)

    @property
    def decoded(self) -> bool:
        """Whether the values can be read, as far as the scheme goes."""
        return self.decoder is not None

    @property
    def dtype(self) -> DType:
        """The type in which `read` gives the values: float32, or float64 where they are stored so."""
        return DTYPES["float64" if self.wide else "float32"]

    @property
    def numel(self) -> int:
        """Number of logical values."""
        return prod(self.shape)

    @property
    def stored_bytes(self) -> int:
        """Bytes of all members that hold any, each counted once."""
        members = (self.tensors[member.path] for member in self.members)
        return sum(tensor.nbytes for tensor in members if tensor.storage is not None)

    @property
    def nbytes(self) -> int:
        """Bytes of the values as `read` gives them."""
        return self.numel * self.dtype.itemsize

    @property
    def effective_bits(self) -> float | None:
        """Bits a value with all bookkeeping; None of no values."""
        return 8 * self.stored_bytes / self.numel if self.numel else None

    @property
    def read_shape(self) -> tuple[int, ...]:
        """The sizes in reading order."""
        return tuple(self.shape[dim] for dim in self.order)

    @property
    def strides(self) -> tuple[int, ...]:
        """Those of a dense tensor stored in reading order."""
        steps = dict(zip(self.order, contiguous_strides(self.read_shape), strict=True))
        return tuple(steps[dim] for dim in range(len(self.shape)))

    @property
    def storage_key(self) -> Hashable:
        """Equal for no two parameters."""
        return id(self)

    @property
    def problem(self) -> str | None:
        """Why the values cannot be read: not decoded, or what is wrong with a member; None where nothing
        speaks against it."""
        if self.decoder is None:
            return self.undecoded
        for member in self.members:
            reason = self.tensors[member.path].check()
            if reason is not None:
                return f"its {member.role} cannot be read: {reason}"
        return None

    def name_in(self, name: str) -> str:
        """The parameter's name in a model whose name for its anchor is `name`."""
        stem = f".{name}".removesuffix(self.ending)
        return f"{stem}{self.leaf}".replace(".parametrizations.", ".").removeprefix(".")

    def read(self, start: int, stop: int) -> Array:
        """The values from `start` to `stop` in reading order; shape (stop - start,), type `dtype.raw`.

        Raises `ReadError` where they cannot be read, `IndexError` where there are none.
        """
        matrix = self._readable()
        if not 0 <= start <= stop <= self.numel:
            raise IndexError(f"values {start} to {stop} of {self.numel}")
        if start == stop:
            return np.empty(0, self.dtype.raw)
        width = matrix.columns
        top, bottom = start // width, -(-stop // width)
        if width <= SCAN and bottom - top > 1:
            found = rectangle(matrix, top, bottom, 0, width).reshape(-1)
            return np.ascontiguousarray(found[start - top * width : stop - top * width], self.dtype.raw)
        values = np.empty(stop - start, self.dtype.raw)
        for row in range(top, bottom):
            low, high = max(start, row * width), min(stop, (row + 1) * width)
            part = rectangle(matrix, row, row + 1, low - row * width, high - row * width)
            values[low - start : high - start] = part[0]
        return values

    def slice(self, index: tuple[int | slice, ...]) -> Array:
        """The values of a sub-block, in logical order; dims not named are taken whole.

        An integer removes its dim; steps must be positive. Raises `ReadError`, `IndexError`.
        """
        matrix = self._readable()
        if len(index) > len(self.shape):
            raise IndexError(f"{len(index)} indices for {len(self.shape)} dimensions")
        whole = (*index, *([slice(None)] * (len(self.shape) - len(index))))
        wanted = np.zeros((), np.int64)
        for one, size, stride in zip(whole, self.shape, self.strides, strict=True):
            if isinstance(one, slice):
                taken = range(size)[one]
                wanted = wanted[..., None] + np.arange(taken.start, taken.stop, taken.step) * stride
            else:
                wanted = wanted + range(size)[one] * stride
        return self._at(matrix, wanted.reshape(-1)).reshape(wanted.shape)

    def numpy(self) -> Array:
        """All values in the logical shape. Raises `ReadError`."""
        values = self.read(0, self.numel).reshape(self.read_shape)
        return values.transpose(sorted(range(len(self.order)), key=self.order.__getitem__))

    def _at(self, matrix: Matrix, wanted: Array) -> Array:
        """The values at positions in reading order, shape (n,)."""
        found = np.empty(wanted.size, self.dtype.raw)
        if not wanted.size:
            return found
        rows, columns = np.divmod(wanted, matrix.columns)
        top, left = int(rows.min()), int(columns.min())
        bottom, right = int(rows.max()) + 1, int(columns.max()) + 1
        if (bottom - top) * (right - left) <= 4 * wanted.size + matrix.row_step * matrix.column_step:
            found[:] = rectangle(matrix, top, bottom, left, right)[rows - top, columns - left]
            return found
        blocks = wanted // SCAN
        for block in np.unique(blocks):
            here = np.flatnonzero(blocks == block)
            low, high = int(wanted[here].min()), int(wanted[here].max()) + 1
            found[here] = self.read(low, high)[wanted[here] - low]
        return found

    def _readable(self) -> Matrix:
        if self.problem is not None or self.decoder is None:
            raise ReadError(self.problem or "its values are not decoded")
        return self.decoder
