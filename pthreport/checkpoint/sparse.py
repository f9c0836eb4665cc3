"""Where the stored values of a sparse tensor belong (torch's layouts: COO, CSR, CSC, BSR, BSC).

https://pytorch.org/docs/stable/sparse.html
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pthreport.checkpoint.dtypes import Array
from pthreport.checkpoint.errors import ReadError

if TYPE_CHECKING:
    from pthreport.checkpoint.tensor import Tensor

DENSE_BYTES = 1 << 30
"""The largest dense array that is made of a sparse tensor."""


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """The layout ("sparse_coo", "sparse_csr", ...), the logical shape, and the index tensors.

    COO: `indices` of shape (sparse dims, stored). Compressed: offsets of shape (*batch, rows + 1), then
    columns of shape (*batch, stored); CSC and BSC the other way round.
    """

    layout: str
    shape: tuple[int, ...]
    indices: "tuple[Tensor, ...]"

    @property
    def numel(self) -> int:
        """Number of elements, stored or not."""
        return math.prod(self.shape)

    @property
    def words(self) -> str:
        """The layout as people call it: "COO"."""
        return self.layout.removeprefix("sparse_").upper()

    def dense(self, values: Array) -> Array:
        """The whole tensor, in its logical shape, of its stored values; raises `ReadError`."""
        if self.numel * values.dtype.itemsize > DENSE_BYTES:
            raise ReadError(f"a sparse tensor of {self.numel:,} elements is not made dense")
        indices = [one.numpy() for one in self.indices]
        try:
            if self.layout == "sparse_coo":
                return self._of_coordinates(indices[0], values)
            return self._of_compressed(indices[0], indices[1], values)
        except (IndexError, ValueError) as error:
            raise ReadError("the indices of the sparse tensor do not fit its sizes") from error

    def _of_coordinates(self, indices: Array, values: Array) -> Array:
        found = np.zeros(self.shape, values.dtype)
        if (indices < 0).any():
            raise IndexError
        np.add.at(found, tuple(indices), values)
        return found

    def _of_compressed(self, offsets: Array, plain: Array, values: Array) -> Array:
        by_rows = self.layout in ("sparse_csr", "sparse_bsr")
        blocked = self.layout in ("sparse_bsr", "sparse_bsc")
        batch = offsets.ndim - 1
        height, width = values.shape[batch + 1 : batch + 3] if blocked else (1, 1)
        rows, columns = self.shape[batch : batch + 2]
        rest = self.shape[batch + 2 :]
        count = math.prod(self.shape[:batch])
        found = np.zeros((count, rows // height, columns // width, height, width, *rest), values.dtype)
        stored = values.reshape(count, plain.shape[-1], height, width, *rest)
        for at, (first, second, block) in enumerate(
            zip(offsets.reshape(count, -1), plain.reshape(count, -1), stored, strict=True)
        ):
            lines = np.repeat(np.arange(len(first) - 1), np.diff(first))
            if len(lines) != len(second) or (second < 0).any():
                raise IndexError
            np.add.at(found[at], (lines, second) if by_rows else (second, lines), block)
        return found.swapaxes(2, 3).reshape(self.shape)
