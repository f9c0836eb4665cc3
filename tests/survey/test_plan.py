"""How the spectra of a large file are shared out."""

from dataclasses import replace

import numpy as np
import pytest

from pthreport.measure.spectrum import SpectrumTask, cost
from pthreport.survey import plan
from tests.measure.arrays import tensor


def work() -> list[SpectrumTask]:
    shapes = [(900, 900), (50, 60), (800, 700), (1000, 1000)]
    return [SpectrumTask(tensor(np.ones(s, np.float32), path=f"t{n}")) for n, s in enumerate(shapes)]


def shared(budget: float, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, bool], set[str]]:
    """Which are carried out, whether in brief, and which are not, for a budget in multiplications."""
    monkeypatch.setattr(plan, "LEAST_BUDGET", budget)
    monkeypatch.setattr(plan, "BUDGET_PER_BYTE", 0.0)
    kept, rest = plan.within_budget(work())
    assert sum(map(cost, kept)) <= budget
    assert all(found.reason and found.whole is None for found in rest.values())
    return {task.tensor.path: task.brief for task in kept}, set(rest)


def test_all_in_full_then_in_brief_then_some(monkeypatch: pytest.MonkeyPatch) -> None:
    full = sum(map(cost, work()))
    brief = sum(cost(replace(task, brief=True)) for task in work())
    assert brief < 0.8 * full
    everything = {f"t{n}": False for n in range(4)}
    assert shared(full * 1.001, monkeypatch) == (everything, set())
    some, rest = shared((full + brief) / 2, monkeypatch)
    assert rest == set()
    assert some["t3"]
    assert not some["t1"]
    few, rest = shared(brief * 0.6, monkeypatch)
    assert "t1" in few
    assert "t3" in rest
    assert few.keys() | rest == everything.keys()
    assert shared(0.0, monkeypatch) == ({}, set(everything))


def test_at_full_depth_nothing_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "LEAST_BUDGET", 0.0)
    given = work()
    assert plan.within_budget(given, "full") == (given, {})
