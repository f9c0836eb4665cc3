"""What measuring asks of a tensor: its geometry, and its values block by block."""

from collections.abc import Hashable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pthreport.checkpoint.dtypes import DType

Array: TypeAlias = NDArray[Any]
Float64: TypeAlias = NDArray[np.float64]
Int64: TypeAlias = NDArray[np.int64]


class Scheme(Protocol):
    """How integers stand for numbers: value = scale * (integer - zero point), by tensor or by the
    index along `axis`."""

    @property
    def axis(self) -> int | None: ...
    def parameters(self, rank: int) -> tuple[Array, Array]: ...


class Source(Protocol):
    """A tensor whose values stream; `pthreport.checkpoint.Tensor` is one.

    `order` lists the dims as `read` runs through them, slowest first; `read_shape` is
    `shape[d] for d in order`. `read(start, stop)` gives raw values (`dtype.raw`) by position in that
    order and `slice` those of a block given per dim; both may be called from any thread and raise
    `pthreport.checkpoint.errors.ReadError`.
    """

    @property
    def path(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def strides(self) -> tuple[int, ...]: ...
    @property
    def offset(self) -> int: ...
    @property
    def dtype(self) -> DType: ...
    @property
    def numel(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def storage_key(self) -> Hashable: ...
    @property
    def order(self) -> tuple[int, ...]: ...
    @property
    def read_shape(self) -> tuple[int, ...]: ...
    @property
    def quantization(self) -> Scheme | None: ...
    @property
    def conjugate(self) -> bool: ...
    @property
    def negative(self) -> bool: ...
    @property
    def problem(self) -> str | None: ...
    def read(self, start: int, stop: int) -> Array: ...
    def slice(self, index: tuple[int | slice, ...]) -> Array: ...
