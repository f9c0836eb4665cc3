"""Codes turned into numbers by scales and zero points that each serve a block of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from pthreport.checkpoint import ReadError
from pthreport.parameters.matrix import Array, Matrix, Plane, rectangle

Operation = Literal["multiply", "divide", "subtract", "add"]
_OPERATIONS = {"multiply": np.multiply, "divide": np.divide, "subtract": np.subtract, "add": np.add}


@dataclass(frozen=True, slots=True)
class Blocks:
    """Which row (column) of a grid serves each row (column) of codes: every `size` of them one."""

    size: int = 1

    def places(self, start: int, stop: int) -> Array:
        """Those that serve `start` to `stop`."""
        places: Array = np.arange(start, stop) // self.size
        return places


@dataclass(frozen=True, slots=True)
class Nested:
    """The same for rows that run through several dims of `sizes`, of which each has blocks of its own;
    `blocks` are their sizes."""

    sizes: tuple[int, ...]
    blocks: tuple[int, ...]

    def places(self, start: int, stop: int) -> Array:
        """Those that serve `start` to `stop`."""
        rest = np.arange(start, stop)
        found = np.zeros(stop - start, np.int64)
        factor = 1
        for size, block in zip(reversed(self.sizes), reversed(self.blocks), strict=True):
            rest, index = np.divmod(rest, size)
            found += index // block * factor
            factor *= -(-size // block)
        return found


@dataclass(eq=False, slots=True)
class Index:
    """The same as a stored tensor names it (act-order): `groups` there are."""

    plane: Plane
    groups: int

    def places(self, start: int, stop: int) -> Array:
        """Those that serve `start` to `stop`. Raises `ReadError` where the tensor names one there is not."""
        found: Array = self.plane.block(0, 1, start, stop)[0].astype(np.int64)
        if found.min() < 0 or found.max() >= self.groups:
            wrong = int(found.min() if found.min() < 0 else found.max())
            raise ReadError(f"its index names group {wrong:,} of {self.groups:,}")
        return found


Places: TypeAlias = Blocks | Nested | Index


@dataclass(eq=False, slots=True)
class Grid:
    """Factors (or terms) that each serve a block of codes; by default one for each code."""

    values: Matrix
    by_row: Places = Blocks()
    by_column: Places = Blocks()

    def apply(self, operation: Operation, numbers: Array, start: int, left: int) -> None:
        """`numbers` = `numbers` operation factor, in place; they begin at row `start`, column `left`."""
        rows, columns = numbers.shape
        if rows == 0 or columns == 0:
            return
        down, top, bottom = _served(self.by_row, start, rows)
        across, first, last = _served(self.by_column, left, columns)
        factors = rectangle(self.values, top, bottom, first, last)
        factors = factors.astype(numbers.dtype, copy=False)
        if len(factors) > 1 and self.by_row != Blocks():
            factors = np.take(factors, down() - top, axis=0)
        call = _OPERATIONS[operation]
        block = self.by_column.size if isinstance(self.by_column, Blocks) else 0
        if factors.shape[1] == 1 or block == 1:
            call(numbers, factors, out=numbers, casting="unsafe")
        elif block and left % block == 0 and columns % block == 0:
            blocks = numbers.reshape(rows, columns // block, block)
            call(blocks, factors[:, :, None], out=blocks, casting="unsafe")
        else:
            call(numbers, np.take(factors, across() - first, axis=1), out=numbers, casting="unsafe")


def _served(by: Places, start: int, count: int) -> tuple[Callable[[], Array], int, int]:
    """What serves each of `count` rows (columns), and the first and one behind the last of them. Where blocks
    do, nothing needs to be counted out for that."""
    if isinstance(by, Blocks):
        return lambda: by.places(start, start + count), start // by.size, (start + count - 1) // by.size + 1
    found = by.places(start, start + count)
    return lambda: found, int(found.min()), int(found.max()) + 1


@dataclass(eq=False, slots=True)
class Scaled:
    """Numbers made of `codes` by one operation after the other, each in float32 (float64 with `wide`)."""

    codes: Matrix
    steps: Sequence[tuple[Operation, Grid | float]]
    wide: bool = False

    @property
    def rows(self) -> int:
        """Rows of the codes."""
        return self.codes.rows

    @property
    def columns(self) -> int:
        """Columns of the codes."""
        return self.codes.columns

    @property
    def row_step(self) -> int:
        """That of the codes."""
        return self.codes.row_step

    @property
    def column_step(self) -> int:
        """That of the codes."""
        return self.codes.column_step

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Numbers, a fresh array."""
        kind = np.float64 if self.wide else np.float32
        codes = self.codes.block(start, stop, left, right)
        numbers = np.ascontiguousarray(codes, kind)  # floats that are no copy are a fresh array already
        with np.errstate(all="ignore"):  # a scale may be infinite, or no number
            for operation, by in self.steps:
                if isinstance(by, Grid):
                    by.apply(operation, numbers, start, left)
                else:
                    _OPERATIONS[operation](numbers, kind(by), out=numbers)
        return numbers


@dataclass(eq=False, slots=True)
class Incremented:
    """Codes of a matrix, each more by one, modulo the power of two above `mask`."""

    codes: Matrix
    mask: int

    @property
    def rows(self) -> int:
        """Rows of the codes."""
        return self.codes.rows

    @property
    def columns(self) -> int:
        """Columns of the codes."""
        return self.codes.columns

    @property
    def row_step(self) -> int:
        """That of the codes."""
        return self.codes.row_step

    @property
    def column_step(self) -> int:
        """That of the codes."""
        return self.codes.column_step

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Codes, uint8."""
        more = self.codes.block(start, stop, left, right) + np.uint8(1)
        return np.bitwise_and(more, np.uint8(self.mask))
