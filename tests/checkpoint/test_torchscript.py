"""TorchScript archives as torch writes them: scripted, traced, frozen, mobile."""

import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from pthreport.anatomy import describe
from pthreport.checkpoint import Checkpoint, LongBytes, Record, Tensor, open_checkpoint
from pthreport.checkpoint.containers.script_code import classes, literal
from tests.checkpoint.files import rezip, same, save
from tests.real import real


class Block(nn.Module):
    """Parameters, a buffer, a list of numbers and a list of tensors."""

    scale: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.register_buffer("scale", torch.full((4,), 2.0))
        self.names: list[str] = ["a", "b"]
        self.sizes: list[int] = [1, 2, 3]
        self.kept: list[torch.Tensor] = [torch.ones(2), torch.zeros(3)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Nothing deep."""
        return torch.mul(self.norm(self.conv(x)), self.scale.view(1, -1, 1, 1))


class Net(nn.Module):
    """Modules in modules, a tied one, an LSTM, a frozen parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Block()
        self.head = nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1))
        self.out = nn.Linear(2, 5)
        self.tied = self.out
        self.weighting = nn.Parameter(torch.randn(5))
        self.frozen = nn.Parameter(torch.randn(2), requires_grad=False)
        self.rnn = nn.LSTM(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Nothing deep."""
        pooled = self.head(self.block(x)).mean((2, 3))
        return torch.add(self.rnn((self.tied(pooled) * self.weighting)[None])[0], self.frozen.sum())


def net() -> Net:
    torch.manual_seed(0)
    made = Net()
    made.eval()
    return made


@pytest.fixture(autouse=True)
def _torch_may_warn() -> Iterator[None]:
    """torch.jit is deprecated, and says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def write(kind: str, path: Path) -> dict[str, torch.Tensor]:
    """A file of one kind by torch's own writers, and what its module holds."""
    module = net()
    scripted: torch.jit.ScriptModule
    if kind == "traced":
        scripted = torch.jit.trace(module, torch.randn(1, 3, 8, 8))  # type: ignore[no-untyped-call]
    else:
        scripted = torch.jit.script(module)
    if kind == "mobile":
        scripted._save_for_lite_interpreter(str(path))
    else:
        torch.jit.save(scripted, str(path))
    return dict(scripted.state_dict())


@pytest.mark.parametrize("kind", ["scripted", "traced", "mobile"])
def test_weights_are_those_that_torch_has(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "model.pth"
    held = write(kind, file)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == "torchscript"
        assert checkpoint.problems == []
        assert checkpoint.verify() == []
        assert {one.verdict for one in checkpoint.imports} == {"known"}
        found = {path: t for path, t in checkpoint.tensors.items() if t.role in ("parameter", "buffer")}
        assert set(found) == set(held)
        for name in held:
            assert same(found[name].torch(), held[name]), name
        buffers = {name for name, tensor in found.items() if tensor.role == "buffer"}
        assert buffers == {
            "block.scale",
            *(f"block.norm.{one}" for one in ("running_mean", "running_var", "num_batches_tracked")),
        }


def test_module_tree_with_classes_and_constants(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    write("scripted", file)
    with open_checkpoint(file) as checkpoint:
        (model,) = describe(checkpoint).models
    layers = {layer.name: layer for layer in model.described.layer_list}
    conv = layers["block.conv"]
    assert (conv.kind, conv.basis) == ("conv2d", "read")
    assert conv.settings["class"] == "torch.nn.modules.conv.Conv2d"
    assert conv.settings["padding"] == "(1, 1)"
    assert layers["block.norm"].settings["eps"] == "1e-05"
    assert layers["head.2"].settings["class"] == "torch.nn.modules.conv.Conv2d"  # mangled in the file
    assert layers["rnn"].kind == "lstm"
    module = net()
    assert model.described.parameters == sum(one.numel() for one in module.parameters())
    assert model.described.buffers == sum(one.numel() for one in module.buffers())


def test_lists_of_torchscript_are_plain_lists(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    write("scripted", file)
    with open_checkpoint(file) as checkpoint:
        block = checkpoint.tree.state["block"].state
        assert block["sizes"] == [1, 2, 3]
        assert block["names"] == ["a", "b"]
        assert [t.numpy().tolist() for t in block["kept"]] == [[1, 1], [0, 0, 0]]


def test_code_is_listed_and_read_on_demand(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    write("scripted", file)
    with zipfile.ZipFile(file) as archive:
        sources = {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}
    with open_checkpoint(file) as checkpoint:
        code = dict(checkpoint.tree.pairs)["code"]
        assert {f"model/code/{name}" for name in code} == set(sources)
        for name, content in code.items():
            assert isinstance(content, LongBytes)
            assert content.read(0, len(content)) == sources[f"model/code/{name}"]


def test_example_inputs_of_a_trace_have_no_values_and_that_is_no_damage(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    write("traced", file)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.complete
        example = checkpoint.tensors["traced_inputs.forward.0"]
        assert example.shape == (1, 3, 8, 8)
        assert example.absent


def test_frozen_weights_stand_in_the_constants(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    frozen = torch.jit.freeze(torch.jit.script(net()))
    torch.jit.save(frozen, str(file))
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.problems == []
        held = [t.torch() for path, t in checkpoint.tensors.items() if path.startswith("constants.")]
        (model,) = describe(checkpoint).models
    for name, value in net().state_dict().items():
        if name.startswith(("head", "out", "block.scale")):
            assert any(same(one, value) for one in held), name
    assert len(model.found.entries) == len(held)


def test_mobile_storages_beside_the_constants(tmp_path: Path) -> None:
    """Some mobile writers keep every storage as constants/<n>.storage."""
    file = tmp_path / "model.pt"
    held = write("mobile", file)

    def moved(name: str) -> str:
        return name.replace("/data/", "/constants/") + ".storage" if "/data/" in name else name

    with open_checkpoint(rezip(file, tmp_path / "moved.ptl", rename=moved)) as checkpoint:
        assert checkpoint.problems == []
        assert checkpoint.format["mobile"].startswith("bytecode version")
        assert same(checkpoint.tensors["out.weight"].torch(), held["out.weight"])


def test_quantized_weights_are_found_in_their_packed_objects(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    plain = nn.Sequential(nn.Linear(4, 3))
    dynamic = torch.ao.quantization.quantize_dynamic(plain, {nn.Linear})  # type: ignore[no-untyped-call]
    scripted = torch.jit.script(dynamic)
    torch.jit.save(scripted, str(file))
    weight, _bias = dynamic[0]._packed_params._weight_bias()
    with open_checkpoint(file) as checkpoint:
        assert {one.verdict for one in checkpoint.imports} == {"known"}
        (model,) = describe(checkpoint).models
        found = [checkpoint.tensors[entry.path] for entry in model.found.entries]
        assert any(one.shape == (3, 4) and same(one.torch(), weight.dequantize()) for one in found)


def test_a_class_that_the_code_does_not_define_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    write("scripted", file)
    without = rezip(
        file, tmp_path / "without.pt", rename=lambda n: None if n.endswith("/test_torchscript.py") else n
    )
    with open_checkpoint(without) as checkpoint:
        unknown = {one.name for one in checkpoint.imports if one.verdict == "unknown"}
        assert unknown == {"Net", "Block"}
        assert same(checkpoint.tensors["weighting"].torch(), net().weighting)


def test_the_name_alone_makes_nothing_known(tmp_path: Path) -> None:
    """The same names in a file that is no TorchScript have no code that defines them."""
    file = save(tmp_path / "plain.pt", {"w": torch.ones(1)})
    pickle = b"\x80\x02c__torch__.torch.nn.modules.linear\nLinear\n)\x81}X\x01\x00\x00\x00wK\x01sb."
    forged = rezip(file, tmp_path / "f.pt", change=lambda n, c: pickle if n.endswith("data.pkl") else c)
    with open_checkpoint(forged) as checkpoint:
        assert [one.verdict for one in checkpoint.imports] == ["unknown"]
        assert checkpoint.container == "torch-zip"


def test_damaged_code_leaves_the_weights(tmp_path: Path) -> None:
    file = tmp_path / "model.pt"
    write("scripted", file)
    broken = rezip(file, tmp_path / "b.pt", change=lambda n, c: b"\xff\0(" * 50 if n.endswith(".py") else c)
    with open_checkpoint(broken) as checkpoint:
        assert isinstance(checkpoint.tree, Record)
        assert checkpoint.tensors["weighting"].role is None
        assert describe(checkpoint).models[0].described.parameters > 0


def test_classes_of_code() -> None:
    text = (
        "class Conv2d(Module):\n"
        '  __parameters__ = ["weight", "odd\\"name", ]\n'
        "  __buffers__ = []\n"
        "  weight : Tensor\n"
        "  stride : Final[Tuple[int, int]] = (2, 1)\n"
        '  mode : Final[str] = "zeros"\n'
        "  eps : Final[float] = 1.0000000000000001e-05\n"
        "  none : Final[NoneType] = None\n"
        "  call : Final[int] = evil(1)\n"
        "  def forward(self) -> int:\n"
        '    __parameters__ = ["no"]\n'
        "    return 1\n"
        "class Other(NamedTuple):\n"
        "  data : Tensor\n"
        "def function(x: Tensor) -> Tensor:\n"
        "  return x\n"
    )
    first, second = classes(text)
    assert first.parameters == frozenset({"weight", 'odd"name'})
    assert first.constants == {"stride": (2, 1), "mode": "zeros", "eps": 1e-5, "none": None}
    assert (first.role("weight"), first.role("other")) == ("parameter", "attribute")
    assert (second.name, second.base, second.role("data")) == ("Other", "NamedTuple", None)


@pytest.mark.parametrize("text", ["", "(", ")", "(1", "1 2", "[1)", "x", "9" * 50, "(" * 50, "1e", '"a'])
def test_no_literal(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) or "^$"):
        literal(text)


SILERO = real("silero_vad", "silero_vad/data/silero_vad.jit")


@pytest.mark.skipif(not SILERO.exists(), reason="the real file is not at hand")
def test_silero() -> None:
    module = torch.jit.load(str(SILERO))  # type: ignore[no-untyped-call]
    held: dict[str, torch.Tensor] = module.state_dict()
    with open_checkpoint(SILERO) as checkpoint:
        assert len(checkpoint.tensors) == 33
        assert sum(tensor.numel for tensor in checkpoint.tensors.values()) == 545_282
        _clean(checkpoint)
        (model,) = describe(checkpoint).models
        named = {entry.name: checkpoint.tensors[entry.path] for entry in model.found.entries}
        assert set(named) == set(held)
        for name, value in held.items():
            assert same(named[name].torch(), value)


def _clean(checkpoint: Checkpoint) -> None:
    assert checkpoint.problems == []
    assert {one.verdict for one in checkpoint.imports} == {"known"}
    assert all(isinstance(tensor, Tensor) for tensor in checkpoint.tensors.values())
