"""Archives as torch.package writes them: nothing in them is run."""

import importlib
import sys
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.package import package_exporter

from pthreport.anatomy import describe
from pthreport.checkpoint import LongBytes, open_checkpoint
from tests.checkpoint.files import add_member, rezip, same

SOURCE = """
import torch
from packed_helper import twice
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 2)
        self.register_buffer("mean", torch.full((3,), 0.5))
    def forward(self, x):
        return twice(self.fc(x - self.mean))
"""


@pytest.fixture(autouse=True)
def _torch_may_warn() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Any, Any]]:
    """The archive, its module and its scripted module."""
    (tmp_path / "packed_module.py").write_text(SOURCE)
    (tmp_path / "packed_helper.py").write_text("def twice(x): return x * 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(package_exporter, "_gate_torchscript_serialization", False)
    module = importlib.import_module("packed_module").Net()
    scripted = torch.jit.script(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    file = tmp_path / "package.pt"
    with package_exporter.PackageExporter(str(file)) as exporter:
        exporter.intern(["packed_module", "packed_helper"])
        exporter.extern(["torch.**"])
        exporter.save_pickle("model", "model.pkl", module)
        exporter.save_pickle("data", "weights", {"w": module.fc.weight, "t": torch.arange(3)})
        exporter.save_pickle("script", "module", scripted)
        exporter.save_text("data", "note.txt", "hello")
        exporter.save_binary("data", "noise", b"\x80\x02junk")
    yield file, module, scripted
    for name in ("packed_module", "packed_helper"):
        sys.modules.pop(name, None)


def test_every_pickle_is_found_by_its_bytes(packed: tuple[Path, Any, Any]) -> None:
    file, module, scripted = packed
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == "torch-package"
        assert checkpoint.problems == []
        assert checkpoint.verify() == []
        assert set(checkpoint.tree) == {
            *("model/model.pkl", "data/weights", "data/note.txt", "data/noise", "script/module", "sources"),
        }
        found = {path: tensor.torch() for path, tensor in checkpoint.tensors.items()}
        assert same(found["data/weights.w"], module.fc.weight)
        assert found["data/weights.t"].tolist() == [0, 1, 2]
        for name, value in scripted.state_dict().items():
            assert same(found[f"script/module.{name}"], value)
        noise = checkpoint.tree["data/noise"]
        assert isinstance(noise, LongBytes)
        assert noise.read(0, 99) == b"\x80\x02junk"


def test_externs_and_packed_modules_are_listed(packed: tuple[Path, Any, Any]) -> None:
    with open_checkpoint(packed[0]) as checkpoint:
        assert "torch.nn.modules.linear" in checkpoint.format["extern modules"]
        assert checkpoint.format["interned modules"] == "2: packed_module, packed_helper"
        source = checkpoint.tree["sources"]["packed_module.py"]
        assert source.read(0, len(source)).decode() == SOURCE
        (unknown,) = [one for one in checkpoint.imports if one.verdict != "known"]
        assert (unknown.module, unknown.name, unknown.verdict) == ("packed_module", "Net", "unknown")
        assert "packed in this archive" in unknown.why


def test_modules_in_it(packed: tuple[Path, Any, Any]) -> None:
    with open_checkpoint(packed[0]) as checkpoint:
        models = {model.found.key: model.described for model in describe(checkpoint).models}
    plain, scripted = models["model/model.pkl"], models["script/module"]
    assert (plain.parameters, plain.buffers) == (8, 3)
    assert (scripted.parameters, scripted.buffers) == (10, 5)
    assert {layer.kind for layer in scripted.layer_list} == {"linear", "batchnorm"}


def test_nothing_of_it_was_imported(packed: tuple[Path, Any, Any]) -> None:
    for name in ("packed_module", "packed_helper"):
        sys.modules.pop(name, None)
    with open_checkpoint(packed[0]) as checkpoint:
        assert checkpoint.tensors
    assert not {"packed_module", "packed_helper"} & set(sys.modules)


def test_what_a_hidden_pickle_names_is_listed(packed: tuple[Path, Any, Any], tmp_path: Path) -> None:
    evil = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R"
    with zipfile.ZipFile(packed[0]) as archive:
        root = archive.namelist()[0].partition("/")[0]
    file = add_member(packed[0], tmp_path / "e.pt", f"{root}/deep/down/x", evil)
    with open_checkpoint(file) as checkpoint:
        assert "os.system" in {f"{one.module}.{one.name}" for one in checkpoint.imports}
        assert not checkpoint.complete


def test_missing_storages_and_scripts(packed: tuple[Path, Any, Any], tmp_path: Path) -> None:
    lacking = rezip(
        packed[0],
        tmp_path / "l.pt",
        rename=lambda n: None if n.endswith(("/0.storage", "ts_code/0/data.pkl")) else n,
    )
    with open_checkpoint(lacking) as checkpoint:
        assert not checkpoint.complete
        assert checkpoint.tree["script/module"].name == "unpackage_script_module"
        assert checkpoint.tensors["data/weights.t"].numpy().tolist() == [0, 1, 2]
