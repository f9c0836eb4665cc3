"""The spectra of many layers, the most expensive first, each in one thread."""

import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from dataclasses import replace

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pthreport.measure.spectrum.algebra import algebra_on
from pthreport.measure.spectrum.matrices import SpectrumTask
from pthreport.measure.spectrum.spectrum import Depth, LayerSpectra, cost, spectra_of

Progress = Callable[[int, int], None]


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
    algebra = algebra_on(device)

    def one(at: int) -> LayerSpectra:
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
            task.sections,
        ),
    )
