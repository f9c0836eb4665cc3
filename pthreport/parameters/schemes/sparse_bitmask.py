"""compressed-tensors' sparse weights: the values that are not zero, row after row, and a bit for each place.

The mask's bits run from the low one; a row begins at a byte. In "sparse-24-bitmask" half of each row is
there; in "sparse-bitmask" the rows are as long as they need and `row_offsets` says where each begins.
"""

from dataclasses import dataclass, field
from math import prod

import numpy as np

from pthreport.checkpoint import ReadError, Tensor
from pthreport.parameters.matrix import Array, plane
from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site

_MEMBERS: tuple[tuple[str, MemberRole], ...] = (
    (".compressed", "values"),
    (".bitmask", "mask"),
    (".row_offsets", "group index"),
    (".shape", "settings"),
)


@dataclass(eq=False, slots=True)
class Spread:
    """Values spread to the places of a mask's bits, zeros elsewhere; whole rows at a time."""

    values: Tensor
    mask: Tensor
    offsets: Tensor | None
    rows: int
    columns: int
    wide: bool
    row_step: int = field(default=1, init=False)

    @property
    def column_step(self) -> int:
        """Whole rows."""
        return self.columns

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Numbers, shape (stop - start, columns). Raises `ReadError` where mask and values disagree."""
        bits = plane(self.mask).block(start, stop, 0, self.mask.shape[1])
        taken = np.unpackbits(bits, axis=1, bitorder="little")[:, : self.columns].astype(np.bool_)
        counts = taken.sum(axis=1)
        if self.offsets is None:
            width = self.values.shape[1]
            if (counts != width).any():
                raise ReadError(f"its mask has rows of other than {width:,} places")
            first, last = start * width, stop * width
        else:
            begin = self.offsets.numpy().reshape(-1)
            first = int(begin[start])
            last = int(begin[stop]) if stop < self.rows else self.values.numel
            if last - first != int(counts.sum()):
                raise ReadError("its mask and its row offsets disagree")
        found = np.zeros((stop - start, self.columns), np.float64 if self.wide else np.float32)
        found[taken] = self.values.dtype.decode(self.values.read(first, last))
        return found


def _find(site: Site) -> Outcome:
    values, mask, sizes = site.tensor, site.get(".bitmask"), site.get(".shape")
    if mask is None or sizes is None or mask.dtype.name != "uint8" or sizes.dtype.kind != "int":
        return None
    if values.dtype.name not in FLOATS:
        return None
    group = Group(site, "sparse-bitmask", _MEMBERS)
    shape = tuple(int(size) for size in sizes.numpy().reshape(-1)) if sizes.numel == 2 else ()
    if len(shape) != 2 or min(shape) < 1 or prod(shape) > 1 << 62:
        return group.inconsistent("its stated shape is none of a matrix")
    rows, columns = shape
    offsets = site.get(".row_offsets")
    halves = values.shape == (rows, columns // 2) and columns % 4 == 0
    by_rows = len(values.shape) == 1 and offsets is not None and offsets.shape == (rows,)
    if mask.shape != (rows, -(-columns // 8)) or not (halves or by_rows):
        return group.inconsistent("its values and its mask do not fit its shape")
    wide = values.dtype.name == "float64"
    return group.parameter(
        "2:4 sparse" if halves else "sparse",
        shape,
        8 * values.dtype.itemsize,
        decoder=Spread(values, mask, None if halves else offsets, rows, columns, wide),
        kind="sparse",
        leaf="",
        wide=wide,
    )


SCHEME = Scheme(
    id="sparse-bitmask",
    title="compressed-tensors, sparse with a bitmask",
    anchors=(".compressed",),
    layout="weight.compressed (out, in/2) or (n), weight.bitmask uint8 (out, ceil in/8), weight.row_offsets (out), weight.shape (2)",
    reference="https://github.com/vllm-project/compressed-tensors",
    find=_find,
)
