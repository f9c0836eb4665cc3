"""Pictures of convolution kernels: which layout they get, which units and which slices are shown."""

from typing import Literal

import numpy as np

from pthreport.document import Picture
from pthreport.measure.pictures import quantised
from pthreport.measure.source import Array, Float64
from pthreport.measure.values import Values

PictureKind = Literal["rgb", "tiles", "matrix"]
KernelLayout = Literal["rgb", "tiles", "lines", "matrix"]

TILES = 64
"""Units shown at most."""
CANDIDATES = 128
"""Units looked at when those to show are chosen."""
CANDIDATE_VALUES = 4 * 1024 * 1024
"""Values looked at for it, unless the units shown alone have more."""
TILE_SIDE = 128
"""A kernel side up to which it is drawn as a tile rather than averaged down."""
POSITIONS = 512
"""Positions of a long one-dimensional kernel that are shown one by one."""


def kernel_layout(kind: PictureKind, shape: tuple[int, ...], units: int) -> KernelLayout:
    """How a weight of `shape` (two dims of channels, then the kernel's) is drawn, asked for as `kind`.

    2-D and 3-D kernels are tiles ("rgb" where there are three input channels), kernels that are one
    line of several values are lines, one filter a row; all else is a matrix.
    """
    kernel = shape[2:]
    sides = [size for size in kernel if size > 1]
    if kind == "matrix" or len(shape) < 3 or not sides or units == 0:
        return "matrix"
    if len(sides) == 1:
        return "lines"
    if max(kernel[-2:]) > TILE_SIDE:
        return "matrix"
    return "rgb" if kind == "rgb" and len(kernel) == 2 and shape[1] == 3 else "tiles"


def kernel_picture(
    layout: KernelLayout,
    shape: tuple[int, ...],
    unit_axis: int,
    groups: int,
    norms: Float64,
    values: Values,
) -> Picture:
    """Tiles or lines of the units best worth seeing, best first.

    Of the 128 units with the largest norms (shape (units,); fewer where they are long), those 64
    come first whose shown slice has the largest norm times smoothness, where smoothness is the mean
    of 1 and the correlation of neighbouring values: structure before noise, strong before weak. The
    slice shown is that of the input channel with the largest norm (and, of 3-D kernels, the depth
    with the largest norm). Values that are not finite are shown as zero. Reads those units; raises
    what reading raises.
    """
    places = int(np.prod(shape, dtype=object)) // norms.size
    looked_at = max(TILES, min(CANDIDATES, CANDIDATE_VALUES // max(1, places)))
    order = np.argsort(-norms, kind="stable")[:looked_at]
    pairs = [_tile(layout, values.unit(unit_axis, groups, unit)) for unit in order.tolist()]
    tiles = np.stack([tile for tile, _ in pairs]).astype(np.float64)
    best = np.argsort(-_interest(tiles), kind="stable")[:TILES]
    shown = tiles[best]
    units = tuple(order[best].tolist())
    channels = () if layout == "rgb" else tuple(pairs[at][1] for at in best.tolist())
    if layout == "lines":
        return _lines(shown, units, channels, norms.size)
    data, scale = quantised(shown)
    return Picture(
        layout="rgb" if layout == "rgb" else "tiles",
        height=shown.shape[1],
        width=shown.shape[2],
        scale=scale,
        data=data,
        units=units,
        channels=channels,
        total=norms.size,
    )


def _lines(shown: Float64, units: tuple[int, ...], channels: tuple[int, ...], total: int) -> Picture:
    length = shown.shape[1]
    width = min(length, POSITIONS)
    bounds = np.arange(width + 1) * length // width
    data, scale = quantised(np.add.reduceat(shown, bounds[:-1], axis=1) / np.diff(bounds))
    return Picture(
        layout="matrix",
        height=len(shown),
        width=width,
        scale=scale,
        data=data,
        units=units,
        channels=channels,
        total=total,
        averaged=(1.0, length / width),
        rows="filters, strongest input channel",
        columns="kernel position",
    )


def _tile(layout: KernelLayout, unit: Array) -> tuple[Array, int]:
    # `unit` is (channels, kernel...); one slice of it, and its channel.
    if layout == "rgb":
        return unit.transpose(1, 2, 0), 0
    channel = _strongest(unit)
    kernel = unit[channel]
    if layout == "lines":
        return kernel.reshape(-1), channel
    while kernel.ndim > 2:
        kernel = kernel[_strongest(kernel)]
    return kernel, channel


def _strongest(parts: Array) -> int:
    # Which entry of the first dim has the largest norm; by parts of the largest value, lest squares
    # leave the type's range.
    flat = parts.reshape(parts.shape[0], -1)
    largest = max(float(flat.max(initial=0)), -float(flat.min(initial=0)))
    if largest == 0:
        return 0
    scaled = flat / flat.dtype.type(largest) if flat.dtype.kind == "f" else flat / largest
    return int(np.argmax(np.einsum("ij,ij->i", scaled, scaled)))


def _interest(tiles: Float64) -> Float64:
    # Norm times smoothness of each tile: (n, length), (n, height, width) or (n, height, width, 3).
    flat = tiles.reshape(len(tiles), -1)
    largest = np.abs(flat).max(axis=1, initial=0.0)
    shape = (-1,) + (1,) * (tiles.ndim - 1)
    scaled = tiles / np.where(largest > 0, largest, 1.0).reshape(shape)
    power = np.square(scaled).reshape(len(tiles), -1).sum(axis=1)
    centred = scaled - scaled.reshape(len(tiles), -1).mean(axis=1).reshape(shape)
    spread = np.square(centred).reshape(len(tiles), -1).mean(axis=1)
    steps = [centred[:, 1:] * centred[:, :-1]]
    if tiles.ndim > 2:
        steps.append(centred[:, :, 1:] * centred[:, :, :-1])
    means = [step.reshape(len(tiles), -1).mean(axis=1) for step in steps if step.size]
    flat_enough = spread < 1e-12
    near = sum(means, np.zeros(len(tiles))) / max(1, len(means)) / np.where(flat_enough, 1.0, spread)
    smooth = np.where(flat_enough, 1.0, (1 + np.clip(near, -1, 1)) / 2)
    return np.asarray(largest * np.sqrt(power) * smooth)
