"""What was measured of one tensor, in the words of a report, and its sketch."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pthreport.document import Excerpt, Histogram, Picture, Precision, Statistics, Units
from pthreport.measure.blocks import BLOCK, layout
from pthreport.measure.distribution import Distribution
from pthreport.measure.duplicates import VERIFIED, Duplicates, find_duplicates
from pthreport.measure.excerpt import excerpt
from pthreport.measure.kernels import kernel_picture
from pthreport.measure.moments import Moments
from pthreport.measure.pictures import matrix_picture
from pthreport.measure.piece import Partial, Plan, Task
from pthreport.measure.precision import ROUNDING_EDGES, Rows, describe_precision
from pthreport.measure.second_pass import refined
from pthreport.measure.sketch import Sketch
from pthreport.measure.source import Array, Float64
from pthreport.measure.statistics import Stream, describe, edges_of, told
from pthreport.measure.units import UnitSums, describe_units
from pthreport.measure.values import Values

SCATTERED_UNITS = 64
"""Units read again at most where their values are scattered over the storage."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Everything measured of the tensor at `path`.

    `status` is "skipped", with a `reason`, where its values could not be read; then nothing else is
    there. `sketch` is that of `statistics`' own values, mergeable with others of its kind; `unit_norms` are
    those of all units, of which `units` keeps the first.
    """

    path: str
    status: Literal["complete", "skipped"] = "complete"
    reason: str | None = None
    statistics: Statistics | None = None
    histogram: Histogram | None = None
    units: Units | None = None
    picture: Picture | None = None
    excerpt: Excerpt | None = None
    precision: Precision | None = None
    sketch: Sketch | None = None
    unit_norms: Float64 | None = None


def view_key(task: Task) -> Hashable:
    """Equal for tasks that would measure the same values in the same way."""
    tensor = task.tensor
    return (
        tensor.storage_key,
        tensor.offset,
        tensor.shape,
        tensor.strides,
        tensor.dtype.name,
        tensor.conjugate,
        tensor.negative,
        None if tensor.quantization is None else id(tensor.quantization),
        task.unit_axis,
        task.groups,
        task.depthwise,
        task.picture,
        task.rows_text,
        task.columns_text,
        task.excerpt,
        task.precision,
        task.refine,
    )


def conclude(plan: Plan, partial: Partial) -> Measurement:
    """The measurement from all of a tensor's pieces merged in order.

    Reads the units that are drawn or compared, and the excerpt, again where the tensor is longer
    than one read. Raises `ReadError`.
    """
    task, cut, decoder = plan.task, plan.layout, plan.decoder
    tensor = task.tensor
    values = Values(tensor, decoder, partial.raw)
    parts = {
        name: describe(part, *(known := told(part)), refined=_refined(plan, name, part, *known))[0]
        for name, part in partial.streams.items()
        if name
    }
    stream = partial.streams[""]
    sums, distribution = told(stream)
    exact = _refined(plan, "", stream, sums, distribution)
    statistics, histogram = describe(
        stream, sums, distribution, decoder.of, decoder.integers, parts or None, exact
    )
    units: Units | None = None
    norms: Float64 | None = None
    if partial.units is not None:
        with np.errstate(over="ignore"):
            norms = np.sqrt(cut.logical(partial.units.squares))
        if task.unit_axis is not None:
            units = describe_units(
                task.unit_axis,
                norms,
                cut.logical(partial.units.low),
                cut.logical(partial.units.high),
                _duplicates(plan, partial.units, values),
            )
    picture: Picture | None = None
    if plan.drawn == "matrix" and partial.grid is not None:
        picture = matrix_picture(cut.units, cut.places, partial.grid, task.rows_text, task.columns_text)
    elif plan.drawn is not None and norms is not None:
        picture = kernel_picture(plan.drawn, tensor.shape, task.unit_axis or 0, plan.groups, norms, values)
    corner: Excerpt | None = None
    if task.excerpt is not None:
        quantized = decoder.of == "dequantised"
        corner = excerpt(
            tensor.shape, tensor.dtype, values.raw, decoder.block if quantized else None, *task.excerpt
        )
    return Measurement(
        path=tensor.path,
        statistics=statistics,
        histogram=histogram,
        units=units,
        picture=picture,
        excerpt=corner,
        precision=_precision(plan, partial, values, distribution, exact, sums.l2),
        sketch=stream.sketch,
        unit_norms=norms if task.unit_axis is not None else None,
    )


def _precision(
    plan: Plan,
    partial: Partial,
    values: Values,
    distribution: Distribution,
    exact: Distribution | None,
    l2: float,
) -> Precision | None:
    task, cut = plan.task, plan.layout
    tensor = task.tensor
    if task.precision is None or tensor.dtype.kind != "float" or len(tensor.shape) < 2:
        return None
    # Where no unit is known, dim 0 is the channels'.
    axis = task.unit_axis or 0
    if plan.units_axis is None:
        cut = layout(tensor.shape, tensor.order, axis)
    largest: Float64 | None = None
    if partial.units is not None:
        largest = np.maximum(
            np.maximum(cut.logical(partial.units.high), -cut.logical(partial.units.low)), 0
        )
    rows = Rows(
        count=cut.units,
        places=cut.places,
        axis=axis,
        read=lambda wanted: values.units(cut, axis, plan.groups, wanted),
        largest=largest,
    )
    return describe_precision(
        tensor.dtype.name,
        distribution,
        l2,
        rows,
        partial.streams[""].narrowing,
        everything=task.precision == "exact",
        refined=exact,
    )


def _refined(
    plan: Plan, name: str, stream: Stream, sums: Moments, distribution: Distribution
) -> Distribution | None:
    # A second pass over the stream `name`, where one is asked for and tells more.
    if not plan.task.refine or distribution.exact or distribution.count == 0:
        return None
    tensor, decoder = plan.task.tensor, plan.decoder

    def blocks() -> Iterator[Array]:
        for start in range(0, tensor.numel, BLOCK):
            raw = tensor.read(start, min(start + BLOCK, tensor.numel))
            numbers = decoder.parts(raw)[name] if name else decoder.run(raw, start)
            finite = np.isfinite(numbers)
            yield numbers if finite.all() else numbers[finite]

    def edges(least: float) -> Float64:
        return np.concatenate([edges_of(sums, least, decoder.integers), ROUNDING_EDGES])

    return refined(blocks, edges, sums.count, sums.low, sums.high, wide=stream.wide)


def _duplicates(plan: Plan, sums: UnitSums, values: Values) -> Duplicates | None:
    used = plan.projection
    if used is None or sums.projected is None:
        return None
    task, cut = plan.task, plan.layout
    axis = task.unit_axis or 0

    def read(units: list[int]) -> Array:
        rows = np.empty((len(units), cut.places))
        for row, unit in zip(rows, units, strict=True):
            row[:] = values.unit(axis, plan.groups, unit).reshape(-1)
        return rows

    together = cut.is_unit[0] and not any(cut.is_unit[1:])
    return find_duplicates(
        cut.logical(sums.projected),
        cut.logical(sums.sums),
        cut.logical(sums.squares),
        used,
        read,
        VERIFIED if together or values.at_hand else SCATTERED_UNITS,
    )
