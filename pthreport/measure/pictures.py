"""Pictures of matrices, averaged down while they stream, and how any picture is packed."""

import base64
import zlib
from dataclasses import dataclass

import numpy as np

from pthreport.document import Picture
from pthreport.measure.blocks import Box
from pthreport.measure.source import Array, Float64, Int64

CELLS = 96
"""Rows and columns of a matrix picture at most."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of a matrix (units x places) over the cells of a grid; `sums` has the grid's shape.

    Cell i of c over n rows covers rows floor(i n / c) to floor((i + 1) n / c): all cells have their
    own count where c does not divide n, and each cell is the mean of exactly its values.
    """

    row_bounds: Int64
    column_bounds: Int64
    sums: Float64

    def add(self, box: Box, wide: Float64) -> None:
        """Add the finite values of a box, `wide` (units, places) in float64."""
        if wide.flags.c_contiguous:
            _add(self.sums, self.row_bounds, self.column_bounds, wide, box.first_unit, box.first_place)
        else:
            _add(self.sums.T, self.column_bounds, self.row_bounds, wide.T, box.first_place, box.first_unit)


def cells(units: int, places: int) -> Cells:
    """An empty grid for a matrix of (units, places), at most 96 x 96."""
    rows, columns = min(units, CELLS), min(places, CELLS)
    return Cells(
        np.arange(rows + 1) * units // rows,
        np.arange(columns + 1) * places // columns,
        np.zeros((rows, columns)),
    )


def matrix_picture(units: int, places: int, sums: Float64, rows: str, columns: str) -> Picture:
    """The picture of a matrix (units x places) whose cells were summed; values that are not finite
    count as zero in a cell's mean. `rows` and `columns` say what runs down and across."""
    grid = cells(units, places)
    means = sums / np.diff(grid.row_bounds)[:, None] / np.diff(grid.column_bounds)
    height, width = means.shape
    data, scale = quantised(means)
    return Picture(
        layout="matrix",
        height=height,
        width=width,
        scale=scale,
        data=data,
        averaged=(units / height, places / width),
        total=units,
        rows=rows,
        columns=columns,
    )


def _add(
    sums: Float64, row_bounds: Int64, column_bounds: Int64, block: Float64, row: int, column: int
) -> None:
    rows = _span(row_bounds, row, block.shape[0])
    columns = _span(column_bounds, column, block.shape[1])
    starts = np.maximum(row_bounds[rows] - row, 0)
    if starts.size * 2 <= block.shape[0]:
        ends = np.append(starts[1:], block.shape[0])
        block = np.stack([np.add.reduce(block[a:b], axis=0) for a, b in zip(starts, ends, strict=True)])
        starts = np.arange(rows.stop - rows.start)
    narrow = np.add.reduceat(block, np.maximum(column_bounds[columns] - column, 0), axis=1)
    if starts.size != narrow.shape[0]:
        narrow = np.add.reduceat(narrow, starts, axis=0)
    sums[rows, columns] += narrow


def _span(bounds: Int64, first: int, count: int) -> slice:
    # The cells that positions first .. first + count - 1 touch.
    begin = int(np.searchsorted(bounds, first, side="right")) - 1
    end = int(np.searchsorted(bounds, first + count, side="left"))
    return slice(begin, end)


def quantised(values: Array) -> tuple[str, float]:
    """`values` / absmax * 127 as int8, C order, zlib, base64; and the absmax."""
    scale = float(np.abs(values).max(initial=0.0))
    share = values / scale if scale > 0 else np.zeros(values.shape)
    packed = zlib.compress(np.rint(share * 127).astype(np.int8).tobytes(), 9)
    return base64.b64encode(packed).decode("ascii"), scale
