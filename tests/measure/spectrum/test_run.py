"""Many layers at once."""

import threading
import time

import msgspec
import numpy as np
import pytest
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from pthreport.measure.spectrum import (
    LayerSpectra,
    SpectrumTask,
    cost,
    measure_spectra,
    run,
    spectra_of,
    spectrum,
)
from pthreport.measure.spectrum.spectrum import memory
from tests.measure.arrays import ArrayTensor, tensor


def tasks() -> list[SpectrumTask]:
    random = np.random.default_rng(4)
    shapes = [(300, 200), (64, 32, 3, 3), (500, 500), (10,), (128, 700), (257, 33)]
    return [
        SpectrumTask(
            tensor(random.standard_normal(shape).astype(np.float32), path=f"t{i}"),
            "conv2d" if len(shape) == 4 else "linear",
        )
        for i, shape in enumerate(shapes)
    ]


@pytest.mark.parametrize("most", [spectrum.EXACT_COST, 1e7])
def test_same_bytes_for_any_number_of_jobs(most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "EXACT_COST", most)
    results = [
        msgspec.json.encode(
            [(found.whole, found.parts) for found in measure_spectra(tasks(), jobs=jobs).values()]
        )
        for jobs in (1, 2, 5)
    ]
    assert results[0] == results[1] == results[2]


def test_results_come_in_order_and_progress_ends() -> None:
    seen: list[tuple[int, int]] = []
    found = measure_spectra(tasks(), jobs=2, progress=lambda done, total: seen.append((done, total)))
    assert list(found) == [f"t{i}" for i in range(6)]
    assert found["t3"].reason == "a vector has no spectrum"
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]


def test_blas_threads_are_given_back() -> None:
    before = [pool["num_threads"] for pool in threadpool_info()]
    inside: list[int] = []

    def note(done: int, total: int) -> None:
        inside.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

    measure_spectra(tasks(), jobs=2, progress=note)
    assert set(inside) <= {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_tied_tensors_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(1).standard_normal((30, 20)).astype(np.float32)
    reads: list[int] = []
    plain = ArrayTensor.read

    def count(self: ArrayTensor, start: int, stop: int) -> object:
        reads.append(start)
        return plain(self, start, stop)

    monkeypatch.setattr(ArrayTensor, "read", count)
    found = measure_spectra([SpectrumTask(tensor(array, path=path)) for path in ("a", "b")], jobs=1)
    assert len(reads) == 1
    assert found["a"].whole == found["b"].whole
    assert (found["a"].path, found["b"].path) == ("a", "b")


def test_an_interrupt_stops_the_rest() -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_spectra(tasks(), jobs=2, progress=stop)
    assert measure_spectra([]) == {}


def test_cost_orders_the_work() -> None:
    small, large = (SpectrumTask(tensor(np.ones(shape, np.float32))) for shape in ((10, 10), (100, 100)))
    assert 0 < cost(small) < cost(large)
    assert cost(SpectrumTask(tensor(np.ones(5, np.float32)))) == 0
    assert spectra_of(small, "summary").whole is None


def test_what_is_held_together_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    work = [SpectrumTask(tensor(np.ones((200 + n, 300), np.float32), path=f"t{n}")) for n in range(9)]
    needs = {task.tensor.path: memory(task) for task in work}
    under_way: set[str] = set()
    seen: list[frozenset[str]] = []
    lock = threading.Lock()

    def noted(task: SpectrumTask, *_: object) -> LayerSpectra:
        with lock:
            under_way.add(task.tensor.path)
            seen.append(frozenset(under_way))
        time.sleep(0.01)
        with lock:
            under_way.discard(task.tensor.path)
        return LayerSpectra(task.tensor.path)

    monkeypatch.setattr(run, "spectra_of", noted)
    for room, most in ((10**12, 5), (int(2.5 * max(needs.values())), 2), (1, 1)):
        monkeypatch.setattr(run, "ROOM", room)
        seen.clear()
        assert len(measure_spectra(work, jobs=5)) == 9
        assert len(seen) == 9
        assert max(map(len, seen)) <= most
        assert all(len(paths) == 1 or sum(needs[path] for path in paths) <= room for paths in seen)


def test_memory_is_that_of_what_is_held() -> None:
    def needs(*shape: int) -> int:
        return memory(SpectrumTask(tensor(np.broadcast_to(np.float32(1), shape))))

    assert needs(1000, 1000) >= 3 * 8 * 1000**2
    # Estimated: bounded, however large.
    assert needs(20_000, 20_000) == needs(60_000, 60_000) < 400e6
