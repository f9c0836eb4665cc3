"""A tensor in memory with the attributes that measuring asks for."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from pthreport.checkpoint.dtypes import DTYPES, DType
from pthreport.checkpoint.errors import ReadError
from pthreport.checkpoint.geometry import is_contiguous, storage_order
from pthreport.measure.source import Array, Scheme


@dataclass(frozen=True)
class ByChannel:
    """Scale and zero point of a quantized array, along `axis` or (None) one for all."""

    scale: Array
    zero_point: Array
    axis: int | None

    def parameters(self, rank: int) -> tuple[Array, Array]:
        shape = [-1 if dim == self.axis else 1 for dim in range(rank)] if self.axis is not None else []
        return self.scale.reshape(shape), self.zero_point.reshape(shape)


@dataclass(eq=False)
class ArrayTensor:
    """`array` as a tensor; its own strides say in what order it is read, as for a file's."""

    array: Array
    dtype: DType
    path: str = "t"
    quantization: Scheme | None = None
    conjugate: bool = False
    negative: bool = False
    problem: str | None = None
    offset: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def strides(self) -> tuple[int, ...]:
        return tuple(step // self.array.itemsize for step in self.array.strides)

    @property
    def numel(self) -> int:
        return self.array.size

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    @property
    def storage_key(self) -> Hashable:
        return id(self.array)

    @property
    def order(self) -> tuple[int, ...]:
        found = None if is_contiguous(self.shape, self.strides) else storage_order(self.shape, self.strides)
        return tuple(range(self.array.ndim)) if found is None else found

    @property
    def read_shape(self) -> tuple[int, ...]:
        return tuple(self.shape[dim] for dim in self.order)

    def read(self, start: int, stop: int) -> Array:
        if self.problem is not None:
            raise ReadError(self.problem)
        return self.array.transpose(self.order).reshape(-1)[start:stop].copy()

    def slice(self, index: tuple[int | slice, ...]) -> Array:
        if self.problem is not None:
            raise ReadError(self.problem)
        return np.array(self.array[index])


def tensor(array: Array, dtype: str | None = None, path: str = "t") -> ArrayTensor:
    """`array` (raw values of `dtype`, by default its numpy type's own name) as a tensor."""
    return ArrayTensor(array, DTYPES[dtype or array.dtype.name], path)
