"""Measuring many tensors: pieces of work mapped on an executor and merged in their order.

The cut depends on the tensors only and results are merged in the order of the work, so that any
number of workers gives the same bytes. Memory is bounded by the pieces under way and the compact
results: no tensor is held whole unless it is no longer than one read.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial as bound
from typing import Any

import numpy as np

from pthreport.checkpoint.errors import ReadError
from pthreport.measure.measurement import Measurement, conclude, view_key
from pthreport.measure.piece import Partial, Plan, Task, measure_piece, plan

BATCH = 1024 * 1024
"""Elements of small tensors that travel together as one piece of work."""
BATCH_TENSORS = 64
SMALL = 128 * 1024
"""Elements below which a tensor takes more of the interpreter's lock than of numpy: two threads then hinder each
other (10,000 tensors of 9,000 elements took 14.7 s on one thread and 21.1 s on two), so one measures them."""

Progress = Callable[[int, int], None]
"""Called with (bytes measured so far, bytes in all)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a tensor could not be measured."""

    reason: str


@dataclass(slots=True)
class _Pending:
    # A tensor of several pieces: what is merged so far, and how many pieces are still to come.
    plan: Plan
    left: int
    merged: Partial | None = None
    failure: Failure | None = None


def measure(
    tasks: Sequence[Task],
    *,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> dict[str, Measurement]:
    """Measure every task's tensor; results by path, in the order of `tasks`.

    `jobs` threads work at a time, or, where an `executor` is given, that many times two pieces are
    under way on it. `progress(done, total)` is called in the caller's thread with bytes. A tensor
    that cannot be read is "skipped" with the reason. Tensors that are the same view are measured
    once. On an interrupt no further piece is begun, and the interrupt is raised on.
    """
    first: dict[Any, int] = {}
    same = [first.setdefault(view_key(task), at) for at, task in enumerate(tasks)]
    wanted = [at for at in range(len(tasks)) if same[at] == at]
    stop = threading.Event()
    if executor is None and jobs > 1 and len(wanted) > 0:
        with ThreadPoolExecutor(jobs, thread_name_prefix="measure") as pool:
            try:
                found = _map(tasks, wanted, pool, jobs, progress, stop.is_set)
            except BaseException:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    else:
        found = _map(tasks, wanted, executor, jobs, progress, None)
    return {
        task.tensor.path: found[same[at]]
        if same[at] == at
        else replace(found[same[at]], path=task.tensor.path)
        for at, task in enumerate(tasks)
    }


def _map(
    tasks: Sequence[Task],
    wanted: list[int],
    executor: Executor | None,
    jobs: int,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> dict[int, Measurement]:
    total = sum(tasks[at].tensor.nbytes for at in wanted)
    done = 0
    found: dict[int, Measurement] = {}
    split: dict[int, _Pending] = {}
    work = _work(tasks, wanted, split, found, cancelled)
    turn = threading.Lock()
    under_way: deque[tuple[_Job, Future[Any] | None]] = deque()

    def submit(job: "_Job", front: bool = False) -> None:
        future = None
        if executor is not None:
            alone = job.small and isinstance(executor, ThreadPoolExecutor)
            future = executor.submit(_in_turn, turn, job.call) if alone else executor.submit(job.call)
        entry = (job, future)
        under_way.appendleft(entry) if front and executor is None else under_way.append(entry)

    try:
        while True:
            while len(under_way) < (1 if executor is None else 2 * jobs + 1) and (job := next(work, None)):
                submit(job)
            if not under_way:
                break
            job, future = under_way.popleft()
            result = job.call() if future is None else future.result()
            done += job.nbytes
            if progress is not None and job.nbytes:
                progress(min(done, total), total)
            if job.piece_of is None:
                found.update(zip(job.tensors, result, strict=True))
                continue
            pending = split[job.piece_of]
            _collect(pending, result)
            if pending.left == 0:
                del split[job.piece_of]
                path = tasks[job.piece_of].tensor.path
                if pending.merged is None or pending.failure is not None:
                    reason = pending.failure.reason if pending.failure is not None else "nothing was read"
                    found[job.piece_of] = Measurement(path, "skipped", reason)
                else:
                    call = bound(_conclude_all, [(pending.plan, pending.merged)])
                    submit(_Job(call, [job.piece_of], 0), front=True)
    finally:
        for _, future in under_way:
            if future is not None:
                future.cancel()
    if progress is not None:
        progress(total, total)
    return found


@dataclass(frozen=True, slots=True)
class _Job:
    # One call on the executor: whole tensors, or, with `piece_of`, one piece of a long one.
    call: Callable[[], Any]
    tensors: list[int]
    nbytes: int
    piece_of: int | None = None
    small: bool = False


def _in_turn(turn: threading.Lock, call: Callable[[], Any]) -> Any:
    with turn:
        return call()


def _work(
    tasks: Sequence[Task],
    wanted: list[int],
    split: dict[int, _Pending],
    found: dict[int, Measurement],
    cancelled: Callable[[], bool] | None,
) -> Iterator[_Job]:
    # Largest tensors first, so that no worker is left alone with one at the end.
    batch: list[int] = []
    elements = 0
    for at in sorted(wanted, key=lambda at: (-tasks[at].tensor.nbytes, at)):
        tensor = tasks[at].tensor
        if tensor.numel <= BATCH:
            batch.append(at)
            elements += tensor.numel
            if elements >= BATCH or len(batch) >= BATCH_TENSORS:
                yield _whole(tasks, batch, cancelled)
                batch, elements = [], 0
            continue
        try:
            planned = plan(tasks[at])
        except (ReadError, OSError) as error:
            found[at] = Measurement(tensor.path, "skipped", str(error))
            continue
        split[at] = _Pending(planned, planned.pieces)
        for piece in range(planned.pieces):
            yield _Job(bound(_piece, planned, piece, cancelled), [at], planned.piece_bytes(piece), at)
    if batch:
        yield _whole(tasks, batch, cancelled)


def _whole(tasks: Sequence[Task], batch: list[int], cancelled: Callable[[], bool] | None) -> _Job:
    nbytes = sum(tasks[at].tensor.nbytes for at in batch)
    small = sum(tasks[at].tensor.numel for at in batch) < SMALL * len(batch)
    return _Job(bound(_measure_all, [tasks[at] for at in batch], cancelled), batch, nbytes, small=small)


def _measure_all(tasks: list[Task], cancelled: Callable[[], bool] | None) -> list[Measurement]:
    return [measure_one(task, cancelled) for task in tasks]


def measure_one(task: Task, cancelled: Callable[[], bool] | None = None) -> Measurement:
    """Measure one tensor from start to end in this thread."""
    try:
        with np.errstate(all="ignore"):
            planned = plan(task)
            merged = measure_piece(planned, 0, cancelled)
            for piece in range(1, planned.pieces):
                merged = merged.merge(measure_piece(planned, piece, cancelled))
            return conclude(planned, merged)
    except (ReadError, OSError) as error:
        return Measurement(task.tensor.path, "skipped", str(error))


def _piece(planned: Plan, piece: int, cancelled: Callable[[], bool] | None) -> Partial | Failure:
    try:
        with np.errstate(all="ignore"):
            return measure_piece(planned, piece, cancelled)
    except (ReadError, OSError) as error:
        return Failure(str(error))


def _conclude_all(finished: list[tuple[Plan, Partial]]) -> list[Measurement]:
    results = []
    for planned, merged in finished:
        try:
            with np.errstate(all="ignore"):
                results.append(conclude(planned, merged))
        except (ReadError, OSError) as error:
            results.append(Measurement(planned.task.tensor.path, "skipped", str(error)))
    return results


def _collect(pending: _Pending, result: Partial | Failure) -> None:
    pending.left -= 1
    if isinstance(result, Failure):
        pending.failure = pending.failure or result
    elif pending.failure is None:
        pending.merged = result if pending.merged is None else pending.merged.merge(result)
