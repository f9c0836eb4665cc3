"""Tensors that hold the same values, told by their figures and then by every byte."""

from collections.abc import Sequence
from typing import TypeVar

from pthreport.checkpoint import ReadError
from pthreport.document import Statistics
from pthreport.measure.distance import raw_blocks
from pthreport.measure.source import Source

LEAST = 64
"""Elements from which on equal values are more than chance or convention (a stride, a range of four)."""

CLASSES = 8
"""Different values that tensors of equal figures are sorted into; further ones are not compared."""

_Name = TypeVar("_Name")


def figures(tensor: Source, statistics: Statistics) -> tuple[object, ...] | None:
    """What copies have in common; None for a tensor that is too small, constant, or not read as it stands."""
    if tensor.numel < LEAST or tensor.quantization is not None or tensor.problem is not None:
        return None
    s = statistics
    if s.min == s.max:
        return None
    moments = (s.count, s.mean, s.std, s.min, s.max, s.l1, s.l2, s.zeros, s.nan, s.posinf, s.neginf)
    return (tensor.dtype.name, tensor.shape, *moments)


def copies(candidates: Sequence[tuple[_Name, Source]]) -> list[list[_Name]]:
    """The names of `candidates`, all of one type and shape, that hold the same bytes, by twos or more."""
    classes: list[tuple[Source, list[_Name]]] = []
    for name, tensor in candidates:
        for first, same in classes:
            if _equal(first, tensor):
                same.append(name)
                break
        else:
            if len(classes) < CLASSES:
                classes.append((tensor, [name]))
    return [same for _, same in classes if len(same) > 1]


def _equal(first: Source, second: Source) -> bool:
    try:
        return all(one.tobytes() == other.tobytes() for one, other in raw_blocks((first, second)))
    except (ReadError, OSError):
        return False
