"""Which matrix a layer's tensor is, and its values panel by panel."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Literal

import numpy as np

from pthreport.measure.source import Array, Source
from pthreport.measure.values import Decoder

PANEL = 4 * 1024 * 1024
"""Elements of one panel, about: 32 MiB in float64."""


@dataclass(frozen=True, slots=True)
class Section:
    """A named part of a matrix with two dims: rows and columns [first, last), in that tensor's units
    and inputs. `detail` is "scalars" where the part's points are not worth keeping (one of many heads)."""

    name: str
    rows: tuple[int, int]
    columns: tuple[int, int]
    detail: Literal["points", "scalars"] = "points"


@dataclass(frozen=True, slots=True)
class SpectrumTask:
    """A tensor whose singular values are wanted.

    Its matrix has a row for every unit: dim `unit_axis` (None counts as 0), for a grouped transposed
    convolution dim 1 group by group; the columns are all the rest. With `row_dims` > 1 the rows are the
    first so many dims together. `kind` is a word of `pthreport.anatomy.kinds`. `sections` are parts with a
    spectrum of their own, for tensors of two dims, or whose rows are all dims but the last. `brief` asks for
    a rough estimate where that is cheaper than to compute all values.
    """

    tensor: Source
    kind: str = "linear"
    unit_axis: int | None = 0
    groups: int = 1
    sections: tuple[Section, ...] = ()
    row_dims: int = 1
    brief: bool = False

    @property
    def pooled(self) -> bool:
        """Whether the kernel slices are to be pooled: a convolution's weight."""
        return len(self.tensor.shape) >= 3 and self.kind.startswith("conv")


class Matrix:
    """A task's matrix, or a section of it, as a stream of panels of its shorter side.

    In the order of the storage the values are a block (before, units, after), C order; the matrix is
    units x (before after). Its columns come in any order, which leaves singular values as they are.
    """

    def __init__(self, task: SpectrumTask, section: Section | None = None) -> None:
        tensor = task.tensor
        self.tensor = tensor
        self.brief = task.brief
        self._decoder = Decoder(tensor)
        self._axis = axis = task.unit_axis or 0
        shape = tensor.read_shape
        place = tensor.order.index(axis)
        self._before, self._units, self._after = (
            prod(shape[:place]),
            shape[place],
            prod(shape[place + 1 :]),
        )
        self._row_dims = task.row_dims
        # Rows of several dims that the storage does not hold one after another are put together in memory.
        self._gathered = task.row_dims > 1 and tuple(tensor.order) != tuple(range(len(shape)))
        if task.row_dims > 1:
            self._before = 1
            self._units, self._after = (
                prod(tensor.shape[: task.row_dims]),
                prod(tensor.shape[task.row_dims :]),
            )
        grouped = axis == 1 and task.groups > 1 and tensor.shape[0] % task.groups == 0
        self._groups = task.groups if grouped else 1
        units, rest = self._units * self._groups, self._before * self._after // self._groups
        if section is not None and len(tensor.shape) - task.row_dims != 1:
            raise ValueError("sections are of tensors whose columns are one dim")
        self._rows = (0, units) if section is None else section.rows
        self._columns = (0, rest) if section is None else section.columns
        self.shape = (self._rows[1] - self._rows[0], self._columns[1] - self._columns[0])

    @property
    def short(self) -> int:
        """The shorter side: how many singular values there are."""
        return min(self.shape)

    @property
    def long(self) -> int:
        """The longer side."""
        return max(self.shape)

    @cached_property
    def wide_type(self) -> np.dtype[Any]:
        """float64, or complex128 for complex tensors."""
        return np.dtype(np.complex128 if self.tensor.dtype.kind == "complex" else np.float64)

    @property
    def double(self) -> bool:
        """Whether the stored values have the precision of float64, which a Gram matrix halves."""
        return self.tensor.dtype.name in ("float64", "complex128")

    @property
    def step(self) -> float | None:
        """The largest scale of a quantized tensor, None for others."""
        scheme = self.tensor.quantization
        if scheme is None:
            return None
        scale, _ = scheme.parameters(len(self.tensor.shape))
        return float(np.abs(scale).max())

    def panels(self, dtype: Any = None, size: int = PANEL) -> Iterator[Array]:
        """The matrix as arrays (short, n), side by side along the longer side, in a fixed order.

        Of about `size` elements and type `dtype` (by default `wide_type`). Raises `ReadError`.
        """
        dtype = np.dtype(dtype or self.wide_type)
        # Of a square matrix whole rows are read rather than runs of each.
        tall = self.shape[0] >= self.shape[1]
        scattered = self._groups > 1 or self._gathered or (tall and min(self._before, self._after) > 1)
        if self.tensor.numel <= size or scattered:
            part = self.whole()[slice(*self._rows), slice(*self._columns)]
            # Turned over only in its strides: what multiplies it takes either order.
            rows = np.ascontiguousarray(part, dtype)
            yield rows.T if tall else rows
        elif self._before == 1:
            # Rows of the storage are units: runs of each along the columns, or slabs of many.
            if tall:
                for panel in self._slabs(self._rows, self._columns, self._after, size, dtype):
                    yield panel.T
            else:
                yield from self._runs(self._rows, self._columns, self._after, size, dtype)
        elif self._after == 1:
            # Rows of the storage are columns of the matrix.
            if tall:
                yield from self._runs(self._columns, self._rows, self._units, size, dtype)
            else:
                for panel in self._slabs(self._columns, self._rows, self._units, size, dtype):
                    yield panel.T
        else:
            each = self._units * self._after
            step = max(1, size // each)
            for start in range(0, self._before, step):
                stop = min(start + step, self._before)
                values = self._decoded(start * each, stop * each).reshape(stop - start, self._units, -1)
                yield values.transpose(1, 0, 2).astype(dtype).reshape(self._units, -1)

    def whole(self) -> Array:
        """All of the tensor's matrix, units x rest, the rest in the order of the tensor's dims."""
        tensor = self.tensor
        back = sorted(range(len(tensor.order)), key=tensor.order.__getitem__)
        values = self._decoded(0, tensor.numel).reshape(tensor.read_shape).transpose(back)
        return self._by_unit(values)

    def slices(self) -> tuple[tuple[int, int], int, Iterator[Array]]:
        """Shape, number and values of a convolution's kernel slices W[:, :, i, j], in `wide_type`.

        Slices have the tensor's first two dims, as stored (a transpose has the same singular values).
        """
        tensor = self.tensor
        shape = (tensor.shape[0], tensor.shape[1])
        count = prod(tensor.shape[2:])

        def values() -> Iterator[Array]:
            back = sorted(range(len(tensor.order)), key=tensor.order.__getitem__)
            raw = tensor.read(0, tensor.numel)
            each = self._decode(raw, 0).reshape(tensor.read_shape).transpose(back).reshape(*shape, count)
            for place in range(count):
                yield each[:, :, place].astype(self.wide_type)

        return shape, count, values()

    def _by_unit(self, values: Array) -> Array:
        # The tensor's values in its own dims, as units x rest.
        if self._row_dims > 1:
            return values.reshape(self._units, self._after)
        if self._groups == 1:
            return np.moveaxis(values, self._axis, 0).reshape(self._units, -1)
        groups = self._groups
        split = values.reshape(groups, values.shape[0] // groups, *values.shape[1:])
        return np.moveaxis(split, 2, 1).reshape(self._units * groups, -1)

    def _runs(
        self, rows: tuple[int, int], columns: tuple[int, int], width: int, size: int, dtype: Any
    ) -> Iterator[Array]:
        # Panels (rows, n) of a C-order matrix of `width` columns: a run of every row.
        height = rows[1] - rows[0]
        step = max(1, size // max(1, height))
        for start in range(*columns, step):
            stop = min(start + step, columns[1])
            panel = np.empty((height, stop - start), dtype)
            for row in range(height):
                at = (rows[0] + row) * width
                panel[row] = self._decoded(at + start, at + stop)
            yield panel

    def _slabs(
        self, rows: tuple[int, int], columns: tuple[int, int], width: int, size: int, dtype: Any
    ) -> Iterator[Array]:
        # Panels (n, columns) of a C-order matrix of `width` columns: whole rows.
        step = max(1, size // max(1, width))
        for start in range(*rows, step):
            stop = min(start + step, rows[1])
            values = self._decoded(start * width, stop * width).reshape(stop - start, width)
            yield values[:, slice(*columns)].astype(dtype)

    def _decoded(self, start: int, stop: int) -> Array:
        return self._decode(self.tensor.read(start, stop), start)

    def _decode(self, raw: Array, start: int) -> Array:
        if self.tensor.dtype.kind == "complex":
            return self.tensor.dtype.decode(raw)
        return self._decoder.run(raw, start)
