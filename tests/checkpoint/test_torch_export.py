"""Exported programs: as torch.export.save writes them, and in the layout before torch 2.8."""

import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.testing._internal.two_tensor import TwoTensor

from pthreport.anatomy import describe
from pthreport.checkpoint import LongBytes, open_checkpoint
from pthreport.checkpoint.containers.payloads import SCALAR_TYPES
from tests.checkpoint.files import rezip, same, saved_bytes


class Net(nn.Module):
    """Tied layers, a buffer that is not saved, a constant, other types and strides."""

    hidden: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.norm = nn.BatchNorm1d(4)
        self.tied = self.first
        self.constant = torch.arange(3.0)
        self.register_buffer("hidden", torch.ones(2), persistent=False)
        self.brain = nn.Parameter(torch.randn(4).bfloat16())
        self.empty = nn.Parameter(torch.zeros(0, 3))
        self.columns = nn.Parameter(torch.randn(4, 3).T)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Everything is used."""
        scaled = self.norm(self.tied(torch.mul(x, self.constant))) * self.hidden.sum()
        return torch.add(scaled + self.brain.float(), self.columns.sum())


@pytest.fixture(autouse=True)
def _torch_may_warn() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def program() -> torch.export.ExportedProgram:
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.export(Net().eval(), (torch.randn(2, 3),))


@pytest.fixture
def written(program: torch.export.ExportedProgram, tmp_path: Path) -> Path:
    file = tmp_path / "net.pt2"
    torch.export.save(program, file, extra_files={"note.txt": "hello"})
    return file


def test_weights_are_those_of_the_program(program: torch.export.ExportedProgram, written: Path) -> None:
    with open_checkpoint(written) as checkpoint:
        assert checkpoint.container == "torch-export"
        assert checkpoint.problems == []
        assert checkpoint.verify() == []
        assert {one.verdict for one in checkpoint.imports} == {"known"}
        for name, value in program.state_dict.items():
            tensor = checkpoint.tensors[f"state_dict.{name}"]
            assert same(tensor.torch(), value), name
            assert tensor.is_parameter == isinstance(value, nn.Parameter)
            assert tensor.strides == tuple(value.stride())
        for name, constant in program.constants.items():
            assert same(checkpoint.tensors[f"constants.{name}"].torch(), constant)
        first, tied = (checkpoint.tensors[f"state_dict.{one}.weight"] for one in ("first", "tied"))
        assert first.storage_key == tied.storage_key
        assert program.example_inputs is not None
        inputs = [t for path, t in checkpoint.tensors.items() if path.startswith("sample_inputs.")]
        assert same(inputs[0].torch(), program.example_inputs[0][0])


def test_the_model_and_its_classes(program: torch.export.ExportedProgram, written: Path) -> None:
    with open_checkpoint(written) as checkpoint:
        (model,) = describe(checkpoint).models
        assert checkpoint.tree["program"]["operators"]["torch.ops.aten.linear.default"] == 1
        note = checkpoint.tree["extra"]["note.txt"]
        assert isinstance(note, LongBytes)
        assert note.read(0, 99) == b"hello"
    layers = {layer.name: layer for layer in model.described.layer_list}
    assert (layers["norm"].kind, layers["norm"].basis) == ("batchnorm", "read")
    buffers = sum(value.numel() for name, value in program.state_dict.items() if "running" in name)
    assert model.described.buffers == buffers + 1


def test_several_programs_in_one_archive(program: torch.export.ExportedProgram, tmp_path: Path) -> None:
    from torch.export.pt2_archive._package import package_pt2

    file = tmp_path / "two.pt2"
    package_pt2(file, exported_programs={"a": program, "b": program})
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.problems == []
        value = program.state_dict["first.weight"]
        for name in ("a", "b"):
            assert same(checkpoint.tensors[f"{name}.state_dict.first.weight"].torch(), value)


def test_payloads_that_are_pickles_are_read_by_the_same_machine(written: Path, tmp_path: Path) -> None:
    evil = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."
    wrapped = saved_bytes(TwoTensor(torch.ones(4), torch.zeros(4)))  # type: ignore[no-untyped-call]
    replaced = {"first.bias": wrapped, "norm.bias": _with_pickle(evil, tmp_path)}

    def pickled(config: dict[str, Any]) -> None:
        for name in replaced:
            config[name] |= {"use_pickle": True, "path_name": f"weight_{name}"}

    file = _change(written, tmp_path / "p.pt2", pickled)
    with zipfile.ZipFile(file, "a") as archive:
        for name, content in replaced.items():
            archive.writestr(f"net/data/weights/weight_{name}", content)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tensors["state_dict.first.bias.a"].numpy().tolist() == [1] * 4
        assert "os.system" in {f"{one.module}.{one.name}" for one in checkpoint.imports}


def _with_pickle(content: bytes, folder: Path) -> bytes:
    plain = folder / "plain.pt"
    torch.save({}, plain)
    changed = rezip(plain, folder / "changed.pt", change=lambda n, c: content if "data.pkl" in n else c)
    return changed.read_bytes()


def _change(file: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The archive with another table of weights."""

    def rewritten(name: str, content: bytes) -> bytes:
        if not name.endswith("_weights_config.json"):
            return content
        table = json.loads(content)
        change(table["config"])
        return json.dumps(table).encode()

    return rezip(file, target, change=rewritten)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("dtype", 99, "unknown number 99"),
        ("dtype", "float", "unknown number"),
        ("sizes", [{"as_int": -1}], "no number"),
        ("sizes", [{"as_expr": {"expr_str": "s0"}}], "no number"),
        ("sizes", [{"as_int": 1}] * 65, "limit rank is 64"),
        ("sizes", [{"as_int": 1 << 40}, {"as_int": 1 << 40}], "memory addresses"),
        ("sizes", [{"as_int": 4}], "1 sizes but 2 strides"),
        ("sizes", [{"as_int": 400}, {"as_int": 3}], "the storage has"),
        ("layout", 1, "layout"),
    ],
)
def test_tables_that_lie(key: str, value: Any, words: str, written: Path, tmp_path: Path) -> None:
    def lie(config: dict[str, Any]) -> None:
        config["first.weight"]["tensor_meta"][key] = value

    with open_checkpoint(_change(written, tmp_path / "l.pt2", lie)) as checkpoint:
        assert not checkpoint.complete
        assert any(words in problem.text for problem in checkpoint.problems)
        assert checkpoint.tensors["state_dict.norm.weight"].problem is None


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 100_000, b'{"config": 1}', b"9" * 9_000])
def test_a_table_that_is_none(content: bytes, written: Path, tmp_path: Path) -> None:
    file = rezip(
        written, tmp_path / "n.pt2", change=lambda n, c: content if n.endswith("weights_config.json") else c
    )
    with open_checkpoint(file) as checkpoint:
        assert not checkpoint.complete
        assert "constants.constant" in checkpoint.tensors


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"[" * 100_000, b'{"graph_module": {"graph": {"nodes": [1]}}}']
)
def test_a_program_that_is_none_leaves_the_weights(content: bytes, written: Path, tmp_path: Path) -> None:
    file = rezip(written, tmp_path / "n.pt2", change=lambda n, c: content if "/models/" in n else c)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tensors["state_dict.first.weight"].role == "parameter"


def test_a_payload_that_is_missing(written: Path, tmp_path: Path) -> None:
    file = rezip(written, tmp_path / "m.pt2", rename=lambda n: None if n.endswith("/weight_0") else n)
    with open_checkpoint(file) as checkpoint:
        assert not checkpoint.complete
        assert "has no member" in checkpoint.problems[0].text


def test_native_code_is_told(written: Path, tmp_path: Path) -> None:
    target = tmp_path / "native.pt2"
    target.write_bytes(written.read_bytes())
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("net/data/aotinductor/model/x.so", b"\x7fELF")
    with open_checkpoint(target) as checkpoint:
        assert any("native code" in problem.text for problem in checkpoint.problems)


def test_the_layout_before_torch_2_8(
    program: torch.export.ExportedProgram, written: Path, tmp_path: Path
) -> None:
    """Torch no longer writes it: made of the new one's program and torch.save, as it was."""
    with zipfile.ZipFile(written) as archive:
        text = archive.read("net/models/model.json")
    file = tmp_path / "old.pt2"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("version", "8.4")
        archive.writestr("serialized_exported_program.json", text)
        archive.writestr("serialized_state_dict.pt", saved_bytes(program.state_dict))
        archive.writestr("serialized_constants.pt", saved_bytes(program.constants))
        archive.writestr("serialized_example_inputs.pt", saved_bytes(program.example_inputs))
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == "torch-export"
        assert checkpoint.problems == []
        assert checkpoint.format["schema version"] == "8.4"
        for name, value in program.state_dict.items():
            tensor = checkpoint.tensors[f"state_dict.{name}"]
            assert same(tensor.torch(), value)
            assert (tensor.role == "parameter") == isinstance(value, nn.Parameter)
        (model,) = describe(checkpoint).models
        assert {layer.name: layer.basis for layer in model.described.layer_list}["norm"] == "read"


def test_element_types_are_those_of_torch() -> None:
    from torch._export.serde.schema import ScalarType
    from torch._export.serde.serialize import _SERIALIZE_TO_TORCH_DTYPE

    theirs = {int(number): str(dtype) for number, dtype in _SERIALIZE_TO_TORCH_DTYPE.items()}
    assert {number: f"torch.{dtype.name}" for number, dtype in SCALAR_TYPES.items()} == theirs
    assert set(theirs) == {int(one) for one in ScalarType} - {0}


def test_a_stream_reads_the_same(program: torch.export.ExportedProgram, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    file = tmp_path / "any.bin"
    file.write_bytes(buffer.getvalue())
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == "torch-export"
        assert checkpoint.complete
