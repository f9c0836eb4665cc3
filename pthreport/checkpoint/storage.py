"""The flat memory that tensors are views of."""

import sys
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pthreport.checkpoint.dtypes import Array, DType
from pthreport.checkpoint.errors import ReadError
from pthreport.checkpoint.values import Data
from pthreport.document.numbers import plural

ByteOrder = Literal["little", "big"]


@dataclass(eq=False, slots=True)
class Storage:
    """A run of elements in the file.

    `key` is the same for tensors that share it. `numel` is the number of elements (of `dtype`) that
    the file says it has, `data` the bytes that are really there; None where there are none, and then
    `problem` says why; `unnoticed` that torch reads on all the same. `location` is the device it was saved from ("cpu", "cuda:0").
    """

    key: Hashable
    dtype: DType
    numel: int
    location: str | None = None
    data: Data | None = None
    byte_order: ByteOrder = "little"
    problem: str | None = None
    unnoticed: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes that the file says the storage has."""
        return self.numel * self.dtype.itemsize

    @property
    def available(self) -> int:
        """Bytes that are there and belong to the storage."""
        return 0 if self.data is None else min(self.nbytes, self.data.length)

    def refusal(self, needed: int) -> str | None:
        """Why the first `needed` bytes cannot be read, None where they can."""
        if self.data is None:
            return self.problem or "the file does not hold these values"
        if needed > self.nbytes:
            return f"its sizes and strides need {plural(needed, 'byte')}, the storage has {self.nbytes:,}"
        if needed > self.data.length:
            return (
                f"its storage is cut short: {plural(self.nbytes, 'byte')} are declared, "
                f"{self.data.length:,} are there"
            )
        return None

    def elements(self, start: int, count: int, dtype: DType) -> Array:
        """`count` elements of `dtype` from element `start` on: shape (count,), native byte order,
        straight from the file. Raises `ReadError`."""
        if self.data is None:
            raise ReadError(self.problem or "the file does not hold these values")
        values = np.empty(count, dtype.raw)
        if count:
            self.data.read_into(values.view(np.uint8).data, start * dtype.itemsize)
            if self.byte_order != sys.byteorder and dtype.itemsize > 1:
                values.byteswap(inplace=True)
        return values
