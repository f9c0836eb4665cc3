"""The cut of a tensor into blocks: boxes that follow the order of the storage and fit a cache.

The cut is fixed by the tensor's geometry alone, never by who measures it or with how many hands, so
that sums over blocks come out the same to the last bit.
"""

from dataclasses import dataclass
from math import prod

from pthreport.measure.source import Array

BLOCK = 128 * 1024
"""Elements of an inner block at most: its two working copies in float64 stay near the L2 cache, and
each call on it lasts long beside what handing over the interpreter's lock costs."""

READ = 256 * 1024
"""Elements that are read at a time, about."""

PIECE = 4 * 1024 * 1024
"""Elements of one piece of work, about: what one worker measures before its result is merged."""


@dataclass(frozen=True, slots=True)
class Box:
    """Positions `start` to `stop` of the reading order, which are all of the units from `first_unit`
    on crossed with all of the places from `first_place` on (a place is a position inside a unit).

    `shape` is the box's own shape in reading order; `axes` brings the axes that tell its `units`
    units apart to the front.
    """

    start: int
    stop: int
    first_unit: int
    first_place: int
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    units: int

    def matrix(self, flat: Array) -> Array:
        """The box's values, shape (stop - start,), as (units, places); a view where one exists."""
        values = flat.reshape(self.shape)
        if self.axes != tuple(range(len(self.shape))):
            values = values.transpose(self.axes)
        return values.reshape(self.units, -1)


@dataclass(frozen=True, slots=True)
class Layout:
    """A tensor as the reading order sees it: neighbouring dims of the same kind made one.

    `shape` holds the sizes in reading order, `is_unit` which of them tell units apart. `units` is
    the number of units and `places` the values of one. `unit_shape` and `unit_order` turn unit
    numbers in reading order into logical ones. `rows` is how far a box goes along the dim `lead`;
    the dims after it are whole in every box.
    """

    shape: tuple[int, ...]
    is_unit: tuple[bool, ...]
    units: int
    places: int
    unit_shape: tuple[int, ...]
    unit_order: tuple[int, ...]
    lead: int
    chunks: int
    rows: int

    @property
    def boxes(self) -> int:
        """How many boxes there are."""
        return prod(self.shape[: self.lead]) * self.chunks if prod(self.shape) else 0

    @property
    def box_size(self) -> int:
        """Elements of a full box."""
        return self.rows * prod(self.shape[self.lead + 1 :])

    def box(self, number: int) -> Box:
        """The box `number`, 0 <= number < boxes, in reading order."""
        before, chunk = divmod(number, self.chunks)
        first = chunk * self.rows
        last = min(first + self.rows, self.shape[self.lead])
        inner = prod(self.shape[self.lead + 1 :])
        start = (before * self.shape[self.lead] + first) * inner
        index = [0] * len(self.shape)
        index[self.lead] = first
        for axis in range(self.lead - 1, -1, -1):
            before, index[axis] = divmod(before, self.shape[axis])
        shape = (last - first, *self.shape[self.lead + 1 :])
        kinds = self.is_unit[self.lead :]
        axes = (
            *(axis for axis, unit in enumerate(kinds) if unit),
            *(axis for axis, unit in enumerate(kinds) if not unit),
        )
        return Box(
            start=start,
            stop=start + (last - first) * inner,
            first_unit=self._offset(index, True),
            first_place=self._offset(index, False),
            shape=shape,
            axes=axes,
            units=prod(size for size, unit in zip(shape, kinds, strict=True) if unit),
        )

    def logical(self, by_unit: Array) -> Array:
        """Rows by unit in reading order, shape (units, ...), brought into the units' own order."""
        if self.unit_order == tuple(range(len(self.unit_order))):
            return by_unit
        rest = by_unit.shape[1:]
        spread = by_unit.reshape(*self.unit_shape, *rest)
        axes = (*self.unit_order, *range(len(self.unit_shape), spread.ndim))
        return spread.transpose(axes).reshape(self.units, *rest)

    def _offset(self, index: list[int], unit: bool) -> int:
        offset = 0
        for at, size, kind in zip(index, self.shape, self.is_unit, strict=True):
            if kind == unit:
                offset = offset * size + at
        return offset


def layout(
    shape: tuple[int, ...],
    order: tuple[int, ...],
    unit_axis: int | None = None,
    groups: int = 1,
    block: int = BLOCK,
) -> Layout:
    """The layout of a tensor of `shape` that is read in `order`.

    The units run along `unit_axis`; None makes the whole tensor one unit. With `groups` > 1 and
    `unit_axis` 1 (a transposed convolution, weights (in, out / groups, ...)), they are numbered
    group by group: (8, 2, 3, 3) with 2 groups has 4; they divide dim 0.
    """
    sizes: list[int] = []
    tags: list[int | None] = []
    for dim in order:
        grouped = unit_axis == 1 and groups > 1 and dim == 0
        parts = (
            [(groups, 0), (shape[0] // groups, None)]
            if grouped
            else [(shape[dim], 1 if dim == unit_axis else None)]
        )
        for size, tag in parts:
            if size == 1:
                continue
            if tags and (tags[-1] is None) == (tag is None) and (tag is None or (tags[-1] or 0) < tag):
                sizes[-1] *= size
                tags[-1] = tag
            else:
                sizes.append(size)
                tags.append(tag)
    if not sizes:
        sizes, tags = [1], [None if unit_axis is None else 1]
    found = [(size, tag) for size, tag in zip(sizes, tags, strict=True) if tag is not None]
    ranks = sorted(range(len(found)), key=lambda i: found[i][1])
    total = prod(sizes)
    units = prod(size for size, _ in found)
    lead = len(sizes) - 1
    while lead > 0 and prod(sizes[lead:]) <= block:
        lead -= 1
    rows = max(1, block // max(1, prod(sizes[lead + 1 :])))
    chunks = max(1, -(-sizes[lead] // rows))
    return Layout(
        shape=tuple(sizes),
        is_unit=tuple(tag is not None for tag in tags),
        units=units,
        places=total // units if units else 0,
        unit_shape=tuple(size for size, _ in found),
        unit_order=tuple(ranks),
        lead=lead,
        chunks=chunks,
        rows=max(1, -(-sizes[lead] // chunks)),
    )
