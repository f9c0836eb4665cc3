"""How a model divides by kind, by depth and by type of element, in files that torch wrote."""

from pathlib import Path

import pytest
import torch
from torch import nn

from pthreport.anatomy import describe
from pthreport.checkpoint import open_checkpoint
from pthreport.document import Model


def described(state: dict[str, torch.Tensor], path: Path) -> Model:
    torch.save(state, path / "file.pth")
    with open_checkpoint(path / "file.pth") as checkpoint:
        return describe(checkpoint).models[0].described


class Encoder(nn.Module):
    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 8)
        self.layers = nn.ModuleList(
            nn.ModuleDict({"lin": nn.Linear(8, 16), "out": nn.Linear(16, 8), "norm": nn.LayerNorm(8)})
            for _ in range(blocks)
        )
        self.head = nn.Linear(8, 50, bias=False)


def test_each_division_holds_everything_once(tmp_path: Path) -> None:
    net = Encoder(3)
    net.head.weight = net.embedding.weight
    net.layers[1].half()
    state = net.state_dict() | {"layers.0.norm.num_batches_tracked": torch.tensor(3)}
    model = described(state, tmp_path)
    parameters = sum(p.numel() for p in net.parameters())
    size = sum(p.numel() * p.element_size() for p in net.parameters()) + 8
    for divided in (model.by_kind, model.by_depth, model.by_dtype):
        assert sum(amount.parameters for amount in divided.values()) == parameters
        assert sum(amount.buffers for amount in divided.values()) == 1
        assert sum(amount.bytes for amount in divided.values()) == size
    assert model.by_kind["embedding"].parameters == 400
    assert model.by_kind["linear"].layers == 6  # the tied head has nothing of its own
    half = model.by_dtype["float16"]
    assert (half.tensors, half.layers) == (6, 3)
    assert half.parameters == sum(p.numel() for p in net.layers[1].parameters())
    assert half.bytes == 2 * half.parameters
    assert list(model.by_dtype) == ["float32", "float16", "int64"]


def test_depth_goes_by_the_members_of_lists(tmp_path: Path) -> None:
    model = described(Encoder(12).state_dict(), tmp_path)
    assert list(model.by_depth) == ["embedding", *(f"layers.{n}" for n in range(12)), "head"]
    assert model.by_depth["layers.7"].layers == 3


def test_a_list_inside_a_block_is_not_taken_apart(tmp_path: Path) -> None:
    def block() -> nn.Sequential:
        return nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))

    state = nn.ModuleDict({"blocks": nn.Sequential(block(), block(), block())}).state_dict()
    assert list(described(state, tmp_path).by_depth) == ["blocks.0", "blocks.1", "blocks.2"]


def test_what_holds_more_than_half_is_taken_apart(tmp_path: Path) -> None:
    net = nn.ModuleDict(
        {
            "stem": nn.Linear(2, 2),
            "body": nn.ModuleDict({"a": nn.Linear(50, 50), "b": nn.Linear(50, 50)}),
            "tail": nn.ModuleDict({"c": nn.Linear(3, 3), "d": nn.Linear(3, 3)}),
        }
    )
    assert list(described(net.state_dict(), tmp_path).by_depth) == ["stem", "body.a", "body.b", "tail"]


def test_lists_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    """As safetensors sorts its names."""
    state = dict(sorted(Encoder(12).state_dict().items()))
    model = described(state, tmp_path)
    names = [layer.name for layer in model.layer_list]
    assert names[:2] == ["embedding", "head"]
    assert [name for name in names if name.endswith(".lin")] == [f"layers.{n}.lin" for n in range(12)]
    assert names[2:5] == ["layers.0.lin", "layers.0.norm", "layers.0.out"]
    assert [m.name for m in model.modules if m.depth == 2] == [f"layers.{n}" for n in range(12)]


@pytest.mark.parametrize(
    "state",
    [
        {"weight": torch.zeros(0, 3)},
        {"a.weight": torch.zeros(0), "a.b.c.weight": torch.zeros(2, 0)},
        {"..": torch.zeros(2), ".weight": torch.zeros(2, 2), "0": torch.zeros(1), "0.0": torch.zeros(1)},
        {"a.1.w": torch.zeros(2), "a.01.w": torch.zeros(2), "a.001.w": torch.zeros(2)},
        {".".join(["x"] * 300): torch.zeros(2), "x.weight": torch.zeros(3)},
        {"a.99999999999999999999.w": torch.zeros(2), "a.1.w": torch.zeros(2), "a.\u0663.w": torch.zeros(2)},
    ],
)
def test_odd_names_and_empty_tensors(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    model = described(state, tmp_path)
    for divided in (model.by_kind, model.by_depth, model.by_dtype):
        assert sum(amount.parameters + amount.buffers for amount in divided.values()) == sum(
            t.numel() for t in state.values()
        )
