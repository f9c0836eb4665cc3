"""The one pass over a stretch of a tensor: sums, sketch, units and picture cells together."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np

from pthreport.checkpoint.errors import ReadError
from pthreport.measure.blocks import PIECE, READ, Box, Layout, layout
from pthreport.measure.device_sketch import DeviceSketch
from pthreport.measure.duplicates import Projection, projection
from pthreport.measure.kernels import KernelLayout, PictureKind, kernel_layout
from pthreport.measure.moments import Moments, Scratch, block_moments, extent, moments
from pthreport.measure.narrowing import Narrowing
from pthreport.measure.pictures import Cells, cells
from pthreport.measure.sketch import DenseSketch, sketch
from pthreport.measure.source import Array, Float64, Source
from pthreport.measure.statistics import Stream
from pthreport.measure.units import UnitSums, extremes, finite_extremes, unit_sums
from pthreport.measure.values import Decoder

SMALL = 8192
"""Elements up to which a tensor's values are sorted, and its order statistics exact."""
MOST_UNITS = 1 << 20
"""Units up to which they are measured one by one."""
EXPANDED = 1 << 26
"""Elements up to which a view may repeat what is stored more than sixteen times over."""


class CancelledError(Exception):
    """The caller gave up; nothing of the piece is to be used."""


@dataclass(frozen=True, slots=True)
class Task:
    """One tensor, and what is wanted of it.

    `unit_axis` is the dim of the outputs (0; 1 for a transposed convolution, with its `groups`),
    None where the tensor has no units. `depthwise` kernels are not searched for duplicates.
    `picture` asks for tiles or a matrix; what the shape does not allow becomes a matrix.
    `rows_text` and `columns_text` say what runs down and across a matrix. `excerpt` is the size of
    the corner of exact values, None for none. `precision` asks what narrower types would do to a
    floating tensor of two dims or more: estimated where it is long, or exact. `refine` has quantiles,
    histogram and counts made exact by reading long tensors again. `device` is where torch counts the
    sketch, None where numpy does.
    """

    tensor: Source
    unit_axis: int | None = None
    groups: int = 1
    depthwise: bool = False
    picture: PictureKind | None = None
    rows_text: str = "outputs"
    columns_text: str = "inputs"
    excerpt: tuple[int, int] | None = (6, 8)
    precision: Literal["estimate", "exact"] | None = None
    refine: bool = False
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a task's tensor is cut and what is gathered on the way; `boxes_per_piece` fixes the pieces,
    `units_axis` is the dim along which the layout tells units apart, `groups` is 1 unless the units of a transposed convolution run group by group."""

    task: Task
    layout: Layout
    decoder: Decoder
    groups: int
    units_axis: int | None
    units: bool
    projection: Projection | None
    drawn: KernelLayout | None
    boxes_per_read: int
    boxes_per_piece: int

    @property
    def pieces(self) -> int:
        """Number of pieces of work; 1 for an empty tensor."""
        return max(1, -(-self.layout.boxes // self.boxes_per_piece))

    @property
    def small(self) -> bool:
        """The values are sorted rather than binned."""
        return self.task.tensor.numel <= SMALL

    def piece_bytes(self, piece: int) -> int:
        """Bytes that the piece reads."""
        boxes = self.layout.boxes
        if boxes == 0:
            return 0
        first = self.layout.box(piece * self.boxes_per_piece)
        last = self.layout.box(min((piece + 1) * self.boxes_per_piece, boxes) - 1)
        return (last.stop - first.start) * self.task.tensor.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Partial:
    """What a stretch of a tensor gave. `streams` holds the tensor's own numbers under "" and the
    parts of complex ones by name; `raw` all raw values in reading order where the tensor is no
    longer than one read."""

    streams: dict[str, Stream]
    units: UnitSums | None
    grid: Float64 | None
    raw: Array | None

    def merge(self, other: "Partial") -> "Partial":
        """This stretch and the one that follows it."""
        units = self.units
        if units is not None and other.units is not None:
            units = units.merge(other.units)
        return Partial(
            {name: stream.merge(other.streams[name]) for name, stream in self.streams.items()},
            units,
            None if self.grid is None or other.grid is None else self.grid + other.grid,
            None,
        )


def plan(task: Task) -> Plan:
    """The plan for `task`. Raises `ReadError` where the tensor cannot be read at all."""
    tensor = task.tensor
    shape = tensor.shape
    tensor.read(0, 0)
    _refuse_expanded(tensor)
    axis = task.unit_axis if shape else None
    drawn: KernelLayout | None = None
    axis_of_cut = axis
    if task.picture is not None and len(shape) > 1 and tensor.numel:
        axis_of_cut = 0 if axis is None else axis
        drawn = kernel_layout(task.picture, shape, shape[axis_of_cut])
    # Groups that do not divide the inputs were inferred wrongly: there are none.
    groups = task.groups if axis == 1 and task.groups > 1 and shape[0] % task.groups == 0 else 1
    cut = layout(shape, tensor.order, axis_of_cut, groups)
    per_unit = axis_of_cut is not None and 0 < cut.units <= MOST_UNITS and tensor.numel > 0
    wants_units = per_unit and (axis is not None or drawn not in (None, "matrix"))
    searched = wants_units and axis is not None and not task.depthwise
    per_read = max(1, READ // max(1, cut.box_size))
    return Plan(
        task=task,
        layout=cut,
        decoder=Decoder(tensor),
        groups=groups,
        units_axis=axis_of_cut,
        units=wants_units,
        projection=projection(cut.units, cut.places) if searched else None,
        drawn=drawn if per_unit or drawn == "matrix" else None,
        boxes_per_read=per_read,
        boxes_per_piece=max(1, PIECE // max(1, per_read * cut.box_size)) * per_read,
    )


def measure_piece(plan: Plan, piece: int, cancelled: Callable[[], bool] | None = None) -> Partial:
    """Measure the boxes of `piece`. Raises `ReadError`, and `CancelledError` when `cancelled` says so."""
    cut, tensor = plan.layout, plan.task.tensor
    first = piece * plan.boxes_per_piece
    last = min(first + plan.boxes_per_piece, cut.boxes)
    gather = _Gather(plan, first, last)
    raw: Array | None = None
    for number in range(first, last, plan.boxes_per_read):
        if cancelled is not None and cancelled():
            raise CancelledError
        boxes = [cut.box(at) for at in range(number, min(number + plan.boxes_per_read, last))]
        raw = tensor.read(boxes[0].start, boxes[-1].stop)
        gather.add(raw, boxes)
    if raw is None:
        raw = tensor.read(0, 0)
    whole = last <= plan.boxes_per_read and plan.pieces == 1
    return Partial(
        gather.streams(),
        gather.units,
        None if gather.cells is None else gather.cells.sums,
        raw if whole else None,
    )


class _Gather:
    # The sums of one piece while it is being measured, and the memory they work in.

    def __init__(self, plan: Plan, first: int, last: int) -> None:
        self._plan = plan
        self._decoder = plan.decoder
        self._scratch = Scratch()
        self._small = plan.small
        wide = plan.task.tensor.dtype.kind == "float" and self._decoder.raw_dtype is None
        narrow = Narrowing() if wide and plan.task.precision is not None else None
        self._own = _Tally(self._decoder, self._small, narrow, plan.task.device)
        self._parts: dict[str, _Tally] = {}
        self.units: UnitSums | None = None
        self.cells: Cells | None = None
        if plan.units and last > first:
            # Only the units of these boxes, where the boxes go through them one after another.
            cut = plan.layout
            begin, end = 0, cut.units
            if cut.is_unit[0] and not any(cut.is_unit[1:]):
                begin, box = cut.box(first).first_unit, cut.box(last - 1)
                end = box.first_unit + box.units
            self.units = unit_sums(begin, end - begin, plan.projection)
        if plan.drawn == "matrix":
            self.cells = cells(plan.layout.units, plan.layout.places)

    def add(self, raw: Array, boxes: list[Box]) -> None:
        start = boxes[0].start
        if self._own.counts_raw:
            self._own.count(raw)
            if self.units is None and self.cells is None:
                return
        for box in boxes:
            part = raw[box.start - start : box.stop - start]
            self._add_box(box, self._decoder.run(part, box.start), not self._as_stored(raw))
            for name, numbers in self._decoder.parts(part).items():
                if name not in self._parts:
                    self._parts[name] = _Tally(self._decoder, self._small)
                low, high, finite = extent(numbers)
                self._parts[name].add(numbers, self._scratch, low, high, finite)
                self._parts[name].count(numbers)
        # float32 as stored is counted in longer steps than a box: each step adds 65,536 counters.
        if self._as_stored(raw):
            self._own.count(raw)

    def _as_stored(self, raw: Array) -> bool:
        return raw.dtype == np.float32 and self._decoder.of == "values"

    def _add_box(self, box: Box, numbers: Array, count: bool) -> None:
        widened = self.units is not None or self.cells is not None
        if not widened:
            low, high, finite = extent(numbers)
        else:
            low, high, finite = self._add_matrix(box, numbers)
        if not self._own.counts_raw:
            self._own.add(numbers, self._scratch, low, high, finite, widened)
            if count:
                self._own.count(numbers)

    def _add_matrix(self, box: Box, numbers: Array) -> tuple[float, float, bool]:
        # Units and picture; gives the extent of the numbers.
        matrix = box.matrix(numbers)
        lows, highs = extremes(matrix) if self.units is not None else (numbers, numbers)
        low, high = float(np.minimum.reduce(lows)), float(np.maximum.reduce(highs))
        finite = low - low == 0.0 and high - high == 0.0
        wide, spare = self._scratch.pair(numbers.size)
        np.copyto(wide, numbers)
        if not finite:
            lows, highs = finite_extremes(matrix)
            wide[~np.isfinite(wide)] = 0.0
        wide_matrix = box.matrix(wide)
        if self.cells is not None:
            self.cells.add(box, wide_matrix)
        if self.units is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                self.units.add(
                    box,
                    matrix if finite else wide_matrix,
                    wide_matrix,
                    spare,
                    lows,
                    highs,
                    self._plan.projection,
                )
        return low, high, finite

    def streams(self) -> dict[str, Stream]:
        return {"": self._own.stream(), **{name: tally.stream() for name, tally in self._parts.items()}}


class _Tally:
    # One stream of numbers: exact sums and a sketch, or only the sketch where it is exact.

    def __init__(
        self,
        decoder: Decoder,
        small: bool,
        narrowing: Narrowing | None = None,
        device: str | None = None,
    ) -> None:
        self._dtype, self._affine = decoder.raw_dtype, decoder.affine
        self._small = small
        self._device = device
        self._narrowing = narrowing
        self._sums = Moments()
        self._kept: list[Array] = []
        self._dense: DenseSketch | None = None
        self._wide = False

    @property
    def counts_raw(self) -> bool:
        return self._dtype is not None

    def count(self, values: Array) -> None:
        """Into the sketch only."""
        if self._small:
            self._kept.append(values)
            return
        if self._dense is None:
            self._dense = (
                DenseSketch(self._dtype, self._affine)
                if self._device is None
                else DeviceSketch(self._device, self._dtype, self._affine)
            )
        self._dense.add(values)

    def add(
        self, numbers: Array, scratch: Scratch, low: float, high: float, finite: bool, widened: bool = False
    ) -> None:
        """Into the sums only. `widened`: the first array of `scratch` holds the numbers already."""
        if finite:
            wide, spare = scratch.pair(numbers.size)
            if not widened:
                np.copyto(wide, numbers)
            self._sums = self._sums.merge(block_moments(wide, spare, low, high))
        else:
            self._sums = self._sums.merge(moments(numbers))
        self._wide = self._wide or numbers.dtype != np.float32
        if self._narrowing is not None:
            self._narrowing = self._narrowing.add(numbers, low, high, finite)

    def stream(self) -> Stream:
        if not self._small:
            dense = self._dense or DenseSketch(self._dtype, self._affine)
            return Stream(
                dense.compact(),
                None if self.counts_raw else self._sums,
                wide=self._wide,
                narrowing=self._narrowing,
            )
        kept = (
            self._kept[0]
            if len(self._kept) == 1
            else np.concatenate([np.empty(0, np.float32), *self._kept])
        )
        if self.counts_raw:
            raw = self._kept[0] if self._kept else np.empty(0, np.uint8)
            return Stream(sketch(raw, self._dtype, self._affine), None)
        finite = kept if self._sums.count == kept.size else kept[np.isfinite(kept)]
        return Stream(sketch(kept), self._sums, np.sort(finite), self._wide, self._narrowing)


def _refuse_expanded(tensor: Source) -> None:
    stored = 1 + sum(
        (size - 1) * abs(step) for size, step in zip(tensor.shape, tensor.strides, strict=True)
    )
    if tensor.numel > EXPANDED and tensor.numel > 16 * stored:
        raise ReadError(
            f"an expanded view: {prod(tensor.shape):,} elements stand for {stored:,} stored ones"
        )
