"""Which tensors share a storage, and how much of it they use."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from pthreport.checkpoint import Tensor
from pthreport.checkpoint.geometry import span
from pthreport.document import StorageUse

LISTED = 2000
"""Storages that a report lists, those with the most unused bytes first."""


@dataclass
class _Seen:
    """One storage: its bytes, the tensors on it, the views by place and the runs of bytes they cover."""

    nbytes: int
    tensors: list[str] = field(default_factory=list)
    views: dict[Hashable, int] = field(default_factory=dict)
    runs: list[tuple[int, int]] = field(default_factory=list)

    def used(self) -> int:
        """Bytes that some view covers: the union of their runs, never more than their elements take."""
        covered = end = 0
        for begin, stop in sorted(self.runs):
            covered += max(0, stop - max(begin, end))
            end = max(end, stop)
        return min(covered, sum(self.views.values()), self.nbytes)


def storages(tensors: Mapping[str, Tensor]) -> tuple[StorageUse, ...]:
    """The storages that several different views share, and those of which bytes are unused."""
    seen: dict[Hashable, _Seen] = {}
    for path, tensor in tensors.items():
        storage = tensor.storage
        if storage is None or tensor.dtype.block is not None or storage.data is None:
            continue
        one = seen.setdefault(storage.key, _Seen(min(storage.nbytes, storage.data.length)))
        one.tensors.append(path)
        size = tensor.dtype.itemsize
        begin, covered = tensor.offset * size, span(tensor.shape, tensor.strides) * size
        one.views[(begin, tensor.shape, tensor.strides, size)] = tensor.numel * size
        one.runs.append((begin, begin + covered))
    found = [
        StorageUse(tensors=tuple(one.tensors), views=len(one.views), nbytes=one.nbytes, used=one.used())
        for one in seen.values()
    ]
    odd = [one for one in found if one.views > 1 or one.used < one.nbytes]
    chosen = sorted(range(len(odd)), key=lambda at: (odd[at].used - odd[at].nbytes, at))[:LISTED]
    return tuple(odd[at] for at in sorted(chosen))
