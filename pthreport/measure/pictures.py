"""What is drawn of a tensor: kernels as tiles, matrices averaged down, both quantised to 8 bits."""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from pthreport.document import Picture
from pthreport.measure.blocks import Box
from pthreport.measure.source import Array, Float64, Int64
from pthreport.measure.values import Index, Values

PictureKind = Literal["rgb", "tiles", "matrix"]
KernelLayout = Literal["rgb", "tiles", "lines", "matrix"]

CELLS = 96
"""Rows and columns of a matrix picture at most."""
TILES = 64
"""Units shown at most."""
CANDIDATES = 128
"""Units looked at when those to show are chosen."""
KERNEL = 32
"""A kernel side up to which it is drawn as a tile rather than averaged."""
POSITIONS = 512
"""Kernel positions of a long one-dimensional kernel that are shown one by one."""


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
    data, scale = _quantised(means)
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


def kernel_layout(kind: PictureKind, shape: tuple[int, ...], units: int) -> KernelLayout:
    """How a weight of `shape` (two dims of channels, then the kernel's) is drawn, asked for as `kind`.

    Small 2-D and 3-D kernels are tiles ("rgb" where there are three input channels), kernels that
    are one line of several values are lines, one filter a row; all else is a matrix.
    """
    kernel = shape[2:]
    sides = [size for size in kernel if size > 1]
    if kind == "matrix" or len(shape) < 3 or not sides or units == 0:
        return "matrix"
    if len(sides) == 1:
        return "lines"
    if kernel[-1] == 1 or kernel[-2] == 1 or max(kernel[-2:]) > KERNEL * 4:
        return "matrix"
    three = len(kernel) == 2 and shape[1] == 3
    return "rgb" if kind == "rgb" and three else "tiles"


def kernel_picture(
    layout: KernelLayout,
    shape: tuple[int, ...],
    unit_axis: int,
    groups: int,
    norms: Float64,
    values: Values,
) -> Picture:
    """Tiles or lines of the units best worth seeing, best first.

    Of the 128 units with the largest norms (shape (units,)), those 64 come first whose shown slice
    has the largest norm times smoothness, where smoothness is the mean of 1 and the correlation of
    neighbouring values: structure before noise, strong before weak. The slice shown is that of the
    input channel with the largest norm (and, of 3-D kernels, the depth with the largest norm).
    Reads those units; raises what reading raises.
    """
    order = np.argsort(-norms, kind="stable")[:CANDIDATES]
    tiles: list[Array] = []
    channels: list[int] = []
    for unit in order.tolist():
        tile, channel = _tile(layout, _unit(shape, unit_axis, groups, unit, values))
        tiles.append(tile)
        channels.append(channel)
    interest = np.asarray([_interest(tile) for tile in tiles])
    best = np.argsort(-interest, kind="stable")[:TILES].tolist()
    shown = np.stack([tiles[at] for at in best])
    units = tuple(int(order[at]) for at in best)
    seen = () if layout == "rgb" else tuple(channels[at] for at in best)
    if layout in ("rgb", "tiles"):
        data, scale = _quantised(shown)
        return Picture(
            layout="rgb" if layout == "rgb" else "tiles",
            height=shown.shape[1],
            width=shown.shape[2],
            scale=scale,
            data=data,
            units=units,
            channels=seen,
            total=norms.size,
        )
    lines = shown.reshape(len(best), -1)
    length = lines.shape[1]
    width = min(length, POSITIONS)
    bounds = np.arange(width + 1) * length // width
    data, scale = _quantised(np.add.reduceat(lines, bounds[:-1], axis=1) / np.diff(bounds))
    return Picture(
        layout="matrix",
        height=len(best),
        width=width,
        scale=scale,
        data=data,
        units=units,
        channels=seen,
        total=norms.size,
        averaged=(1.0, length / width),
        rows="filters, strongest input channel",
        columns="kernel position",
    )


def unit_index(shape: Sequence[int], unit_axis: int, groups: int, unit: int) -> Index:
    """The index of the values of one unit: unit `unit` of dim 0, or of dim 1 group by group."""
    index: list[int | slice] = [slice(0, size) for size in shape]
    if unit_axis == 1 and groups > 1:
        group, channel = divmod(unit, shape[1])
        step = shape[0] // groups
        index[0] = slice(group * step, (group + 1) * step)
        index[1] = channel
    else:
        index[unit_axis] = unit
    return tuple(index)


def _unit(shape: tuple[int, ...], unit_axis: int, groups: int, unit: int, values: Values) -> Float64:
    numbers = values.numbers(unit_index(shape, unit_axis, groups, unit)).astype(np.float64)
    return np.asarray(np.where(np.isfinite(numbers), numbers, 0.0))


def _tile(layout: KernelLayout, unit: Float64) -> tuple[Array, int]:
    # `unit` is (channels, kernel...); one slice of it, and its channel.
    if layout == "rgb":
        return unit.transpose(1, 2, 0), 0
    largest = float(np.abs(unit).max(initial=0.0))
    scaled = unit / largest if largest > 0 else unit
    power = (scaled * scaled).reshape(unit.shape[0], -1).sum(axis=1)
    channel = int(np.argmax(power))
    kernel, scaled = unit[channel], scaled[channel]
    if layout == "lines":
        return kernel.reshape(-1), channel
    while kernel.ndim > 2:
        depth = int(np.argmax((scaled * scaled).reshape(kernel.shape[0], -1).sum(axis=1)))
        kernel, scaled = kernel[depth], scaled[depth]
    return kernel, channel


def _interest(tile: Array) -> float:
    largest = float(np.abs(tile).max(initial=0.0))
    if largest == 0:
        return 0.0
    centred = tile / largest
    power = float((centred * centred).sum())
    centred = centred - centred.mean()
    spread = float((centred * centred).mean())
    if spread < 1e-12:
        return largest * sqrt(power)
    steps = [centred[1:] * centred[:-1]]
    if tile.ndim > 1:
        steps.append(centred[:, 1:] * centred[:, :-1])
    near = float(np.mean([step.mean() for step in steps if step.size])) / spread
    return largest * sqrt(power) * (1 + min(1.0, max(-1.0, near))) / 2


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


def _quantised(values: Array) -> tuple[str, float]:
    # int8 of values / absmax * 127, packed; and the absmax.
    scale = float(np.abs(values).max(initial=0.0))
    share = values / scale if scale > 0 else np.zeros(values.shape)
    packed = zlib.compress(np.rint(share * 127).astype(np.int8).tobytes(), 9)
    return base64.b64encode(packed).decode("ascii"), scale
