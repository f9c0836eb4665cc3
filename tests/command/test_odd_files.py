"""Files that are legal and odd: every renderer takes them, nothing is divided by nothing."""

import warnings
from argparse import Namespace
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from pthreport.analysis import analyze
from pthreport.command.main import main
from pthreport.document import from_json, to_json
from pthreport.render import FORMATS, render

torch.manual_seed(0)


def _quantized() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch is about to drop the type; files that hold it stay
        return torch.quantize_per_tensor(torch.randn(8, 8), 0.1, 3, torch.qint8)


ODD: dict[str, Any] = {
    "empty dict": {},
    "empty state dict": OrderedDict(),
    "a number": 5,
    "none": None,
    "a tensor": torch.randn(3, 4),
    "a list of tensors": [torch.randn(3), torch.randn(2, 2)],
    "no elements": {"weight": torch.zeros(0, 3), "bias": torch.zeros(0)},
    "one element": {"weight": torch.zeros(1, 1)},
    "scalars": {"a.weight": torch.tensor(1.5), "b.weight": torch.tensor(-2)},
    "constants": {"a.weight": torch.full((8, 8), 3.0), "a.bias": torch.zeros(8)},
    "all nan": {"a.weight": torch.full((8, 8), torch.nan), "a.bias": torch.full((8,), torch.inf)},
    "huge and tiny": {"a.weight": torch.tensor([[1e38, -1e38], [1e-45, 0.0]]), "b.weight": torch.full((2, 2), 1e308, dtype=torch.float64)},
    "integers": {"a.weight": torch.arange(100).reshape(10, 10), "mask": torch.ones(3, 3, dtype=torch.bool)},
    "complex": {"a.weight": torch.randn(4, 4, dtype=torch.complex64)},
    "half types": {"a.weight": torch.randn(20, 20).half(), "b.weight": torch.randn(20, 20).bfloat16()},
    "float8": {"a.weight": torch.randn(20, 20).to(torch.float8_e4m3fn), "b.weight": torch.randn(4, 4).to(torch.float8_e5m2)},
    "quantized": {"a.weight": _quantized()},
    "six dims": {"a.weight": torch.randn(2, 2, 2, 2, 2, 2)},
    "a view": {"a.weight": torch.randn(100, 100)[::7, ::5]},
    "expanded": {"a.weight": torch.randn(1, 1).expand(50, 50)},
    "transposed": {"a.weight": torch.randn(30, 20).t()},
    "many kernels": {"conv.weight": torch.randn(300, 3, 7, 7), "conv3.weight": torch.randn(4, 3, 3, 3, 3), "up.weight": torch.randn(8, 4, 2, 2), "up.bias": torch.randn(4)},
    "arguments only": Namespace(lr=0.1, layers=[1, 2], nested={"a": (1, 2)}),
    "text": {"vocab": {"a": 1}, "text": "x" * 100_000, "bytes": b"\x00" * 5000, "big": 10**5000},
    "keys": {1: torch.ones(2), (1, 2): torch.ones(2), None: torch.ones(2), 2.5: "x", b"b": 1, "": torch.ones(2)},
    "same path twice": {"a": {"b.c": torch.ones(2)}, "a.b": {"c": torch.zeros(3)}, "0": torch.ones(1), 0: torch.ones(1)},
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_every_renderer_takes_it(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "file.pth"
    torch.save(ODD[name], path)
    report = analyze(path, jobs=1)
    assert report.checkpoint.complete, report.checkpoint.problems
    assert not [f for f in report.findings if f.status == "error"]
    assert len({t.path for t in report.tensors}) == len(report.tensors)
    for ending in FORMATS:
        assert render(report, ending)
    assert to_json(from_json(to_json(report))) == to_json(report)
    assert main([str(path)]) == 0
    assert main([str(path), "--depth", "summary"]) == 0
    for tensor in report.tensors:
        assert tensor.status == "complete", tensor.reason
    if report.tensors:
        assert main([str(path), "--show", report.tensors[0].path]) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_paths_that_would_be_one_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "file.pth"
    torch.save(ODD["same path twice"], path)
    paths = [t.path for t in analyze(path, jobs=1).tensors]
    assert len(set(paths)) == 4


def test_a_file_without_a_tensor_says_what_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "args.bin"
    torch.save(Namespace(lr=0.25, name="", stages=[1, 2, {"deep": 3}], ä="\x1b[31mred"), file)
    assert main([str(file)]) == 0
    shown = capsys.readouterr().out
    assert "argparse.Namespace of 4" in shown
    assert "There are no weights to judge." in shown
    for line in ("lr  0.25", 'name  ""', "stages  list of 3", "ä  \\x1b[31mred"):
        assert line in shown
    torch.save({str(number): number for number in range(500)}, file)
    assert main([str(file)]) == 0
    assert "more values in the report" in capsys.readouterr().out
