"""The benchmark of growth: its files are what it says, and its arithmetic."""

from pathlib import Path

import pytest

import pthreport
from benchmarks import growth
from benchmarks.growth import Point, line, points, table, verdicts
from benchmarks.process import Cost
from benchmarks.table import put


def test_a_line_and_what_it_explains() -> None:
    assert line([0, 1, 2], [1, 3, 5]) == (2, 1, 1)
    slope, intercept, share = line([0, 1, 2, 3], [0, 1, 0, 1])
    assert (slope, intercept, share) == pytest.approx((0.2, 0.2, 0.2))


def point(gigabytes: float, cpu: float, rss: int) -> Point:
    return Point(f"{gigabytes} GB", gigabytes, int(gigabytes * 10), Cost(cpu, cpu, rss))


def test_what_is_no_line_or_not_flat_is_said() -> None:
    good = [point(0.1, 1, 100), point(0.5, 5, 110), point(1, 10, 120)]
    assert [line[:5] for line in verdicts(good, lambda p: p.gigabytes, "a GB")] == ["- met", "- met"]
    bad = [point(0.1, 1, 100), point(0.5, 2, 110), point(1, 40, 220)]
    said = verdicts(bad, lambda p: p.gigabytes, "a GB")
    assert all(line.startswith("- MISSED") for line in said)
    assert "it is 2.00" in said[1]
    assert verdicts(bad[:2], lambda p: p.gigabytes, "a GB") == []
    assert table(good)[3] == "| 0.5 GB | 0.50 | 5 | 5.00 | 5.00 | 0 |"


def test_small_files_are_made_measured_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = points([("a", ("float32", "0.03")), ("b", ("tensors", "30"))], tmp_path, 1)
    assert [(p.name, p.tensors) for p in found] == [("a", 2), ("b", 30)]
    assert all(p.cost.rss > 3e7 for p in found)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(growth, "LLAMA", {"self_attn.q_proj": (64, 64)})
    path = tmp_path / "m.safetensors"
    monkeypatch.setattr(growth, "EMBEDDING", (1000, 64))
    assert growth.write_language_model(path, 150e-6) == 4
    with pthreport.open_checkpoint(path) as checkpoint:
        assert not checkpoint.problems
        embedding, *_, last = checkpoint.tensors.values()
        assert (embedding.shape, last.shape, last.dtype.name) == ((1000, 64), (64, 64), "bfloat16")
        assert float(last.numpy().astype("float64").std()) == pytest.approx(0.02, rel=0.05)


def test_a_table_is_put_between_its_marks(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- one -->\nold\n<!-- /one -->\nafter\n<!-- two -->\nkept\n")
    for text in ("new", "newer"):
        put(readme, "one", text)
    assert readme.read_text() == (
        "before\n<!-- one -->\n\nnewer\n\n<!-- /one -->\nafter\n<!-- two -->\nkept\n"
    )
