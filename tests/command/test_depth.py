"""Full depth: nothing estimated, nothing left out."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import pthreport
from pthreport.measure.distribution import QUANTILES
from pthreport.render import render
from tests.command.command import run

SIDE = 2700
"""A square matrix of this side is estimated at standard depth."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One large matrix, and more of everything than a report usually lists."""
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("depth") / "large.pth"
    layers = {f"blocks.{n}.fc.weight": torch.randn(3, 4) for n in range(300)}
    torch.save(
        {
            "model": layers | {"head.weight": torch.randn(SIDE, SIDE) * 0.02},
            "log": [{"epoch": n} for n in range(60)],
        },
        path,
    )
    return path


def test_full_depth_is_exact_and_complete(large: Path) -> None:
    standard = pthreport.analyze(large, hash=False)
    full = pthreport.analyze(large, depth="full", hash=False)
    assert (standard.provenance.options["depth"], full.provenance.options["depth"]) == ("standard", "full")
    before, after = (report.models[0].layers["head"].spectrum for report in (standard, full))
    assert before is not None
    assert after is not None
    assert (before.method, after.method) == ("estimated", "exact")
    assert after.errors is None
    weight = torch.load(large, weights_only=True)["model"]["head.weight"].double()
    gram = torch.linalg.eigvalsh(weight @ weight.T).flip(0)
    assert after.spectral_norm == pytest.approx(float(gram[0].sqrt()), rel=1e-12)
    assert after.stable_rank == pytest.approx(float(gram.sum() / gram[0]), rel=1e-9)
    record = next(tensor for tensor in full.tensors if tensor.name == "head.weight")
    assert record.statistics is not None
    assert record.statistics.quantile_error == 0
    expected = np.quantile(weight.numpy(), QUANTILES)
    assert list(record.statistics.quantiles.values()) == pytest.approx(expected, rel=4e-16)
    assert record.precision is not None
    assert record.precision.errors == {}
    for tensor in full.tensors:
        assert tensor.statistics is not None
        assert tensor.statistics.quantile_error == 0
    for layer in full.models[0].layer_list:
        assert layer.spectrum is not None
        assert layer.spectrum.method == "exact"
    log = next(node for node in full.contents.children if node.key == "log")
    assert len(log.children) == 60
    page, usual = (render(report, ".html").decode() for report in (full, standard))
    assert page.count('class="card') > usual.count('class="card') >= 100
    for n in range(300):
        assert f"blocks.{n}.fc" in page


def test_no_list_of_the_page_is_cut(tmp_path: Path) -> None:
    torch.manual_seed(6)
    layers = [torch.nn.Linear(3, 3) for _ in range(60)]
    layers[7].weight.data[0] = float("nan")
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam([{"params": [p]} for p in model.parameters()])
    model(torch.ones(1, 3)).nansum().backward()
    optimizer.step()
    path = tmp_path / "training.pth"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
    pages = {
        depth: render(pthreport.analyze(path, depth=depth, hash=False), ".html").decode()
        for depth in ("standard", "full")
    }
    # A check's own table is cut where it is made, and says how many rows there were.
    cut = re.compile(r"more (?!rows)(\w+ )?in the JSON")
    assert cut.search(pages["standard"])
    assert not cut.search(pages["full"])
    for n in range(120):
        assert f"<b>Group {n}: " in pages["full"]
    assert "<b>Group 100: " not in pages["standard"]


def test_the_command_takes_it(tmp_path: Path, checkpoint: Path) -> None:
    done = run(checkpoint, "--depth", "full", "-o", tmp_path / "one.json", "--jobs", "1", "--quiet")
    assert done.returncode == 0, done.stderr
    run(checkpoint, "--depth", "full", "-o", tmp_path / "two.json", "--jobs", "2", "--quiet")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert b'"depth":"full"' in (tmp_path / "one.json").read_bytes().replace(b'"depth": ', b'"depth":')
