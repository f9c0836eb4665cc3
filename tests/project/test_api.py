"""What a program may do with `import pthreport`."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pthreport
from pthreport.document import Layer


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("files") / "model.pth"
    model = nn.Sequential()
    model.add_module("conv1", nn.Conv2d(3, 8, 3))
    model.add_module("fc", nn.Linear(8, 4))
    torch.save({"state_dict": model.state_dict()}, path)
    return path


def test_analyze_and_save(checkpoint: Path, tmp_path: Path) -> None:
    report = pthreport.analyze(str(checkpoint))
    layer = report.models[0].layers["conv1"]
    assert isinstance(layer, Layer)
    assert layer.kind == "conv2d"
    assert report.models[0].layers[1].name == "fc"
    assert len(report.models[0].layers) == 2
    with pytest.raises(KeyError, match="conv1"):
        report.models[0].layers["conv"]
    report.save(tmp_path / "r.html")
    report.save(tmp_path / "plain", format="json")
    assert pthreport.from_json((tmp_path / "plain").read_bytes()) == report
    with pytest.raises(pthreport.OutputError):
        report.save(tmp_path / "no" / "r.html")
    # Twice: the name must not turn into a module once something of it has been imported.
    assert pthreport.analyze(checkpoint) == report


def test_open_checkpoint_gives_values(checkpoint: Path) -> None:
    weights = torch.load(checkpoint, weights_only=True)["state_dict"]
    with pthreport.open_checkpoint(checkpoint) as opened:
        assert np.array_equal(
            opened.tensors["state_dict.conv1.weight"].numpy(), weights["conv1.weight"].numpy()
        )
        assert list(opened.tree["state_dict"]) == list(weights)
        with pytest.raises(KeyError, match=r"state_dict\.conv1\.weight"):
            opened.tensors["conv1.weight"]


def test_a_notebook_shows_the_page_in_a_sandbox(checkpoint: Path) -> None:
    shown = pthreport.analyze(checkpoint)._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts" srcdoc="')


def test_errors_are_those_of_the_package(tmp_path: Path) -> None:
    with pytest.raises(pthreport.CheckpointError, match="no such file"):
        pthreport.analyze(tmp_path / "missing.pth")
    with pytest.raises(AttributeError):
        pthreport.nonsense  # noqa: B018
