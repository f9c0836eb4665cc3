"""The oldest torch files, a tar: what was in them comes out."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from pthreport.checkpoint import Record, open_checkpoint
from tests.checkpoint.files import same
from tests.checkpoint.old_tar import OldTar, read_by_torch, storage_of

pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")

TYPES = ["float32", "float64", "float16", "uint8", "int8", "int16", "int32", "int64", "bfloat16", "bool"]


def everything() -> dict[str, Any]:
    weight = torch.randn(4, 3)
    state = OrderedDict((name, (torch.randn(5, 2) * 9).to(getattr(torch, name))) for name in TYPES)
    views = OrderedDict(
        weight=weight, tied=weight, turned=weight.t(), part=weight[1:, 1:], wide=weight[:1].expand(3, 3)
    )
    return {
        "state_dict": state,
        "views": views,
        "whole": storage_of(weight),
        "empty": torch.empty(0),
        "epoch": 3,
    }


@pytest.mark.parametrize("protocol", [1, 2, 3, 4])
def test_the_values_are_those_that_torch_reads(tmp_path: Path, protocol: int) -> None:
    file = OldTar(everything(), protocol).write(tmp_path / "model.pth")
    expected = read_by_torch(file)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == "torch-tar"
        assert [problem.where for problem in checkpoint.problems] == ["views.weight"]  # a view of a part
        assert {one.verdict for one in checkpoint.imports} == {"known"}
        assert checkpoint.tree["epoch"] == 3
        for group in ("state_dict", "views"):
            assert list(checkpoint.tree[group]) == list(expected[group])
            for name, value in expected[group].items():
                assert same(checkpoint.tensors[f"{group}.{name}"].torch(), value), name
        assert checkpoint.tensors["whole"].numpy().tolist() == expected["whole"].tolist()
        assert checkpoint.tensors["empty"].shape == (0,)
        keys = {checkpoint.tensors[f"views.{name}"].storage_key for name in expected["views"]}
        assert keys == {checkpoint.tensors["whole"].storage_key}
        assert len({one.storage_key for one in checkpoint.tensors.values()}) == len(TYPES) + 2


def test_weights_only_takes_no_tar(tmp_path: Path) -> None:
    file = OldTar({"a": torch.ones(2)}).write(tmp_path / "model.pth")
    with pytest.raises(RuntimeError, match=r"legacy \.tar format"):
        torch.load(file, weights_only=True)
    with open_checkpoint(file) as checkpoint:
        view = checkpoint.torch_view
        assert view is not None
        assert not view.weights_only
        assert "tar format" in (view.refuses_container or "")


def test_parts_of_a_storage(tmp_path: Path) -> None:
    """Storages that were parts of another are listed as views of it."""
    whole = torch.arange(10.0)
    old = OldTar({"whole": whole, "part": torch.zeros(3)})
    key, other = old.storages
    del old.storages[other]
    old.views = [(other, key, 4, 3)]
    old.members["storages"] = old._storages()
    file = old.write(tmp_path / "model.pth")
    expected = read_by_torch(file)
    with open_checkpoint(file) as checkpoint:
        assert [problem.where for problem in checkpoint.problems] == ["whole"]  # they overlap
        assert checkpoint.tensors["part"].numpy().tolist() == expected["part"].tolist() == [4.0, 5.0, 6.0]
        assert checkpoint.tensors["part"].storage_key == checkpoint.tensors["whole"].storage_key


def test_a_module_comes_with_its_source(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3, stride=2), torch.nn.BatchNorm2d(2, eps=0.5))
    with open_checkpoint(OldTar(model).write(tmp_path / "model.pth")) as checkpoint:
        layer = checkpoint.tree.state["_modules"]["0"]
        assert isinstance(layer, Record)
        assert layer.type_name == "torch.nn.modules.conv.Conv2d"
        assert layer.state["stride"] == (2, 2)
        assert layer.source == "class Conv2d(nn.Module):\n    pass\n"
        assert layer.source_file == "/code/Conv2d.py"
        weight = checkpoint.tensors["_modules.0._parameters.weight"]
        assert weight.is_parameter
        assert same(weight.torch(), model[0].get_parameter("weight"))
        assert not checkpoint.tensors["_modules.1._buffers.running_mean"].is_parameter


class Variable:
    """Stands in for the class of the first versions, whose state was a tuple of five."""

    def __init__(self, state: tuple[Any, ...], args: tuple[Any, ...] = ()) -> None:
        self.state, self.args = state, args

    def __reduce__(self) -> Any:
        return torch.autograd.Variable, self.args, self.state


def test_variables_of_the_first_versions(tmp_path: Path) -> None:
    data, grad = torch.ones(2), torch.zeros(2)
    old = OldTar(
        {
            "five": Variable((data, grad, None, True, False)),
            "three": Variable((True, False, None), (data,)),
            "odd": Variable((1, 2)),
        }
    )
    with open_checkpoint(old.write(tmp_path / "model.pth")) as checkpoint:
        five = checkpoint.tensors["five"]
        assert five.requires_grad
        assert not five.is_parameter
        assert checkpoint.tensors["five.grad"].numpy().tolist() == [0.0, 0.0]
        assert checkpoint.tensors["three"].storage_key == five.storage_key
        assert isinstance(checkpoint.tree["odd"], Record)
        assert checkpoint.problems == []
