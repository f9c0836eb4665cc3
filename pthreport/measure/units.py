"""A layer's outputs one by one: their norms, and which of them are dead.

A unit is dim 0 of a weight, or dim 1 times the groups of a transposed convolution. It may be spread
over blocks, and in a column-major tensor all units run through every block.
"""

from dataclasses import dataclass

import numpy as np

from pthreport.document import Units
from pthreport.document.definitions import DEAD_UNIT, LARGE_UNIT
from pthreport.measure.blocks import Box
from pthreport.measure.duplicates import Duplicates, Projection
from pthreport.measure.source import Array, Float64

NORMS_KEPT = 256
DEAD_KEPT = 64


@dataclass(frozen=True, slots=True)
class UnitSums:
    """Sums over the finite values of the units from `first` on, in reading order; shape (n,) each:
    `sums`, `squares`, least value `low`, largest value `high`. `projected` is the (n, k) random
    projection in which duplicates are looked for, None where they are not."""

    first: int
    sums: Float64
    squares: Float64
    low: Float64
    high: Float64
    projected: Array | None = None

    def merge(self, other: "UnitSums") -> "UnitSums":
        """Both together: units of both are added up, others stand side by side (gaps never occur:
        pieces follow one another)."""
        first = min(self.first, other.first)
        last = max(self.first + self.sums.size, other.first + other.sums.size)
        merged = unit_sums(first, last - first, None)
        if self.projected is not None:
            merged = UnitSums(
                merged.first,
                merged.sums,
                merged.squares,
                merged.low,
                merged.high,
                np.zeros((last - first, self.projected.shape[1]), np.float32),
            )
        for part in (self, other):
            where = slice(part.first - first, part.first - first + part.sums.size)
            merged.sums[where] += part.sums
            merged.squares[where] += part.squares
            np.minimum(merged.low[where], part.low, out=merged.low[where])
            np.maximum(merged.high[where], part.high, out=merged.high[where])
            if merged.projected is not None and part.projected is not None:
                merged.projected[where] += part.projected
        return merged

    def add(
        self,
        box: Box,
        matrix: Array,
        wide: Float64,
        spare: Float64,
        low: Array,
        high: Array,
        projection: Projection | None,
    ) -> None:
        """Add the values of `box`: `matrix` (units, places) in any type and `wide` the same in
        float64, with zeros for what is not finite, and each unit's least and largest finite value.
        `spare` (as many values) is overwritten."""
        where = slice(box.first_unit - self.first, box.first_unit - self.first + matrix.shape[0])
        self.sums[where] += np.add.reduce(wide, axis=1)
        self.squares[where] += _squares(wide, spare)
        np.minimum(self.low[where], low, out=self.low[where])
        np.maximum(self.high[where], high, out=self.high[where])
        if projection is not None and self.projected is not None:
            self.projected[where] += projection.project(matrix, box.first_place)


def unit_sums(first: int, count: int, projection: Projection | None) -> UnitSums:
    """Empty sums for `count` units."""
    return UnitSums(
        first,
        np.zeros(count),
        np.zeros(count),
        np.full(count, np.inf),
        np.full(count, -np.inf),
        None if projection is None else np.zeros((count, projection.width), np.float32),
    )


def extremes(matrix: Array) -> tuple[Array, Array]:
    """Least and largest value of each row of `matrix`, shape (units,) each."""
    places = matrix.shape[1]
    if places < 256 and matrix.flags.c_contiguous:
        # numpy pays per row when it reduces short rows along the last axis.
        starts = np.arange(0, matrix.size, places)
        flat = matrix.reshape(-1)
        return np.minimum.reduceat(flat, starts), np.maximum.reduceat(flat, starts)
    return np.minimum.reduce(matrix, axis=1), np.maximum.reduce(matrix, axis=1)


def finite_extremes(matrix: Array) -> tuple[Array, Array]:
    """The same over finite values only; infinity and minus infinity of a row that has none."""
    finite = np.isfinite(matrix)
    return np.where(finite, matrix, np.inf).min(axis=1), np.where(finite, matrix, -np.inf).max(axis=1)


def _squares(wide: Float64, spare: Float64) -> Array:
    # The sum of squares of each row; never through BLAS, whose rounding differs between processors.
    if wide.flags.c_contiguous:
        return np.asarray(np.einsum("ij,ij->i", wide, wide))
    square = spare.reshape(wide.shape[::-1]).T
    np.multiply(wide, wide, out=square)
    return np.asarray(np.add.reduce(square, axis=1))


def dead_units(norms: Float64, low: Float64, high: Float64) -> Array:
    """Numbers of the units that are all zero, or whose norm is below 1e-3 of the median's; never of
    a unit without a finite value."""
    limit = DEAD_UNIT * float(np.median(norms)) if norms.size else 0.0
    return np.flatnonzero((low <= high) & (((low == 0) & (high == 0)) | (norms < limit)))


def describe_units(
    axis: int, norms: Float64, low: Float64, high: Float64, duplicates: Duplicates | None
) -> Units:
    """The units of a layer, shapes (units,), in the words of a report."""
    dead = dead_units(norms, low, high)
    some = norms.size > 0
    median = float(np.median(norms)) if some else None
    large = np.flatnonzero(norms > LARGE_UNIT * median) if median else np.empty(0, np.int64)
    mean = float(norms.mean()) if some else 0.0
    return Units(
        axis=axis,
        count=norms.size,
        dead=dead.size,
        dead_units=tuple(dead[:DEAD_KEPT].tolist()),
        norm_min=float(norms.min()) if some else None,
        norm_median=median,
        norm_max=float(norms.max()) if some else None,
        norms=tuple(float(f"{norm:.7g}") for norm in norms[:NORMS_KEPT].tolist()),
        norm_spread=float(norms.std()) / mean if 0 < mean < np.inf else None,
        large=large.size,
        large_units=tuple(large[:DEAD_KEPT].tolist()),
        duplicate_pairs=0 if duplicates is None else duplicates.pairs,
        duplicates=() if duplicates is None else duplicates.first,
        duplicates_searched=None if duplicates is None else duplicates.searched,
    )
