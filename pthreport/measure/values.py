"""From raw elements to real numbers: what is measured of each element type."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from pthreport.measure.blocks import READ, Layout
from pthreport.measure.sketch import dequantised
from pthreport.measure.source import Array, Source

Index = tuple[int | slice, ...]


class Decoder:
    """Turns a tensor's raw values into real numbers; made once, used on every block.

    `raw_dtype` is the element type whose raw values can be counted as they are (real, 8 or 16 bits,
    one law for all elements), else None; `affine` the scale and zero point that belong to it.
    """

    def __init__(self, tensor: Source) -> None:
        self._tensor = tensor
        self._scale: Array | None = None
        self._zero: Array | None = None
        scheme = tensor.quantization
        self.affine: tuple[float, float] | None = None
        self._axis = None if scheme is None else scheme.axis
        if scheme is not None:
            self._scale, self._zero = (
                np.asarray(part, np.float64) for part in scheme.parameters(len(tensor.shape))
            )
            if self._axis is None:
                self.affine = (float(self._scale.reshape(-1)[0]), float(self._zero.reshape(-1)[0]))
        small = tensor.dtype.itemsize <= 2 and tensor.dtype.kind != "complex" and self._axis is None
        self.raw_dtype = tensor.dtype if small else None

    @property
    def of(self) -> Literal["values", "magnitude", "dequantised"]:
        """Which numbers `run` gives, in the words of a report."""
        if self._scale is not None:
            return "dequantised"
        return "magnitude" if self._tensor.dtype.kind == "complex" else "values"

    @property
    def integers(self) -> bool:
        """The numbers are whole by their type."""
        return self._tensor.dtype.kind in ("int", "bool") and self._scale is None

    def run(self, raw: Array, start: int) -> Array:
        """The numbers behind `raw`, positions `start` on in reading order; shape (n,).

        Quantized values are dequantised, complex ones give their magnitude (float64), bool 0 and 1.
        """
        if self._scale is None or self._zero is None:
            return self._real(raw)
        if self._axis is None:
            return dequantised(raw, self._scale, self._zero)
        tensor = self._tensor
        place = tensor.order.index(self._axis)
        inner = int(np.prod(tensor.read_shape[place + 1 :], dtype=np.int64))
        channel = np.arange(start, start + raw.size) // inner % tensor.shape[self._axis]
        return dequantised(raw, self._scale.reshape(-1)[channel], self._zero.reshape(-1)[channel])

    def block(self, raw: Array, index: Index) -> Array:
        """The numbers behind the raw values of a block that `index` picked out of the tensor."""
        if self._scale is None or self._zero is None:
            return self._real(raw)
        if self._axis is None:
            return dequantised(raw, self._scale, self._zero)
        whole = tuple(
            part if axis == self._axis else (0 if isinstance(part, int) else slice(None))
            for axis, part in enumerate(index)
        )
        return dequantised(raw, self._scale[whole], self._zero[whole])

    def parts(self, raw: Array) -> dict[str, Array]:
        """Real and imaginary parts of raw complex values, contiguous; nothing of any other type."""
        if self._tensor.dtype.kind != "complex":
            return {}
        values = self._tensor.dtype.decode(raw)
        return {"real": np.ascontiguousarray(values.real), "imaginary": np.ascontiguousarray(values.imag)}

    def _real(self, raw: Array) -> Array:
        values = self._tensor.dtype.decode(raw)
        if values.dtype.kind == "c":
            with np.errstate(over="ignore", invalid="ignore"):
                return np.asarray(np.hypot(values.real, values.imag, dtype=np.float64))
        return values.view(np.uint8) if values.dtype == np.bool_ else values


class Values:
    """Numbers of a tensor by logical index: from the block at hand where the whole tensor is one,
    else read again (for the few units that are drawn or compared)."""

    def __init__(self, tensor: Source, decoder: Decoder, raw: Array | None = None) -> None:
        self._tensor = tensor
        self._decoder = decoder
        self._raw: Array | None = None
        if raw is not None:
            back = sorted(range(len(tensor.order)), key=tensor.order.__getitem__)
            self._raw = raw.reshape(tensor.read_shape).transpose(back)

    @property
    def at_hand(self) -> bool:
        """Nothing needs to be read again."""
        return self._raw is not None

    def unit(self, axis: int, groups: int, unit: int) -> Array:
        """All numbers of one unit, without the dim of the units; zeros for what is not finite.

        Unit `unit` of dim `axis`; with `groups` > 1 and axis 1, of dim 1 group by group.
        """
        tensor = self._tensor
        index = unit_index(tensor.shape, axis, groups, unit)
        first = next((dim for dim in tensor.order if tensor.shape[dim] > 1), axis)
        together = first == axis and (groups == 1 or axis == 0)
        raw = self._run_of(axis, unit) if self._raw is None and together else self.raw(index)
        numbers = self._decoder.block(raw, index)
        finite = np.isfinite(numbers)
        return numbers if finite.all() else np.where(finite, numbers, numbers.dtype.type(0))

    def units(self, cut: Layout, axis: int, groups: int, wanted: Sequence[int]) -> Array:
        """All numbers of the units `wanted`, shape (n, places), places in the order of the dims; zeros
        for what is not finite. `cut` is the tensor's layout along `axis`. For types without scale and
        zero point.

        Where a unit's values are scattered over the storage, the whole tensor is read again, block by
        block.
        """
        tensor = self._tensor
        outer = next((dim for dim in tensor.order if tensor.shape[dim] > 1), axis)
        if groups == 1 and (self._raw is not None or outer == axis):
            raw = self._together(axis, wanted)
        else:
            raw = self._picked(cut, axis, groups, wanted)
        numbers = self._decoder.block(raw, ())
        finite = np.isfinite(numbers)
        return numbers if finite.all() else np.where(finite, numbers, numbers.dtype.type(0))

    def _together(self, axis: int, wanted: Sequence[int]) -> Array:
        tensor = self._tensor
        if self._raw is not None:
            return np.moveaxis(self._raw, axis, 0)[list(wanted)].reshape(len(wanted), -1)
        places = tensor.numel // tensor.shape[axis]
        found = []
        at = 0
        while at < len(wanted):
            run = at + 1
            while run < len(wanted) and wanted[run] == wanted[run - 1] + 1:
                run += 1
            found.append(tensor.read(wanted[at] * places, (wanted[run - 1] + 1) * places))
            at = run
        order = [axis, *(dim for dim in tensor.order if dim != axis)]
        whole = np.concatenate(found).reshape(len(wanted), *(tensor.shape[dim] for dim in order[1:]))
        back = sorted(range(1, len(order)), key=order.__getitem__)
        return whole.transpose(0, *back).reshape(len(wanted), -1)

    def _picked(self, cut: Layout, axis: int, groups: int, wanted: Sequence[int]) -> Array:
        tensor = self._tensor
        numbers = cut.logical(np.arange(cut.units))[list(wanted)]
        found = np.empty((len(wanted), cut.places), tensor.dtype.raw)
        per_read = max(1, READ // max(1, cut.box_size))
        for first in range(0, cut.boxes, per_read):
            boxes = [cut.box(at) for at in range(first, min(first + per_read, cut.boxes))]
            raw = tensor.read(boxes[0].start, boxes[-1].stop)
            for box in boxes:
                matrix = box.matrix(raw[box.start - boxes[0].start : box.stop - boxes[0].start])
                rows = numbers - box.first_unit
                here = np.flatnonzero((rows >= 0) & (rows < matrix.shape[0]))
                places = slice(box.first_place, box.first_place + matrix.shape[1])
                found[here, places] = matrix[rows[here]]
        order = [dim for dim in tensor.order if dim != axis]
        sizes = [tensor.shape[dim] // (groups if dim == 0 else 1) for dim in order]
        back = sorted(range(len(order)), key=order.__getitem__)
        spread = found.reshape(len(wanted), *sizes).transpose(0, *(at + 1 for at in back))
        return spread.reshape(len(wanted), -1)

    def _run_of(self, axis: int, unit: int) -> Array:
        tensor = self._tensor
        places = tensor.numel // tensor.shape[axis]
        raw = tensor.read(unit * places, (unit + 1) * places)
        order = [dim for dim in tensor.order if dim != axis]
        back = sorted(range(len(order)), key=order.__getitem__)
        return raw.reshape([tensor.shape[dim] for dim in order]).transpose(back)

    def raw(self, index: Index) -> Array:
        """Raw values of the block `index`, one entry for each dim."""
        return self._tensor.slice(index) if self._raw is None else np.asarray(self._raw[index])


def unit_index(shape: Sequence[int], axis: int, groups: int, unit: int) -> Index:
    """The index of the values of one unit: unit `unit` of dim `axis`, or of dim 1 group by group."""
    index: list[int | slice] = [slice(0, size) for size in shape]
    if axis == 1 and groups > 1:
        group, channel = divmod(unit, shape[1])
        step = shape[0] // groups
        index[0] = slice(group * step, (group + 1) * step)
        index[1] = channel
    else:
        index[axis] = unit
    return tuple(index)
