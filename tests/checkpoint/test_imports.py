"""The list of imports: verdicts, reasons, uses, places."""

import pickle
from pathlib import Path

import pytest
import torch

from pthreport.checkpoint import CheckpointError, ImportUse, Limits, open_checkpoint
from pthreport.checkpoint.verdicts import judge
from tests.checkpoint.files import save


def imports_of(tmp_path: Path, content: bytes, limits: Limits | None = None) -> dict[str, ImportUse]:
    file = tmp_path / "x.pkl"
    file.write_bytes(content)
    with open_checkpoint(file, limits) as checkpoint:
        return {f"{one.module}.{one.name}": one for one in checkpoint.imports}


@pytest.mark.parametrize(
    ("module", "name", "verdict"),
    [
        ("torch._utils", "_rebuild_tensor_v2", "known"),
        ("torch", "FloatStorage", "known"),
        ("torch", "bfloat16", "known"),
        ("collections", "OrderedDict", "known"),
        ("numpy._core.multiarray", "_reconstruct", "known"),
        ("torch.nn.modules.conv", "Conv2d", "known"),
        ("__builtin__", "set", "known"),
        ("os", "system", "dangerous"),
        ("posix", "system", "dangerous"),
        ("subprocess", "Popen", "dangerous"),
        ("builtins", "eval", "dangerous"),
        ("__builtin__", "getattr", "dangerous"),
        ("torch", "load", "dangerous"),
        ("torch.hub", "load", "dangerous"),
        ("torch.storage", "_load_from_bytes", "dangerous"),
        ("runpy", "run_path", "dangerous"),
        ("pickle", "loads", "dangerous"),
        ("pathlib", "os.system", "dangerous"),
        ("torch.serialization", "os.system", "dangerous"),
        ("numpy", "__builtins__", "dangerous"),
        ("collections", "OrderedDict.fromkeys", "unknown"),
        ("osx", "system", "unknown"),
        ("my.models", "Net", "unknown"),
        ("__main__", "Net", "unknown"),
        ("torch", "anything", "unknown"),
    ],
)
def test_verdicts_are_exact(module: str, name: str, verdict: str) -> None:
    found, why = judge(module, name)
    assert found == verdict
    assert why.endswith(".")
    assert len(why) > 12


def test_uses_counts_and_places(tmp_path: Path) -> None:
    content = (
        b"\x80\x02}(X\x01\x00\x00\x00acmy\nThing\nq\x00)\x81}X\x01\x00\x00\x00xK\x01sb"
        b"X\x01\x00\x00\x00bh\x00)\x81X\x01\x00\x00\x00ccos\nsystem\nu."
    )
    found = imports_of(tmp_path, content)
    assert found["my.Thing"].uses == ("imported", "called", "built")
    assert found["my.Thing"].count == 2
    assert found["my.Thing"].places == ("a", "b")
    assert found["os.system"].uses == ("imported",)
    assert found["os.system"].places == ("c",)
    assert found["os.system"].offset == content.index(b"cos")


def test_a_popped_call_is_still_listed(tmp_path: Path) -> None:
    found = imports_of(tmp_path, b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00a\x85R0}.")
    assert found["os.system"].uses == ("imported", "called")
    assert found["os.system"].places == ()


@pytest.mark.parametrize("code", [b"\x82\x05", b"\x83\x05\x00", b"\x84\x05\x00\x00\x00"])
def test_extension_codes_are_listed_not_resolved(tmp_path: Path, code: bytes) -> None:
    found = imports_of(tmp_path, b"\x80\x02" + code + b".")
    assert found["copyreg.extension code 5"].verdict == "unknown"


def test_names_are_kept_exactly(tmp_path: Path) -> None:
    content = b"\x80\x04\x8c\x04os\nx\x8c\x03a b\x93."
    assert "os\nx.a b" in imports_of(tmp_path, content)


def test_names_do_not_break_a_line(tmp_path: Path) -> None:
    file = tmp_path / "x.pt"
    storage = b"(X\x07\x00\x00\x00storage\x8c\x03a\nb\x8c\x02\x1b[\x93X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQ."
    start: list[object] = [0x1950A86A20F9469CFC6C, 1001, {}]
    head = b"".join(pickle.dumps(one, 2) for one in start)
    file.write_bytes(head + b"\x80\x04" + storage + pickle.dumps([], 2))
    try:
        with open_checkpoint(file) as checkpoint:
            texts = [problem.text for problem in checkpoint.problems]
    except CheckpointError as error:
        texts = [error.message]
    assert any("a\\x0ab.\\x1b[" in text for text in texts)
    assert all(text.isprintable() for text in texts)


def test_dangerous_names_are_left_out_last(tmp_path: Path) -> None:
    many = b"".join(b"cm%d\nx\n0" % number for number in range(50))
    file = tmp_path / "x.pkl"
    file.write_bytes(b"\x80\x02" + many + b"cos\nsystem\n.")
    with open_checkpoint(file, Limits(imports=10)) as checkpoint:
        assert len(checkpoint.imports) == 10
        assert checkpoint.imports_left_out == 41
        assert checkpoint.imports[-1].name == "system"


def test_a_module_pickled_whole_is_known_but_for_its_own_class(tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU())
    with open_checkpoint(save(tmp_path / "net.pt", net)) as checkpoint:
        assert {one.verdict for one in checkpoint.imports} == {"known"}
        assert "_modules.0._parameters.weight" in checkpoint.tensors
        assert checkpoint.tree.type_name == "torch.nn.modules.container.Sequential"
        conv = checkpoint.tree.state["_modules"]["0"]
        assert conv.state["kernel_size"] == (3, 3)


def test_nothing_is_imported(tmp_path: Path) -> None:
    import sys

    content = b"\x80\x02cthis_module_cannot\nexist\n)R."
    assert "antigravity" not in sys.modules
    found = imports_of(tmp_path, b"\x80\x02cantigravity\nfly\n)R.")
    assert found["antigravity.fly"].verdict == "dangerous"
    assert "antigravity" not in sys.modules
    assert imports_of(tmp_path, content)["this_module_cannot.exist"].verdict == "unknown"


def test_source_text_of_old_files_is_kept(tmp_path: Path) -> None:
    identity = ("module", Marker, "net.py", "class Marker: pass")
    content = _legacy(identity)
    file = tmp_path / "old.pt"
    file.write_bytes(content)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tree.source == "class Marker: pass"
        assert checkpoint.tree.source_file == "net.py"


class Marker:
    """A class that an old file carries the source of."""


def _legacy(identity: tuple[object, ...]) -> bytes:
    head = b"".join(
        pickle.dumps(one, 2)
        for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True, "protocol_version": 1001})
    )
    body = pickle.dumps(identity, 2)[:-1] + b"Q)\x81."
    return head + body + pickle.dumps([], 2)
