"""What torch.load(weights_only=True) would say, compared with what it says."""

import argparse
import glob
import io
import json
import os
import pickle
import subprocess
import sys
import warnings
import zipfile
from collections import Counter, OrderedDict, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pthreport import analyze
from pthreport.checkpoint import CheckpointError, TorchView, open_checkpoint
from pthreport.checkpoint.torch_allowed import NAMES, REGISTERED, TORCH_VERSION
from tests.checkpoint.files import add_member, rezip, save

LOAD = """
import json, sys, torch, warnings
warnings.simplefilter("ignore")
for line in sys.stdin:
    try:
        torch.load(line.rstrip(chr(10)), weights_only=True, map_location="cpu")
        print("null", flush=True)
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"), flush=True)
"""
CORPUS = Path(os.environ.get("PTHREPORT_HOSTILE", Path(__file__).parents[3] / "shared" / "hostile"))
REAL = os.environ.get("PTHREPORT_REAL", "nowhere")
TESTED = torch.__version__.startswith(TORCH_VERSION)


def refusals(files: list[Path]) -> list[str | None]:
    """What torch says to each file in an interpreter of its own: None where it loads it."""
    ran = subprocess.run(
        [sys.executable, "-c", LOAD],
        input="".join(f"{file}\n" for file in files),
        text=True,
        capture_output=True,
        check=True,
        timeout=300,
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def view(file: Path) -> TorchView:
    with open_checkpoint(file) as checkpoint:
        found = checkpoint.torch_view
    assert found is not None
    return found


def _tensor_with_attribute() -> torch.Tensor:
    tensor = torch.ones(2)
    tensor.label = "x"  # type: ignore[attr-defined]
    return tensor


def _state_dict() -> Any:
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).state_dict()


VALUES: dict[str, Any] = {
    "state dict": _state_dict,
    "parameters": lambda: {"p": nn.Parameter(torch.ones(2)), "a": _tensor_with_attribute()},
    "types": lambda: {
        str(dtype): torch.zeros(4, dtype=dtype)
        for dtype in (torch.bfloat16, torch.uint16, torch.float8_e4m3fn, torch.complex64, torch.bool)
    },
    "plain": lambda: {
        "t": (1, 2.5, None, True, "é", 3 << 40, 1 + 2j),
        "s": {1, 2},
        "b": b"xyz",
        "ba": bytearray(b"q"),
        "c": Counter("aab"),
        "o": OrderedDict(a=1),
        "size": torch.Size([1, 2]),
        "dtype": torch.float32,
        "device": torch.device("cpu"),
        "long text": "x" * 3_000_000,
        "after": [1],
    },
    "quantized": lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "csr": lambda: torch.eye(3).to_sparse_csr(),
    "nested": lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    "jagged": lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged),
    "meta": lambda: torch.empty(2, device="meta"),
    "named text storage": lambda: ["storage", ("storage", "x")],
    "numpy array": lambda: {"a": np.ones(3)},
    "numpy number": lambda: {"a": np.float64(1)},
    "namespace": lambda: argparse.Namespace(a=1),
    "defaultdict": lambda: defaultdict(list),
    "frozenset": lambda: frozenset({1}),
    "large integer": lambda: 1 << 3000,
    "path": lambda: Path("x"),
    "module": lambda: nn.Linear(1, 1),
    "slice": lambda: slice(1, 2),
    "layout": lambda: torch.sparse_csr,
}


@cache
def written(folder: Path) -> dict[str, Path]:
    """A file for each value, in a zip and in the old way, and some in other protocols."""
    files: dict[str, Path] = {}
    for name, make in VALUES.items():
        stem = name.replace(" ", "_")
        files[name] = save(folder / f"{stem}.pt", make())
        if name != "nested":  # torch looks at its sizes before it has read them
            files[f"{name}, legacy"] = save(
                folder / f"{stem}.pth", make(), _use_new_zipfile_serialization=False
            )
    for protocol in (1, 3, 4, 5):
        files[f"protocol {protocol}"] = save(
            folder / f"p{protocol}.pt", {"w": torch.ones(2), "s": {1}}, pickle_protocol=protocol
        )
    bare = folder / "bare.pkl"
    bare.write_bytes(pickle.dumps({"a": 1}, 2))
    files["bare"] = bare
    plain = files["state dict"]
    for name, member in (("stray", "other/x"), ("script", "state_dict/constants.pkl")):
        files[name] = add_member(plain, folder / f"{name}.pt", member, b"x")
    files["no version"] = rezip(plain, folder / "nv.pt", rename=lambda n: None if "version" in n else n)
    files["storage gone"] = rezip(
        plain, folder / "sg.pt", rename=lambda n: None if n.endswith("data/0") else n
    )
    files["deflated"] = rezip(plain, folder / "df.pt", method=zipfile.ZIP_DEFLATED)
    for name, before, after in (("before", 10, 0), ("behind", 0, 9), ("far behind", 0, 70_000)):
        file = folder / f"{name}.pt"
        file.write_bytes(b"j" * before + plain.read_bytes() + b"j" * after)
        files[name] = file
    cut = folder / "cut.pt"
    cut.write_bytes(plain.read_bytes()[:-30])
    files["cut"] = cut
    return files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of what it deprecates
        return written(tmp_path_factory.mktemp("torch"))


@pytest.mark.skipif(not TESTED, reason="another torch has other rules")
def test_agrees_with_torch(files: dict[str, Path]) -> None:
    said = refusals(list(files.values()))
    ours = {name: view(file) for name, file in files.items()}
    assert {name for name, one in ours.items() if one.weights_only} == {
        name for name, error in zip(files, said, strict=True) if error is None
    }
    for name, error in zip(files, said, strict=True):
        stops = ours[name].stops_at
        if error is not None and "Unsupported global" in error:
            assert stops is not None
            assert stops.removeprefix("builtins.").removeprefix("__builtin__.") in error, name


@pytest.mark.skipif(not TESTED, reason="another torch has other rules")
def test_names_are_those_of_torch() -> None:
    from torch._weights_only_unpickler import _get_allowed_globals

    assert set(_get_allowed_globals()) == NAMES


@pytest.mark.skipif(not TESTED, reason="another torch has other rules")
def test_names_that_importing_torch_adds() -> None:
    listing = (
        "import torch; print(*(f'{one.__module__}.{one.__qualname__}' "
        "for one in torch.serialization.get_safe_globals()))"
    )
    ran = subprocess.run([sys.executable, "-c", listing], text=True, capture_output=True, check=True)
    assert set(ran.stdout.split()) == REGISTERED


@pytest.mark.parametrize(
    ("name", "stops_at"),
    [
        ("numpy array", "numpy._core.multiarray._reconstruct"),
        ("namespace", "argparse.Namespace"),
        ("module", "torch.nn.modules.linear.Linear"),
        ("module, legacy", "torch.nn.modules.linear.Linear"),
        ("large integer", "the instruction LONG4"),
        ("protocol 4", "the instruction FRAME"),
    ],
)
def test_where_it_stops(name: str, stops_at: str, files: dict[str, Path]) -> None:
    assert view(files[name]) == TorchView(False, stops_at, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stray", "outside the folder"),
        ("no version", "no version record"),
        ("before", "before the archive"),
        ("far behind", "after the archive"),
        ("bare", "bare pickle"),
        ("script", "TorchScript"),
    ],
)
def test_containers_that_it_refuses(name: str, words: str, files: dict[str, Path]) -> None:
    found = view(files[name])
    assert found.stops_at is None
    assert words in (found.refuses_container or "")


def test_a_safetensors_file_is_read_by_its_ending(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    for name, accepted in (("a.safetensors", True), ("a.bin", False)):
        save_file({"w": torch.ones(2)}, tmp_path / name)
        assert view(tmp_path / name).weights_only is accepted


def test_state_on_what_takes_none(tmp_path: Path) -> None:
    """Instructions that are allowed, on things that are not."""
    plain = save(tmp_path / "p.pt", {})
    for body, words in (
        (b"}}b.", "a state set on dict"),
        (b"}K\x01a.", "no list"),
        (b"]K\x01K\x02s.", "no dict"),
        (b"]K\x01\x85R.", "no imported name"),
        (b"K\x01Q.", "persistent id"),
        (b"h\x07.", "damaged"),
        (b"ccollections\nOrderedDict\n)R}b.", None),
        (b"c__builtin__\nset\n]\x85R.", None),
    ):
        file = rezip(
            plain,
            tmp_path / "q.pt",
            change=lambda n, c, body=body: b"\x80\x02" + body if n.endswith("data.pkl") else c,  # type: ignore[misc]
        )
        try:
            found = view(file)
        except CheckpointError:
            continue
        assert (found.stops_at is None) == (words is None), body
        assert words is None or words in (found.stops_at or "")


def test_the_report_has_it(tmp_path: Path) -> None:
    report = analyze(save(tmp_path / "n.pt", {"w": torch.ones(2), "a": np.ones(2)}))
    assert report.checkpoint.torch is not None
    assert report.checkpoint.torch.stops_at == "numpy._core.multiarray._reconstruct"
    assert not report.checkpoint.torch.weights_only


def test_a_large_pickle_is_followed_across_windows(tmp_path: Path) -> None:
    content = {f"key {i}": "v" * (i % 50) for i in range(60_000)}
    content["last"] = "x"
    file = save(tmp_path / "l.pt", content)
    assert view(file).weights_only
    buffer = io.BytesIO()
    torch.save({**content, "n": np.ones(1)}, buffer)
    file.write_bytes(buffer.getvalue())
    assert view(file).stops_at == "numpy._core.multiarray._reconstruct"


def _others() -> list[Path]:
    """Real files, and the corpus without what is malicious."""
    found: list[Path] = []
    if (CORPUS / "cases.jsonl").exists():
        cases = [json.loads(line) for line in (CORPUS / "cases.jsonl").read_text().splitlines()]
        found += [CORPUS / case["file"] for case in cases if case["cls"] != "malicious"]
    for ending in ("pt", "pth", "pth.tar", "bin", "steg", "jit"):
        found += [Path(name) for name in glob.glob(f"{REAL}/**/*.{ending}", recursive=True)]
    return found


@pytest.mark.skipif(not TESTED or not _others(), reason="no files at hand, or another torch")
def test_agrees_with_torch_on_files_of_others() -> None:
    files = _others()
    for file, error in zip(files, refusals(files), strict=True):
        try:
            found = view(file)
        except CheckpointError:
            assert error is not None, file.name
            continue
        assert found.weights_only == (error is None), (file.name, found, error)
