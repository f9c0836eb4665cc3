"""Measuring whole tensors: right to numpy for every type, the same whoever does it, bounded, honest."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pthreport.checkpoint.dtypes import COMPLEX32, DTYPES
from pthreport.document import Statistics
from pthreport.measure import Measurement, Task, measure, measure_one, piece
from pthreport.measure.source import Array
from tests.measure.arrays import ArrayTensor, ByChannel, tensor

REAL = [
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
]


def raw_values(name: str, count: int, nonfinite: bool = True) -> Array:
    """Raw values of a type: any bit pattern of the narrow ones, moderate numbers of the wide ones."""
    dtype, r = DTYPES[name], np.random.default_rng(count)
    if dtype.itemsize <= 2:
        bits = r.integers(0, 2 if name == "bool" else 256**dtype.itemsize, count)
        raw = bits.astype(f"u{dtype.itemsize}").view(dtype.raw)
        with np.errstate(invalid="ignore"):
            finite = np.isfinite(dtype.decode(raw).astype(np.float64))
        return raw if nonfinite else np.where(finite, raw, np.zeros(1, dtype.raw))
    if dtype.kind == "int":
        return r.integers(0 if name.startswith("u") else -1000, 1_000_000, count).astype(dtype.raw)
    values = (r.standard_normal(count) * 3 + 1).astype(dtype.raw)
    if nonfinite and count > 10:
        values[:5] = [np.nan, np.inf, -np.inf, 0, -0.0]
    return values


def check(found: Statistics | None, values: Array) -> None:
    """`found` against numpy in float64 over the finite values."""
    assert found is not None
    with np.errstate(invalid="ignore"):
        wide = values.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    assert found.count == finite.size
    assert found.nan == np.count_nonzero(np.isnan(wide))
    assert found.posinf == np.count_nonzero(wide == np.inf)
    assert found.neginf == np.count_nonzero(wide == -np.inf)
    assert found.zeros == np.count_nonzero(wide == 0)
    if not finite.size:
        assert found.mean is None
        return
    near = 1e-6
    scale = float(np.abs(finite).max())
    rms = float(np.sqrt(np.square(finite / max(scale, 1e-300)).mean())) * max(scale, 1e-300)
    assert found.mean == pytest.approx(finite.mean(), rel=near, abs=1e-12 * scale)
    assert found.std == pytest.approx(finite.std(), rel=near, abs=1e-12 * scale)
    exact = 0.0 if found.of == "values" else 1e-15  # hypot and abs differ in the last bit
    assert found.min == pytest.approx(finite.min(), rel=exact, abs=0)
    assert found.max == pytest.approx(finite.max(), rel=exact, abs=0)
    assert found.absmax == pytest.approx(scale, rel=exact, abs=0)
    assert found.rms == pytest.approx(rms, rel=near)
    assert found.l1 == pytest.approx(np.abs(finite).sum(), rel=near)
    assert found.l2 == pytest.approx(rms * np.sqrt(finite.size), rel=near)
    if finite.std() > 1e-9 * scale:
        scaled = (finite - finite.mean()) / finite.std()
        assert found.skewness == pytest.approx((scaled**3).mean(), rel=near, abs=near)
        assert found.kurtosis == pytest.approx((scaled**4).mean() - 3, rel=near, abs=near)
    for level, value in found.quantiles.items():
        true = float(np.quantile(finite, float(level)))
        assert abs(value - true) <= found.quantile_error * scale + found.quantile_floor + 1e-12 * scale
    exact_near = np.count_nonzero(np.abs(finite) < 1e-3 * rms) if rms else found.zeros
    spare = 0.0 if found.quantile_error == 0 else 2 + 0.02 * float(exact_near)
    assert abs(found.near_zero - float(exact_near)) <= spare
    if found.unique is not None:
        assert found.unique == np.unique(finite).size


@pytest.mark.parametrize("count", [0, 1, 2, 1000, 20_000, 300_000])
@pytest.mark.parametrize("name", REAL)
def test_every_type_against_numpy(name: str, count: int) -> None:
    raw = raw_values(name, count)
    found = measure_one(Task(tensor(raw, name)))
    assert found.status == "complete"
    check(found.statistics, DTYPES[name].decode(raw))
    with np.errstate(invalid="ignore"):
        finite = np.count_nonzero(np.isfinite(DTYPES[name].decode(raw).astype(np.float64)))
    assert (found.histogram is None) == (finite == 0)
    if found.histogram is not None:
        assert sum(found.histogram.counts) == finite


@pytest.mark.parametrize("count", [100, 20_000])
@pytest.mark.parametrize("name", ["complex32", "complex64", "complex128"])
def test_complex_numbers_by_magnitude_and_parts(name: str, count: int) -> None:
    r = np.random.default_rng(1)
    if name == "complex32":
        raw = np.zeros(count, COMPLEX32)
        raw["real"], raw["imag"] = r.standard_normal(count), r.standard_normal(count)
    else:
        raw = (r.standard_normal(count) + 1j * r.standard_normal(count)).astype(name)
    found = measure_one(Task(tensor(raw, name))).statistics
    values = DTYPES[name].decode(raw).astype(np.complex128)
    check(found, np.abs(values))
    assert found is not None
    assert found.of == "magnitude"
    assert found.parts is not None
    check(found.parts["real"], values.real)
    check(found.parts["imaginary"], values.imag)


@pytest.mark.parametrize("shape", [(12, 5), (600, 70)])
@pytest.mark.parametrize(("name", "axis"), [("qint8", None), ("quint8", 0), ("qint8", 1), ("qint32", None)])
def test_quantized_values_are_dequantised(name: str, axis: int | None, shape: tuple[int, int]) -> None:
    r = np.random.default_rng(2)
    raw = r.integers(0, 100, shape).astype(DTYPES[name].raw)
    channels = 1 if axis is None else shape[axis]
    scheme = ByChannel(r.uniform(0.01, 1, channels), r.integers(0, 9, channels).astype(float), axis)
    scale, zero = scheme.parameters(2)
    values = ((raw.astype(np.float64) - zero) * scale).astype(np.float32)
    for stored, order in ((raw, "C"), (np.asfortranarray(raw), "F")):
        found = measure_one(
            Task(ArrayTensor(stored, DTYPES[name], order, scheme), unit_axis=0, picture="matrix")
        )
        check(found.statistics, values.reshape(-1))
        assert found.statistics is not None
        assert found.statistics.of == "dequantised"
        assert found.excerpt is not None
        assert np.float32(found.excerpt.rows[1][2]) == values[1, 2]
        assert found.units is not None
        assert found.units.norms[3] == pytest.approx(np.linalg.norm(values[3]), rel=1e-6)


def some(seed: int = 0) -> list[Task]:
    """Tensors of many sizes and kinds, two of which are cut into several pieces."""
    r = np.random.default_rng(seed)

    def normal(*shape: int) -> Array:
        return r.standard_normal(shape, np.float32)

    return [
        Task(tensor(normal(64), path="vector")),
        Task(tensor(normal(2300, 4000), path="long"), unit_axis=0, picture="matrix"),
        Task(tensor(np.asfortranarray(normal(2000, 2200)), path="columns"), unit_axis=0, picture="matrix"),
        Task(tensor(normal(64, 3, 7, 7), path="first"), unit_axis=0, picture="rgb"),
        Task(tensor(normal(400, 300, 3, 3), path="kernels"), unit_axis=0, picture="tiles"),
        Task(tensor(raw_values("bfloat16", 4_500_000), "bfloat16", path="half")),
        Task(tensor(np.zeros((0, 3), np.float32), path="empty"), unit_axis=0, picture="matrix"),
        Task(tensor(np.full((), 1.5, np.float32), path="scalar")),
    ]


@pytest.mark.parametrize("small_pieces", [False, True])
def test_any_number_of_workers_gives_the_same(small_pieces: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if small_pieces:
        monkeypatch.setattr(piece, "PIECE", 1 << 19)
    tasks = some()
    alone = measure(tasks, jobs=1)
    assert list(alone) == [task.tensor.path for task in tasks]
    with ThreadPoolExecutor(3) as pool:
        for other in (measure(tasks, jobs=2), measure(tasks, jobs=3, executor=pool)):
            assert list(other) == list(alone)
            for path, expected in alone.items():
                found = other[path]
                for part in ("status", "statistics", "histogram", "units", "picture", "excerpt"):
                    assert getattr(found, part) == getattr(expected, part), (path, part)
                assert expected.sketch is not None
                assert found.sketch is not None
                assert np.array_equal(found.sketch.counts, expected.sketch.counts)
    for task in tasks:
        one = measure_one(task)
        assert (one.statistics, one.units) == (
            alone[task.tensor.path].statistics,
            alone[task.tensor.path].units,
        )


def test_pieces_add_up_to_the_whole() -> None:
    tasks = some(3)
    for path, found in measure(tasks, jobs=2).items():
        array = next(task.tensor for task in tasks if task.tensor.path == path)
        assert isinstance(array, ArrayTensor)
        check(found.statistics, array.dtype.decode(array.array.reshape(-1)))


def test_what_cannot_be_read_is_skipped_with_its_reason() -> None:
    tasks = some()
    bad = tensor(np.zeros(9, np.float32), path="bad")
    bad.problem = "the storage is cut short"
    seen: list[tuple[int, int]] = []
    found = measure([*tasks, Task(bad)], jobs=2, progress=lambda done, total: seen.append((done, total)))
    assert found["bad"] == Measurement("bad", "skipped", "the storage is cut short")
    assert all(item.status == "complete" for path, item in found.items() if path != "bad")
    total = sum(task.tensor.nbytes for task in tasks) + 36
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


class Failing(ArrayTensor):
    """Cannot be read from its second half on."""

    def read(self, start: int, stop: int) -> Array:
        if stop > self.numel // 2:
            raise OSError("Input/output error")
        return super().read(start, stop)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failure_in_the_middle_skips_one_tensor(jobs: int) -> None:
    tasks = some()
    broken = Failing(np.zeros((3000, 3000), np.float32), DTYPES["float32"], "broken")
    found = measure([Task(broken), *tasks], jobs=jobs)
    assert (found["broken"].status, found["broken"].reason) == ("skipped", "Input/output error")
    assert found["long"].status == "complete"


class Counting(ArrayTensor):
    """Counts the values that are read."""

    values_read = 0
    lock = threading.Lock()

    def read(self, start: int, stop: int) -> Array:
        with self.lock:
            self.values_read += stop - start
        return super().read(start, stop)


def test_each_value_is_read_once_and_one_view_measured_once() -> None:
    array = np.random.default_rng(0).standard_normal((1200, 1000), np.float32)
    first, again = Counting(array, DTYPES["float32"], "a"), Counting(array, DTYPES["float32"], "b")
    found = measure([Task(t, unit_axis=0, picture="matrix") for t in (first, again)])
    assert (first.values_read, again.values_read) == (array.size, 0)
    assert found["b"].path == "b"
    assert found["b"].statistics == found["a"].statistics


def test_an_expanded_view_is_not_run_through() -> None:
    giant = np.broadcast_to(np.ones(1, np.float32), (1 << 20, 1 << 20))
    found = measure_one(Task(tensor(giant), unit_axis=0))
    assert found.status == "skipped"
    assert "expanded view" in (found.reason or "")


class Interrupting(ArrayTensor):
    """Stands for a user who presses Ctrl-C while it is read."""

    def read(self, start: int, stop: int) -> Array:
        if start > 0:
            raise KeyboardInterrupt
        return super().read(start, stop)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_ends_the_work(jobs: int) -> None:
    before = threading.active_count()
    tasks = [Task(Interrupting(np.zeros((3000, 3000), np.float32), DTYPES["float32"], "x")), *some()]
    with pytest.raises(KeyboardInterrupt):
        measure(tasks, jobs=jobs)
    assert threading.active_count() == before
