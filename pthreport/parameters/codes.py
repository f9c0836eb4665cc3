"""Codes unpacked from the bytes and words that hold several of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from math import lcm
from typing import TypeAlias

import numpy as np

from pthreport.checkpoint import Tensor
from pthreport.checkpoint.dtypes import float4_values, float8_values
from pthreport.parameters.matrix import Array, Float32, Matrix, Plane, rectangle

Table: TypeAlias = Callable[[], Float32]
"""Gives the numbers that codes stand for, by code; float32, read only when it is first asked for."""


@dataclass(eq=False, slots=True)
class Book:
    """A code book that is kept in a tensor: a `Table`. Raises `ReadError`."""

    tensor: Tensor
    _values: Float32 | None = field(default=None, init=False, repr=False)

    def __call__(self) -> Float32:
        """Its numbers, shape (n,)."""
        if self._values is None:
            self._values = self.tensor.numpy().reshape(-1).astype(np.float32)
        return self._values


@dataclass(eq=False, slots=True)
class Whole:
    """Codes of a byte each, as they are; with a `table` the numbers that they stand for."""

    plane: Matrix
    table: Table | None = None
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
        """Codes, or numbers in float32."""
        raw = rectangle(self.plane, start, stop, left, right)
        return raw if self.table is None else np.take(self.table(), raw)


@dataclass(eq=False, slots=True)
class Packed:
    """Codes of 1, 2, 4 or 8 bits side by side in bytes, along the columns.

    `plane` holds bytes or little-endian words; of `columns` codes a row, what is left of the last byte or
    word is padding. The low bits come first unless `high_first`; `table` as for `Whole`.
    """

    plane: Matrix
    bits: int
    columns: int
    high_first: bool = False
    table: Table | None = None
    row_step: int = field(default=1, init=False)

    @property
    def rows(self) -> int:
        """Rows of the plane."""
        return self.plane.rows

    @property
    def _unit(self) -> int:
        # Bits of an element of the plane: codes begin anew at each.
        return 8 * self.plane.tensor.dtype.itemsize if isinstance(self.plane, Plane) else 8

    @property
    def column_step(self) -> int:
        """Codes of an element of the plane."""
        return self._unit // self.bits

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Codes, uint8, or numbers in float32."""
        step = self.column_step
        raw = rectangle(self.plane, start, stop, left // step, -(-right // step))
        octets = _octets(raw)
        if self.bits == 4 and self.table is not None:
            pairs = _pairs(self.table(), self.high_first)
            numbers: Array = np.take(pairs, octets).view(np.float32)
            return numbers[:, : right - left]
        per = 8 // self.bits
        found = np.empty((*octets.shape, per), np.uint8)
        mask = np.uint8((1 << self.bits) - 1)
        for place in range(per):
            shift = np.uint8(self.bits * (per - 1 - place if self.high_first else place))
            np.bitwise_and(octets >> shift, mask, out=found[..., place])
        codes = found.reshape(octets.shape[0], -1)[:, : right - left]
        return codes if self.table is None else np.take(self.table(), codes)


def _pairs(table: Float32, high_first: bool) -> Array:
    """The two numbers of each byte of two codes, shape (256,), each pair in the bytes of one uint64."""
    low, high = np.tile(table, 16), np.repeat(table, 16)
    both = (high, low) if high_first else (low, high)
    return np.stack(both, axis=1).view(np.uint64)[:, 0]


@dataclass(eq=False, slots=True)
class Stream:
    """Codes of any width as one stream of bits through the words (of 8 or 32 bits) of a row, low bits first:
    a code may lie across two words.

    With `down` the words of a stream stand below each other, and so do the codes: `size` rows of them, else
    `size` columns. `table` as for `Whole`.
    """

    plane: Plane
    bits: int
    size: int
    down: bool = False
    table: Table | None = None

    @property
    def rows(self) -> int:
        """Rows of codes."""
        return self.size if self.down else self.plane.rows

    @property
    def columns(self) -> int:
        """Columns of codes."""
        return self.plane.columns if self.down else self.size

    @property
    def row_step(self) -> int:
        """Codes that fill whole words, with `down`."""
        return self._step if self.down else 1

    @property
    def column_step(self) -> int:
        """Codes that fill whole words, without `down`."""
        return 1 if self.down else self._step

    @property
    def _word(self) -> int:
        return 8 * self.plane.tensor.dtype.itemsize

    @property
    def _step(self) -> int:
        return lcm(self.bits, self._word) // self.bits

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Codes, uint8, or numbers in float32."""
        first, last = (start, stop) if self.down else (left, right)
        words = self.plane.rows if self.down else self.plane.columns
        low, high = first * self.bits // self._word, min(-(-last * self.bits // self._word), words)
        if self.down:
            raw = self.plane.block(low, high, left, right)
        else:
            raw = np.ascontiguousarray(self.plane.block(start, stop, low, high).T)
        codes = _unpacked(raw.view(f"u{raw.dtype.itemsize}"), self.bits, self._step)[: last - first]
        codes = codes if self.down else np.ascontiguousarray(codes.T)
        return codes if self.table is None else np.take(self.table(), codes)


def _unpacked(words: Array, bits: int, step: int) -> Array:
    """Codes below each other from words below each other: (words, n) gives (codes, n), uint8."""
    width = 8 * words.dtype.itemsize
    per = step * bits // width  # words that hold `step` codes
    blocks = -(-words.shape[0] // per)
    if blocks * per != words.shape[0]:
        padding = np.zeros((blocks * per - words.shape[0], words.shape[1]), words.dtype)
        words = np.concatenate([words, padding])
    kind = words.dtype.type
    stacked = words.reshape(blocks, per, -1)
    found = np.empty((blocks, step, stacked.shape[2]), np.uint8)
    for place in range(step):
        word, shift = divmod(place * bits, width)
        code = stacked[:, word] >> kind(shift)
        if shift + bits > width:
            code = code | (stacked[:, word + 1] << kind(width - shift))
        np.bitwise_and(code, kind((1 << bits) - 1), out=found[:, place], casting="unsafe")
    return found.reshape(blocks * step, -1)


@dataclass(eq=False, slots=True)
class Interleaved:
    """Eight 4-bit codes of a 32-bit word in another order than their bits: place `order[i]` of the eight
    holds bits 4 i to 4 i + 3."""

    plane: Plane
    order: tuple[int, ...]
    row_step: int = field(default=1, init=False)
    column_step: int = field(default=8, init=False)

    @property
    def rows(self) -> int:
        """Rows of the plane."""
        return self.plane.rows

    @property
    def columns(self) -> int:
        """Codes of a row."""
        return self.plane.columns * 8

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Codes, uint8."""
        words = self.plane.block(start, stop, left // 8, right // 8).view(np.uint32)
        found = np.empty((*words.shape, 8), np.uint8)
        for bits, place in enumerate(self.order):
            np.bitwise_and(
                words >> np.uint32(4 * bits), np.uint32(15), out=found[..., place], casting="unsafe"
            )
        return found.reshape(stop - start, right - left)


@dataclass(eq=False, slots=True)
class Stacked:
    """Parts of a matrix's rows laid over each other in the bits of one plane: the row r of `rows` lies in
    the plane's row r modulo its height, at the shift of part r // height in `shifts`."""

    plane: Plane
    bits: int
    rows: int
    shifts: tuple[int, ...]
    row_step: int = field(default=1, init=False)
    column_step: int = field(default=1, init=False)

    @property
    def columns(self) -> int:
        """Columns of the plane."""
        return self.plane.columns

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Codes, uint8."""
        height = self.plane.rows
        found = np.empty((stop - start, right - left), np.uint8)
        mask = (1 << self.bits) - 1
        at = start
        while at < stop:
            part, row = divmod(at, height)
            end = min(stop, (part + 1) * height)
            raw = self.plane.block(row, row + end - at, left, right)
            raw = raw.view(raw.dtype.str.replace("i", "u"))
            kind = raw.dtype.type
            np.bitwise_and(
                raw >> kind(self.shifts[part]),
                kind(mask),
                out=found[at - start : end - start],
                casting="unsafe",
            )
            at = end
        return found


def _octets(raw: Array) -> Array:
    """Rows of bytes, little-endian words taken apart."""
    if raw.dtype.itemsize == 1:
        return raw.view(np.uint8)
    return np.ascontiguousarray(raw).astype(raw.dtype.newbyteorder("<"), copy=False).view(np.uint8)


def e2m1() -> Float32:
    """The numbers of the 16 codes of 4-bit floats (OCP Microscaling Formats 1.0, 5.3.3), shape (16,)."""
    return float4_values()


@cache
def e2m3() -> Float32:
    """The numbers of the 64 codes of 6-bit floats of 3 bits' mantissa (5.3.2), shape (64,)."""
    half = [m / 8 for m in range(8)] + [(1 + m / 8) * 2.0**e for e in range(3) for m in range(8)]
    return _table([*half, *(-x for x in half)])


def _table(numbers: list[float]) -> Float32:
    table = np.asarray(numbers, np.float32)
    table.setflags(write=False)
    return table


@dataclass(frozen=True, slots=True)
class Float8:
    """The 256 numbers of an 8-bit float type, by its name: a `Table`."""

    name: str

    def __call__(self) -> Float32:
        """Its numbers, shape (256,)."""
        return float8_values(self.name)
