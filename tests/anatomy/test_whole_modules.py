"""Modules pickled whole: tree, classes, settings, weights and source text, without the classes' code."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import pthreport
from pthreport.document import Report, to_json
from pthreport.render import render
from tests.checkpoint.files import save
from tests.checkpoint.old_tar import OldTar
from tests.real import real

CODE = '''
import torch


class Block(torch.nn.Module):
    """Halves. <b>&amp; \\x1b[31m"""

    def __init__(self, width):
        super().__init__()
        self.width = width
        self.conv = torch.nn.Conv2d(3, width, (3, 5), stride=2, padding=(1, 2), bias=False)
        self.norm = torch.nn.BatchNorm2d(width, eps=1e-3)
        self.drop = torch.nn.Dropout(0.25)
        self.pool = torch.nn.MaxPool2d(2)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = torch.nn.ModuleList([Block(8), Block(8)])
        self.blocks[1].conv.weight = self.blocks[0].conv.weight
        self.head = torch.nn.Linear(8, 2)
        self.register_buffer("mean", torch.zeros(3))
'''


@pytest.fixture
def net(tmp_path: Path) -> Iterator[torch.nn.Module]:
    """A network whose classes nobody can import once the test reads it."""
    file = tmp_path / "private_nets.py"
    file.write_text(CODE)
    spec = importlib.util.spec_from_file_location("private_nets", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["private_nets"] = module
    spec.loader.exec_module(module)
    torch.manual_seed(0)
    yield module.Net()
    sys.modules.pop("private_nets", None)


def written(form: str, net: torch.nn.Module, file: Path) -> Path:
    """The network in one of torch's three forms; its code is gone afterwards."""
    if form == "tar":
        OldTar({"model": net}).write(file)
    else:
        save(file, {"model": net}, _use_new_zipfile_serialization=form == "zip")
    (file.parent / "private_nets.py").unlink()
    del sys.modules["private_nets"]
    return file


CLASSES = {
    "": ("private_nets.Net", {}),
    "blocks": ("torch.nn.modules.container.ModuleList", {}),
    "blocks.0": ("private_nets.Block", {"width": "8"}),
    "blocks.0.conv": (
        "torch.nn.modules.conv.Conv2d",
        {"kernel_size": "(3, 5)", "stride": "(2, 2)", "padding": "(1, 2)", "groups": "1"},
    ),
    "blocks.0.norm": ("torch.nn.modules.batchnorm.BatchNorm2d", {"eps": "0.001", "momentum": "0.1"}),
    "blocks.0.drop": ("torch.nn.modules.dropout.Dropout", {"p": "0.25"}),
    "blocks.0.pool": ("torch.nn.modules.pooling.MaxPool2d", {"kernel_size": "2"}),
    "head": ("torch.nn.modules.linear.Linear", {"in_features": "8", "out_features": "2"}),
}


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
@pytest.mark.parametrize("form", ["zip", "legacy", "tar"])
def test_tree_classes_and_settings(tmp_path: Path, net: torch.nn.Module, form: str) -> None:
    names = [name for name, _ in net.named_modules()]
    weights = {name: value.detach() for name, value in net.state_dict().items()}
    file = written(form, net, tmp_path / "whole.bin")
    if form != "tar":
        with pytest.raises(Exception, match=r"private_nets|Unsupported"):
            torch.load(file, weights_only=True)
    report = pthreport.analyze(file)
    assert report.checkpoint.container == f"torch-{form}"
    assert report.checkpoint.complete
    (model,) = report.models
    assert [one.name for one in model.classes] == names
    found = {one.name: one for one in model.classes}
    for name, (kind, settings) in CLASSES.items():
        assert found[name].class_name == kind
        assert settings.items() <= found[name].settings.items(), name
    layer = model.layers["blocks.0.conv"]
    assert (layer.kind, layer.basis) == ("conv2d", "read")
    assert layer.settings["stride"] == "(2, 2)"
    paths = {record.path for record in report.tensors}
    with pthreport.open_checkpoint(file) as checkpoint:
        for name, value in weights.items():
            place, _, leaf = name.rpartition(".")
            inside = "".join(f"._modules.{part}" for part in place.split(".") if part)
            group = "_parameters" if leaf in ("weight", "bias") else "_buffers"
            path = f"model{inside}.{group}.{leaf}"
            assert path in paths, name
            assert checkpoint.tensors[path].numpy().tolist() == value.tolist()
    unknown = {f"{one.module}.{one.name}" for one in report.imports if one.verdict != "known"}
    assert unknown == {"private_nets.Net", "private_nets.Block"}


def sources(report: Report) -> dict[str, str]:
    return {one.name: one.text for one in report.sources}


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
def test_source_text_is_shown(tmp_path: Path, net: torch.nn.Module) -> None:
    """Legacy files carry the source of each class; newer ones do not."""
    file = written("legacy", net, tmp_path / "whole.pth")
    report = pthreport.analyze(file)
    block = sources(report)["private_nets.Block"]
    assert block.startswith("class Block(torch.nn.Module):")
    assert "stride=2" in block
    assert next(one.file for one in report.sources if one.name == "private_nets.Block") == str(
        tmp_path / "private_nets.py"
    )
    page = render(report, ".html").decode()
    assert "class Block(torch.nn.Module):" in page
    assert "Halves. &lt;b&gt;&amp;amp; \\x1b[31m" in page
    assert render(pthreport.from_json(to_json(report)), ".html").decode() == page


def test_newer_files_carry_none(tmp_path: Path, net: torch.nn.Module) -> None:
    report = pthreport.analyze(written("zip", net, tmp_path / "whole.pth"))
    assert report.sources == ()
    assert "Source code in the file" not in render(report, ".html").decode()
    assert "kernel_size=(3, 5)" in render(report, ".html").decode().replace("<wbr>", "")


def test_long_sources_are_cut_and_said(tmp_path: Path) -> None:
    """The budget of a report holds whatever a file carries."""
    old = OldTar({"a": torch.nn.Linear(1, 1)})
    text = b"class Linear(nn.Module):\n    pass\n"
    main = old.members["pickle"]
    longer = b"x = 1\n" * 50_000
    at = main.index(text) - 4
    assert int.from_bytes(main[at : at + 4], "little") == len(text)
    old.members["pickle"] = (
        main[:at] + len(longer).to_bytes(4, "little") + longer + main[at + 4 + len(text) :]
    )
    report = pthreport.analyze(old.write(tmp_path / "long.pth"))
    (source,) = report.sources
    assert source.characters == len(longer)
    assert len(source.text) == 20_000
    assert "280 k more characters" in render(report, ".html").decode().replace("\u202f", " ")
    assert len(pthreport.analyze(tmp_path / "long.pth", depth="full").sources[0].text) == len(longer)


STEGANOGAN = real("steganogan", "steganogan/pretrained/basic.steg")


@pytest.mark.skipif(not STEGANOGAN.exists(), reason="the real file is not at hand")
def test_a_real_file() -> None:
    report = pthreport.analyze(STEGANOGAN, depth="summary")
    assert "def _build_models(self):" in sources(report)["steganogan.encoders.BasicEncoder"]
    encoder = {one.name: one for one in report.models[0].classes}
    assert encoder[""].settings == {"data_depth": "5", "hidden_size": "32"}
    assert encoder["features.1"].settings == {"negative_slope": "0.01", "inplace": "True"}
    assert encoder["layers.0"].settings["in_channels"] == "37"
