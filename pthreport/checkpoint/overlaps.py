"""Views of one storage that overlap: what is written through one changes the other."""

from collections.abc import Iterable
from dataclasses import dataclass

from pthreport.checkpoint.geometry import span
from pthreport.checkpoint.storage import Storage
from pthreport.checkpoint.tensor import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Two tensors whose elements are in ranges of one storage that overlap without being the same
    (tied weights are the same range), and how many such neighbours the storage has."""

    first: Tensor
    second: Tensor
    pairs: int


def overlaps(tensors: Iterable[Tensor]) -> list[Overlap]:
    """One entry for each storage that has any, in the order of the storages' first tensors."""
    by_storage: dict[int, tuple[Storage, list[tuple[int, int, Tensor]]]] = {}
    for tensor in tensors:
        storage = tensor.storage
        if storage is None or tensor.problem is not None or not tensor.numel:
            continue
        begin = tensor.offset * tensor.dtype.itemsize
        end = begin + span(tensor.shape, tensor.strides) * tensor.dtype.itemsize
        by_storage.setdefault(id(storage), (storage, []))[1].append((begin, -end, tensor))
    found = []
    for _, views in by_storage.values():
        views.sort(key=lambda view: view[:2])
        pairs: list[tuple[Tensor, Tensor]] = []
        reach, owner = views[0], views[0][2]
        for view in views[1:]:
            begin, end = view[0], -view[1]
            if begin < -reach[1] and view[:2] != reach[:2]:
                pairs.append((owner, view[2]))
            if end > -reach[1]:
                reach, owner = view, view[2]
        if pairs:
            found.append(Overlap(*pairs[0], len(pairs)))
    return found
