"""An exact corner of a tensor, in texts that read back to the same numbers."""

from collections.abc import Callable

import numpy as np

from pthreport.checkpoint.dtypes import DType
from pthreport.document import Excerpt
from pthreport.measure.source import Array
from pthreport.measure.values import Index

ROWS = 6
COLUMNS = 8


def excerpt_index(shape: tuple[int, ...], rows: int = ROWS, columns: int = COLUMNS) -> Index:
    """Which corner of a tensor of `shape` to show: the leading part of its last two dims that are
    longer than 1, the first of all others; of one such dim up to `rows` * `columns` values."""
    long = [dim for dim, size in enumerate(shape) if size != 1]
    index: list[int | slice] = [0] * len(shape)
    if not long and shape:
        long = [len(shape) - 1]
    if len(long) == 1:
        index[long[0]] = slice(0, min(shape[long[0]], rows * columns))
    elif len(long) > 1:
        index[long[-2]] = slice(0, min(shape[long[-2]], rows))
        index[long[-1]] = slice(0, min(shape[long[-1]], columns))
    return tuple(index)


def excerpt(
    shape: tuple[int, ...],
    dtype: DType,
    read: Callable[[Index], Array],
    dequantise: Callable[[Array, Index], Array] | None = None,
    rows: int = ROWS,
    columns: int = COLUMNS,
) -> Excerpt:
    """The excerpt of a tensor of `shape` whose raw values `read` gives by logical index.

    A tensor with one dim longer than 1 is wrapped into rows of `columns` values. Quantized values
    are shown dequantised, bfloat16 and the 8-bit floats as the float32 they equal. Raises what
    `read` raises.
    """
    index = excerpt_index(shape, rows, columns)
    if 0 in shape:
        return Excerpt(index=index_text(index), rows=(), cut=False)
    raw = np.asarray(read(index))
    texts = value_texts(
        raw.reshape(-1) if dequantise is None else dequantise(raw, index).reshape(-1), dtype
    )
    width = raw.shape[-1] if raw.ndim == 2 else columns
    return Excerpt(
        index=index_text(index),
        rows=tuple(tuple(texts[at : at + width]) for at in range(0, len(texts), width)),
        cut=len(texts) < int(np.prod(shape, dtype=object)),
    )


def index_text(index: Index) -> str:
    """How to ask for it in Python: "[0:6, 0:8, 0, 0]"; "[()]" of a tensor without dims."""
    if not index:
        return "[()]"
    return f"[{', '.join(f'{i.start}:{i.stop}' if isinstance(i, slice) else str(i) for i in index)}]"


def value_texts(values: Array, dtype: DType) -> list[str]:
    """The shortest texts that read back to the same numbers; `values` raw of `dtype`, or already
    float32 where they were dequantised; shape (n,)."""
    if dtype.kind in ("int", "bool") or (dtype.kind == "quantized" and values.dtype.kind in "iu"):
        return [str(value) for value in dtype.decode(values).tolist()]
    if values.dtype == np.float16 or (values.dtype == dtype.raw and dtype.raw.kind in "fc"):
        numbers = values
    else:
        numbers = values if values.dtype == np.float32 else dtype.decode(values)
    if numbers.dtype in (np.float64, np.complex128):
        return [str(value) for value in numbers.tolist()]
    return list(map(str, numbers))
