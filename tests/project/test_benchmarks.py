"""The benchmark's own arithmetic: a figure that is wrong here would be believed."""

import math
import sys
from pathlib import Path

import pytest

from benchmarks import reader
from benchmarks.cases import BENCHES, BYTES, OURS, SCRIPT
from benchmarks.files import resnet50_shapes
from benchmarks.process import Cost, ProcessError, least, run
from benchmarks.table import rows, verdicts


def test_the_shapes_are_those_of_resnet50() -> None:
    shapes = dict(resnet50_shapes())
    assert len(shapes) == 320
    learnt = [shape for name, shape in shapes.items() if "running" not in name and "tracked" not in name]
    # torchvision's documentation of resnet50: 25,557,032 parameters.
    assert sum(math.prod(shape) for shape in learnt) == 25_557_032
    assert shapes["layer3.5.conv2.weight"] == (256, 256, 3, 3)


def test_a_process_is_measured_whole(tmp_path: Path) -> None:
    memory = "x = bytearray(80_000_000); x[::4096] = b'1' * len(x[::4096])"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {memory!r}], check=True)"
    cost = run([sys.executable, "-c", f"import time; time.sleep(0.2); {child}"], tmp_path / "log")
    assert 0.2 <= cost.wall < 20
    assert cost.cpu > 0
    assert cost.rss >= 80_000_000


def test_a_process_that_fails_is_not_a_figure(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match=r"exit code 3\nso it was"):
        run([sys.executable, "-c", "print('so it was'); raise SystemExit(3)"], tmp_path / "log")


def test_the_least_counts_figure_by_figure() -> None:
    assert least([Cost(2.0, 3.0, 50), Cost(1.0, 4.0, 60)]) == Cost(1.0, 3.0, 50)


def test_the_table_gives_ratios_and_says_what_was_missed() -> None:
    bench = BENCHES[0]
    costs = {
        OURS: Cost(wall=4.0, cpu=6.0, rss=700_000_000),
        SCRIPT: Cost(wall=61.0, cpu=61.0, rss=445_000_000),
        BYTES: Cost(wall=0.02, cpu=0.02, rss=19_000_000),
    }
    assert rows(bench, costs)[3] == f"| {SCRIPT} | 61.00 | 61.00 | 445 | 0.066 | 3050.0 |"
    time, memory = verdicts(bench, costs)
    assert time == f"- met: time at most 0.067 of {SCRIPT}; it is 0.066"
    assert memory == "- MISSED: memory at most 600 MB; it is 700 MB"


def test_a_target_whose_process_did_not_run_is_not_called_met() -> None:
    assert verdicts(BENCHES[0], {SCRIPT: Cost(1.0, 1.0, 1)}) == []
    assert verdicts(BENCHES[1], {OURS: Cost(1.0, 1.0, 1)}) == []


def test_the_readers_table_says_what_was_missed() -> None:
    best = {
        "pthreport's reader": {"wall": 3.0, "cpu": 2.0},
        "torch.load(weights_only=True)": {"wall": 4.0, "cpu": 4.0},
    }
    lines = reader.table(Path(reader.TENSORS), best)
    assert "| torch.load(weights_only=True) | 4.00 | 4.00 | 0.50 |" in lines
    assert lines[-1] == "- MISSED: less than 1.5 s; it is 2.00 s of the processor"


def test_the_reader_is_measured_on_what_it_says(tmp_path: Path) -> None:
    """Every side goes through the file that is made for it."""
    reader.write_files(tmp_path)
    for side in reader.SIDES:
        assert reader.one(side, tmp_path / reader.TENSORS)["cpu"] > 0
