"""Units that say the same: pairs whose cosine, each unit's mean removed, is beyond +-0.99.

All pairs of a 4096 x 4096 matrix are 17 million dot products of length 4096. So candidates are
looked for in a random projection (count sketch: each place adds its value, with a random sign, to
one of `width` buckets), which keeps the relative distance of two units within a factor of two or
so, and only candidates are compared exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pthreport.document import UnitPair
from pthreport.document.definitions import DUPLICATE
from pthreport.measure.source import Array, Float64

LEAST_PLACES = 10
"""Short kernels are alike by chance: of a good MobileNetV2's 3 x 3 depthwise kernels a third is."""
WIDTH = 32
PROJECTED = 4 * 1024 * 1024
"""Numbers of a projection at most; more units get fewer buckets each."""
ALL_PAIRS = 4096
"""Up to so many units each pair is looked at; of more, those that hash alike."""
SLACK = 8
"""How much farther apart a projection may show two units: with 32 buckets the ratio of two squared
lengths is off by more than this once in 10^8 (with 16, once in 10^4: an F distribution)."""
VERIFIED = 512
"""Units compared exactly at most, and the values held for it at most."""
VERIFIED_VALUES = 2 * 1024 * 1024
KEPT = 32

_STEPS = 2048
_PLANE_STEPS = 64
_DOUBT = 1e-6
_TILE = 64
_TABLES = 8
_BITS = 16
_WINDOW = 3
_CONSTANT = 1e-12


@dataclass(frozen=True, slots=True)
class Duplicates:
    """`pairs` found among the `searched` units, the closest ones `first` (at most 32)."""

    pairs: int
    first: tuple[UnitPair, ...]
    searched: int


@dataclass(frozen=True, slots=True)
class Projection:
    """A count sketch of `places` values to `width` numbers: place p goes to bucket p % width with
    `signs[p]`. With at most `width` places nothing is lost."""

    signs: NDArray[np.float32]
    width: int

    @property
    def exact(self) -> bool:
        """Each place has a bucket of its own."""
        return self.signs.size <= self.width

    def project(self, matrix: Array, first_place: int) -> NDArray[np.float32]:
        """The projection of the rows of `matrix` (units, places `first_place` on); (units, width)."""
        units, places = matrix.shape
        signs = self.signs[first_place : first_place + places]
        head, width = first_place % self.width, self.width
        folds = -(-(head + places) // width)
        if head == 0 and folds * width == places:
            signed = matrix * signs
        else:
            signed = np.zeros((units, folds * width), np.float32)
            np.multiply(matrix, signs, out=signed[:, head : head + places], casting="same_kind")
        return np.asarray(signed.reshape(units, folds, width).sum(axis=1), np.float32)

    def of_ones(self) -> Float64:
        """The projection of a unit of ones, shape (width,)."""
        padded = np.zeros(-(-self.signs.size // self.width) * self.width)
        padded[: self.signs.size] = self.signs
        return np.asarray(padded.reshape(-1, self.width).sum(axis=0))


def projection(units: int, places: int) -> Projection | None:
    """The projection for a layer, the same on every run; None where there is no search."""
    if places < LEAST_PLACES or units < 2:
        return None
    width = WIDTH
    while width > 16 and units * width > PROJECTED:
        width //= 2
    if units * width > PROJECTED:
        return None
    bits = np.random.Generator(np.random.PCG64(units)).integers(0, 2, places, np.int8)
    return Projection((2 * bits - 1).astype(np.float32), min(width, places))


def find_duplicates(
    projected: Array,
    sums: Float64,
    squares: Float64,
    used: Projection,
    read: Callable[[list[int]], Float64],
    most: int = VERIFIED,
) -> Duplicates:
    """The duplicates among the units of a layer.

    `projected` (units, width), `sums` and `squares` (units,) are sums over each unit's values;
    `read` gives the values of the units asked for, shape (n, places), and is asked for at most
    `most` units and 2 Mi values.
    """
    count, places = projected.shape[0], used.signs.size
    with np.errstate(all="ignore"):
        mean = sums / places
        centred = projected - (mean[:, None] * used.of_ones()).astype(np.float32)
        # A constant unit has no direction once its mean is gone.
        alive = squares - sums * mean > _CONSTANT * squares
        length = np.sqrt(np.einsum("ij,ij->i", centred, centred, dtype=np.float64))
        alive &= np.isfinite(length) & (length > 0)
    numbers = np.flatnonzero(alive)
    unit = _grid(centred[numbers] / length[numbers, None], _STEPS)
    threshold = DUPLICATE - 4e-3 if used.exact else 1 - (1 - DUPLICATE) * SLACK
    first, second, likeness = (
        _all_pairs(unit, threshold) if len(unit) <= ALL_PAIRS else _hashed(unit, threshold)
    )
    order = np.lexsort((second, first, -likeness))
    wanted: dict[int, None] = {}
    for at in order[: 64 * VERIFIED]:
        wanted[int(first[at])] = wanted[int(second[at])] = None
    candidates = np.union1d(first, second)
    room = min(most, VERIFIED_VALUES // places)
    chosen = sorted(int(numbers[i]) for i in list(wanted)[:room])
    if len(chosen) < 2:
        return Duplicates(0, (), count - candidates.size)
    pairs = _verified(chosen, read(chosen))
    pairs.sort(key=lambda pair: (-abs(pair.cosine), pair.first, pair.second))
    return Duplicates(len(pairs), tuple(pairs[:KEPT]), count - candidates.size + len(chosen))


def _verified(units: list[int], values: Float64) -> list[UnitPair]:
    largest = np.abs(values).max(axis=1, keepdims=True)
    values = values / np.where(largest > 0, largest, 1.0)
    values -= values.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", values, values))
    values /= np.where(length > 0, length, 1.0)[:, None]
    likely = np.triu(np.abs(product(values, values)) > DUPLICATE - _DOUBT, 1)
    pairs: list[UnitPair] = []
    for i in np.flatnonzero(likely.any(axis=1)).tolist():
        others = np.flatnonzero(likely[i])
        # BLAS, whose last digits differ between processors, only says where to look.
        cosines = np.einsum("ij,j->i", values[others], values[i])
        pairs.extend(
            UnitPair(first=units[i], second=units[j], cosine=round(cosine, 9))
            for j, cosine in zip(others.tolist(), cosines.tolist(), strict=True)
            if abs(cosine) > DUPLICATE
        )
    return pairs


def _grid(values: Array, steps: int) -> NDArray[np.float32]:
    """`values` rounded to multiples of 1 / `steps`. Products of such numbers and all their sums are
    exact in float32 while they stay below 2^24 steps: the order in which BLAS adds is all the same."""
    result: NDArray[np.float32] = (np.rint(values * steps) / steps).astype(np.float32)
    return result


def _all_pairs(unit: Array, threshold: float) -> tuple[Array, Array, Array]:
    tiles = _tiles(unit)
    count = len(tiles)
    across = tiles.transpose(0, 2, 1)
    found: list[tuple[Array, Array, Array]] = []
    for row in range(0, count, 2):
        likeness = np.matmul(tiles[row : row + 2, None], across[None, row:])
        np.absolute(likeness, out=likeness)
        at = np.flatnonzero(likeness.reshape(-1) > threshold)
        if at.size == 0:
            continue
        tile_row, tile_column, i, j = np.unravel_index(at, likeness.shape)
        i, j = i + (tile_row + row) * _TILE, j + (tile_column + row) * _TILE
        keep = j > i
        found.append((i[keep], j[keep], likeness.reshape(-1)[at[keep]]))
    return _joined(found)


def _hashed(unit: Array, threshold: float) -> tuple[Array, Array, Array]:
    # Signs of random projections (Charikar 2002): two units at cosine 0.99 agree in 16 signs about
    # every other time, in one of 8 tables 99.5 % of the time, closer ones more often. Signs are flipped so that the first is
    # positive, for opposite units to meet, and each unit is compared with a few neighbours only.
    normal = np.random.Generator(np.random.PCG64(unit.shape[1])).standard_normal(
        (_TABLES * _BITS, unit.shape[1]), np.float32
    )
    planes = _grid(normal, _PLANE_STEPS)
    weights = (1 << np.arange(_BITS, dtype=np.int64)).astype(np.int32)
    found: list[tuple[Array, Array, Array]] = []
    for table in range(_TABLES):
        bits = product(unit, planes[table * _BITS : (table + 1) * _BITS]) > 0
        keys = (bits ^ ~bits[:, :1]).astype(np.int32) @ weights
        order = np.argsort(keys, kind="stable")
        for step in range(1, _WINDOW + 1):
            i, j = order[:-step], order[step:]
            same = keys[i] == keys[j]
            i, j = i[same], j[same]
            likeness = np.abs(np.einsum("ij,ij->i", unit[i], unit[j]))
            close = likeness > threshold
            found.append((np.minimum(i, j)[close], np.maximum(i, j)[close], likeness[close]))
    first, second, likeness = _joined(found)
    _, once = np.unique(first * len(unit) + second, return_index=True)
    return first[once], second[once], likeness[once]


def product(first: Array, second: Array) -> Array:
    """`first` (m, k) times `second` (n, k) transposed, shape (m, n)."""
    rows, columns = _tiles(first), _tiles(second).transpose(0, 2, 1)
    total = np.zeros((len(rows), len(columns), _TILE, _TILE), first.dtype)
    for start in range(0, first.shape[1], _TILE):
        total += np.matmul(rows[:, None, :, start : start + _TILE], columns[None, :, start : start + _TILE])
    whole = total.transpose(0, 2, 1, 3).reshape(len(rows) * _TILE, len(columns) * _TILE)
    return whole[: first.shape[0], : second.shape[0]]


def _tiles(unit: Array) -> Array:
    # Rows in tiles of 64, zeros below: (tiles, 64, k). BLAS does a product of two such tiles with one
    # thread (it splits from 64^3 on); its other threads would only disturb those that measure.
    tiles = np.zeros((-(-len(unit) // _TILE), _TILE, unit.shape[1]), unit.dtype)
    tiles.reshape(-1, unit.shape[1])[: len(unit)] = unit
    return tiles


def _joined(found: list[tuple[Array, Array, Array]]) -> tuple[Array, Array, Array]:
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    first, second, likeness = zip(*found, strict=True)
    return np.concatenate(first), np.concatenate(second), np.concatenate(likeness)
