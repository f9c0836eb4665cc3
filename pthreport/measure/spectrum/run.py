"""The spectra of many layers, the most expensive first, each in one thread."""

import threading
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pthreport.measure.run import Progress
from pthreport.measure.spectrum.algebra import algebra_on
from pthreport.measure.spectrum.matrices import SpectrumTask
from pthreport.measure.spectrum.spectrum import Depth, LayerSpectra, cost, memory, spectra_of

ROOM = 704 * 1024 * 1024
"""Bytes that the layers under way hold together, which leaves a process below a gigabyte; one alone may need
more: memory then grows with the largest matrix, and neither with the file nor with the number of workers.
Two of 4,096 x 4,096 at full depth fit."""


def measure_spectra(
    tasks: Sequence[SpectrumTask],
    *,
    jobs: int = 1,
    depth: Depth = "standard",
    device: str | None = None,
    progress: Progress | None = None,
) -> dict[str, LayerSpectra]:
    """The spectra of every task's tensor, by path, in the order of `tasks`.

    `jobs` threads work, each on one layer at a time; meanwhile BLAS is held to one thread, for the
    whole process, so that neither outnumber the cores nor the bytes depend on their number. Tensors
    that are the same view are computed once. On a `device` it is torch that multiplies and finds
    eigenvalues: figures then differ by rounding. `progress(done, total)` is called in the caller's thread
    with the cost of what is done. On an interrupt no further layer is begun.
    """
    first: dict[Hashable, int] = {}
    same = [first.setdefault(_key(task), at) for at, task in enumerate(tasks)]
    costs = {at: max(1, int(cost(tasks[at], depth))) for at in first.values()}
    total = sum(costs.values())
    done = 0
    found: dict[int, LayerSpectra] = {}
    stop = threading.Event()
    room = _Room(ROOM)
    algebra = algebra_on(device)

    def one(at: int) -> LayerSpectra:
        with room.taken(memory(tasks[at], depth)):
            if stop.is_set():
                raise CancelledError
            return spectra_of(tasks[at], depth, stop.is_set, algebra)

    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(max(1, jobs), thread_name_prefix="spectra") as pool,
    ):
        order = sorted(costs, key=lambda at: (-costs[at], at))
        futures: dict[Future[LayerSpectra], int] = {pool.submit(one, at): at for at in order}
        try:
            for future in as_completed(futures):
                at = futures[future]
                found[at] = future.result()
                done += costs[at]
                if progress is not None:
                    progress(done, total)
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return {
        task.tensor.path: found[same[at]]
        if same[at] == at
        else replace(found[same[at]], path=task.tensor.path)
        for at, task in enumerate(tasks)
    }


class _Room:
    # So many bytes, taken and given back; who asks for more than there are in all gets them alone.

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, wanted: int) -> Iterator[None]:
        taken = min(wanted, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= taken)
            self._free -= taken
        try:
            yield
        finally:
            with self._changed:
                self._free += taken
                self._changed.notify_all()


def _key(task: SpectrumTask) -> Hashable:
    tensor = task.tensor
    if tensor.quantization is not None or tensor.problem is not None:
        return tensor.path
    return (
        (tensor.storage_key, tensor.offset, tensor.shape, tensor.strides, tensor.dtype.name),
        (
            task.pooled,
            task.kind == "depthwise-conv",
            task.unit_axis,
            task.groups,
            task.row_dims,
            task.brief,
            task.sections,
        ),
    )
