"""Stored values as matrices that are read a rectangle at a time.

Every layout of packed weights is put together from a few of these: a stored tensor (`Plane`), the codes
unpacked from it (`pthreport.parameters.codes`), and the scales that turn codes into numbers
(`pthreport.parameters.scaled`). Nothing here holds a whole tensor but what is small.
"""

from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pthreport.checkpoint import ReadError, Tensor

Array: TypeAlias = NDArray[Any]
Float32: TypeAlias = NDArray[np.float32]

SCAN = 1 << 18
"""Values that are decoded at a time where all of a tensor is gone through."""

WHOLE_ROWS = 1 << 18
"""Elements up to which whole rows are read where only some columns are wanted."""


class Matrix(Protocol):
    """Values by row and column.

    `block` gives those of a rectangle, shape (stop - start, right - left), whose edges are multiples of
    `row_step` and `column_step`, or the matrix's own. Safe to call from several threads. Raises
    `ReadError` where the values cannot be read.
    """

    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...
    @property
    def row_step(self) -> int: ...
    @property
    def column_step(self) -> int: ...
    def block(self, start: int, stop: int, left: int, right: int) -> Array: ...


def rectangle(matrix: Matrix, start: int, stop: int, left: int, right: int) -> Array:
    """Any rectangle of `matrix`: the next larger one that its steps allow, cut to size."""
    top, bottom = _outwards(start, stop, matrix.row_step, matrix.rows)
    first, last = _outwards(left, right, matrix.column_step, matrix.columns)
    found = matrix.block(top, bottom, first, last)
    return found[start - top : stop - top, left - first : right - first]


def _outwards(start: int, stop: int, step: int, size: int) -> tuple[int, int]:
    return start // step * step, min(-(-stop // step) * step, size)


@dataclass(eq=False, slots=True)
class Plane:
    """The raw values of a stored tensor as `rows` by `columns`, in C order of its logical dims, or, with
    `as_stored`, in its reading order.

    A tensor that is stored in another order than C's and wanted in that has to be of just these sizes.
    """

    tensor: Tensor
    rows: int
    columns: int
    as_stored: bool = False
    row_step: int = field(default=1, init=False)
    column_step: int = field(default=1, init=False)

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Raw values, type `tensor.dtype.raw`."""
        tensor, width = self.tensor, self.columns
        if not self.as_stored and not in_c_order(tensor):
            if tensor.shape != (self.rows, self.columns):
                raise ReadError("it is stored in an order of dimensions that is not read")
            return tensor.slice((slice(start, stop), slice(left, right)))
        if (left, right) == (0, width) or (stop - start) * width <= WHOLE_ROWS:
            whole = tensor.read(start * width, stop * width).reshape(stop - start, width)
            return whole[:, left:right]
        found = np.empty((stop - start, right - left), tensor.dtype.raw)
        for row in range(start, stop):
            found[row - start] = tensor.read(row * width + left, row * width + right)
        return found


def in_c_order(tensor: Tensor) -> bool:
    """Whether reading runs through a tensor in C order of its dims."""
    return tensor.order == tuple(range(len(tensor.shape)))


def plane(tensor: Tensor, columns: int | None = None) -> Plane:
    """`tensor` as a matrix whose rows are its last dim, or of `columns` columns (which divide it)."""
    width = columns if columns is not None else (tensor.shape[-1] if tensor.shape else 1)
    return Plane(tensor, tensor.numel // width if width else 0, width)


@dataclass(eq=False, slots=True)
class Transposed:
    """A matrix turned over."""

    matrix: Matrix

    @property
    def rows(self) -> int:
        """The other's columns."""
        return self.matrix.columns

    @property
    def columns(self) -> int:
        """The other's rows."""
        return self.matrix.rows

    @property
    def row_step(self) -> int:
        """The other's step of columns."""
        return self.matrix.column_step

    @property
    def column_step(self) -> int:
        """The other's step of rows."""
        return self.matrix.row_step

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Values of the turned rectangle."""
        return self.matrix.block(left, right, start, stop).T


@dataclass(eq=False, slots=True)
class Bytes:
    """The bytes of a stored tensor, little-endian, as one row: codes may be kept in any element type."""

    tensor: Tensor
    rows: int = field(default=1, init=False)
    row_step: int = field(default=1, init=False)

    @property
    def columns(self) -> int:
        """Bytes in all."""
        return self.tensor.numel * self.tensor.dtype.itemsize

    @property
    def column_step(self) -> int:
        """Bytes an element."""
        return self.tensor.dtype.itemsize

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Bytes, shape (1, right - left)."""
        size = self.column_step
        raw = self.tensor.read(left // size, right // size)
        return raw.astype(raw.dtype.newbyteorder("<"), copy=False).view(np.uint8).reshape(1, -1)


@dataclass(eq=False, slots=True)
class Floats:
    """A plane's numbers as float32 (float64 where they are stored so)."""

    plane: Plane
    exponents: bool = False
    """Whether bytes are powers of two (e8m0: 2^(byte - 127), 255 is no number)."""
    row_step: int = field(default=1, init=False)
    column_step: int = field(default=1, init=False)

    @property
    def rows(self) -> int:
        """Rows of the plane."""
        return self.plane.rows

    @property
    def columns(self) -> int:
        """Columns of the plane."""
        return self.plane.columns

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Numbers, a fresh array."""
        raw = self.plane.block(start, stop, left, right)
        if self.exponents:
            return powers_of_two(raw)
        values = self.plane.tensor.dtype.decode(raw)
        return values.astype(np.float64 if values.dtype == np.float64 else np.float32)


def powers_of_two(raw: Array) -> Float32:
    """The numbers behind e8m0 bytes (OCP Microscaling Formats 1.0, 5.4.1)."""
    from pthreport.checkpoint.dtypes import float8_values

    return np.take(float8_values("float8_e8m0fnu"), raw)


def floats(tensor: Tensor, columns: int | None = None) -> Floats:
    """The numbers of a stored tensor of scales as a matrix; bytes that hold no floats are e8m0."""
    return Floats(plane(tensor, columns), exponents=tensor.dtype.name == "uint8")


def flat(tensor: Tensor) -> Floats:
    """The numbers of a stored tensor in one row."""
    return floats(tensor, max(1, prod(tensor.shape)))


def column(tensor: Tensor) -> Floats:
    """The numbers of a stored tensor below each other, one a row."""
    return floats(tensor, 1)
