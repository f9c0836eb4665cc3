"""The command line from end to end, in a process of its own where that matters."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pthreport.cli import LATER, main


def run(*arguments: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pthreport", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(288, 10))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(4, 3, 8, 8)).sum().backward()
    optimizer.step()
    path = tmp_path_factory.mktemp("files") / "model.pth"
    torch.save({"epoch": 3, "state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
    return path


def test_all_formats_from_one_run(checkpoint: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / f"r{ending}" for ending in (".html", ".json", ".md", ".csv")]
    done = run(checkpoint, *(word for o in outputs for word in ("-o", o)))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    page, data, summary, table = (o.read_text() for o in outputs)
    assert page.lower().startswith("<!doctype html>")
    assert "3,130" in summary
    assert len(table.splitlines()) == 1 + len(json.loads(data)["tensors"])
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(o.name for o in outputs), (
        "nothing else is left"
    )


def test_the_json_keeps_the_contract(checkpoint: Path, tmp_path: Path) -> None:
    run(checkpoint, "-o", tmp_path / "r.json")
    data = json.loads((tmp_path / "r.json").read_text())
    assert data["schema_version"] == "1.0"
    assert set(data["tool"]) >= {"name", "version"}
    assert set(data["checkpoint"]) >= {"name", "size", "sha256", "container", "complete", "problems"}
    assert data["checkpoint"]["container"] == "torch-zip"
    assert data["checkpoint"]["size"] == checkpoint.stat().st_size
    for tensor in data["tensors"]:
        assert set(tensor) >= {
            "path", "model", "name", "shape", "dtype", "numel", "nbytes", "shares_storage_with", "status", "reason", "statistics"
        }  # fmt: skip
        assert set(tensor["statistics"]) >= {
            "mean", "std", "min", "max", "absmax", "rms", "l1", "l2", "skewness", "kurtosis", "zeros", "nan", "posinf",
            "neginf", "quantiles",
        }  # fmt: skip
    for model in data["models"]:
        assert set(model) >= {"key", "parameters", "buffers", "bytes", "layers"}
        for layer in model["layers"]:
            assert set(layer) >= {"name", "kind", "tensors", "spectrum"}
    for finding in data["findings"]:
        assert set(finding) >= {
            "check", "threshold", "why", "remedy", "reference", "status", "severity", "title", "where", "evidence"
        }  # fmt: skip
    for name in data["imports"]:
        assert set(name) >= {"module", "name", "verdict", "why"}


def test_rendering_again_gives_the_same_bytes(checkpoint: Path, tmp_path: Path) -> None:
    run(
        checkpoint,
        "-o",
        tmp_path / "a.json",
        "-o",
        tmp_path / "a.html",
        "-o",
        tmp_path / "a.md",
        "-o",
        tmp_path / "a.csv",
    )
    again = run(
        tmp_path / "a.json",
        *(w for e in ("html", "md", "csv", "json") for w in ("-o", tmp_path / f"b.{e}")),
    )
    assert again.returncode == 0, again.stderr
    for ending in ("html", "md", "csv", "json"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes(), ending


def test_the_same_bytes_whatever_surrounds_the_run(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / checkpoint.name
    copy.write_bytes(checkpoint.read_bytes())
    made = []
    for source, jobs, seed, zone in ((checkpoint, "1", "1", "UTC"), (copy, "3", "2", "Asia/Tokyo")):
        out = tmp_path / f"out{jobs}"
        out.mkdir()
        done = run(source, "--jobs", jobs, "-o", out / f"x{jobs}.html", "-o", out / f"x{jobs}.json", env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone})  # fmt: skip
        assert done.returncode == 0, done.stderr
        made.append([(out / f"x{jobs}{e}").read_bytes() for e in (".html", ".json")])
    assert made[0] == made[1]


def test_summary_without_outputs(checkpoint: Path) -> None:
    done = run(checkpoint)
    assert done.returncode == 0
    for word in ("model.pth", "AdamW", "state_dict", "conv2d", "epoch 3", "SHA-256"):
        assert word in done.stdout
    assert "\x1b" not in done.stdout, "no escape codes into a pipe"


def test_show(checkpoint: Path) -> None:
    done = run(checkpoint, "--show", "0.weight")
    assert done.returncode == 0, done.stderr
    for word in (
        "state_dict.0.weight",
        "8 × 3 × 3 × 3",
        "float32",
        "conv2d",
        "quantiles",
        "[0, 0, 0:3, 0:3]",
    ):
        assert word in done.stdout, word
    weight = torch.load(checkpoint, weights_only=True)["state_dict"]["0.weight"]
    assert (
        np.format_float_positional(weight[0, 0, 0, 0].numpy(), unique=True).lstrip("-")[:6] in done.stdout
    )
    several = run(checkpoint, "--show", "*.running_*")
    assert "state_dict.1.running_mean" in several.stdout
    assert "state_dict.1.running_var" in several.stdout


def test_show_of_an_unknown_name_gives_the_nearest(checkpoint: Path) -> None:
    done = run(checkpoint, "--show", "0.wieght")
    assert done.returncode == 2
    assert "0.weight" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_export(checkpoint: Path, tmp_path: Path) -> None:
    done = run(checkpoint, "--export", tmp_path / "out", "--tensors", "state_dict.0.*")
    assert done.returncode == 0, done.stderr
    weights = torch.load(checkpoint, weights_only=True)["state_dict"]
    exported = {p.name: np.load(p, allow_pickle=False) for p in (tmp_path / "out").iterdir()}
    assert set(exported) == {"state_dict.0.weight.npy", "state_dict.0.bias.npy"}
    assert np.array_equal(exported["state_dict.0.weight.npy"], weights["0.weight"].numpy())


def test_tensors_limits_what_is_measured(checkpoint: Path, tmp_path: Path) -> None:
    run(checkpoint, "--tensors", "0.*", "-o", tmp_path / "r.json")
    tensors = json.loads((tmp_path / "r.json").read_text())["tensors"]
    assert {t["path"] for t in tensors if t["status"] == "complete"} == {
        "state_dict.0.weight",
        "state_dict.0.bias",
    }
    assert all(t["reason"] for t in tensors if t["status"] == "skipped")


def test_depth_summary_reads_no_values(checkpoint: Path, tmp_path: Path) -> None:
    done = run(checkpoint, "--depth", "summary", "-o", tmp_path / "r.json", "-o", tmp_path / "r.html")
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "r.json").read_text())
    assert data["checkpoint"]["sha256"]
    assert all(t["statistics"] is None for t in data["tensors"])
    assert data["models"][0]["parameters"] > 0


def test_standard_input_and_output(checkpoint: Path) -> None:
    with checkpoint.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "pthreport", "-", "-o", "-", "--format", "json"],
            stdin=file,
            capture_output=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["checkpoint"]["name"] == "standard input"
    assert data["checkpoint"]["complete"] is True


def test_schema_describes_the_json() -> None:
    done = run("--json-schema")
    schema = json.loads(done.stdout)
    assert schema["$schema"].endswith("2020-12/schema")
    assert "Statistics" in schema["$defs"]


def refused(capsys: pytest.CaptureFixture[str], arguments: Sequence[str | Path], code: int = 2) -> str:
    assert main([str(a) for a in arguments]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 1, shown.err
    assert lines[0].startswith("pthreport: ")
    return lines[0]


FOREIGN: list[tuple[str, bytes, str]] = [
    ("page.pth", b"<!DOCTYPE html><html><body>404</body></html>", "HTML"),
    ("pointer.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "Git LFS"),
    ("empty.pth", b"", "empty"),
    ("noise.pth", b"\x00\x01\x02\x03 nothing in particular", ""),
    ("text.pth", b"hello, world\n", ""),
]


@pytest.mark.parametrize(("name", "content", "word"), FOREIGN)
def test_what_is_no_checkpoint_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, word: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    line = refused(capsys, [path])
    assert word in line
    assert name in line


def test_places_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in refused(capsys, [tmp_path / "missing.pth"])
    assert "folder" in refused(capsys, [tmp_path])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "locked.pth"
    path.write_bytes(checkpoint.read_bytes())
    path.chmod(0)
    assert "permission" in refused(capsys, [path])


def test_a_truncated_file_is_named_as_such(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.pth"
    path.write_bytes(checkpoint.read_bytes()[:3000])
    done = run(path, "-o", tmp_path / "r.json", "--fail-on", "error")
    if done.returncode == 2:
        assert len(done.stderr.splitlines()) == 1
    else:
        assert done.returncode == 1
        assert json.loads((tmp_path / "r.json").read_text())["checkpoint"]["complete"] is False


def test_outputs_that_cannot_be_written(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "does not exist" in refused(capsys, [checkpoint, "-o", tmp_path / "no" / "r.html"])
    (tmp_path / "d.html").mkdir()
    assert "is a folder" in refused(capsys, [checkpoint, "-o", tmp_path / "d.html"])
    assert "ending" in refused(capsys, [checkpoint, "-o", tmp_path / "r.docx"])
    assert "not there yet" in refused(capsys, [checkpoint, "-o", tmp_path / "r.sarif"])
    same = tmp_path / "r.json"
    same.write_bytes(checkpoint.read_bytes())
    assert "overwritten" in refused(capsys, [same, "-o", same])
    assert same.read_bytes() == checkpoint.read_bytes()


@pytest.mark.parametrize("option", sorted(LATER))
def test_options_of_the_contract_that_are_not_there_yet_say_so(
    checkpoint: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert "not there yet" in refused(capsys, [checkpoint, option])


def test_wrong_usage(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, [])
    refused(capsys, [checkpoint, "--no-such-option"])
    refused(capsys, [checkpoint, "--jobs", "0"])
    refused(capsys, [checkpoint, "-o", "-"])
    refused(capsys, [checkpoint, "--format", "json"])
    refused(capsys, [checkpoint, "-o", "-", "--format", "docx"])


def test_a_report_that_is_broken_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"schema_version": "1.0", "tool": 3}')
    assert "not a pthreport report" in refused(capsys, [path])


def test_gate(tmp_path: Path) -> None:
    weights = nn.Linear(20, 4).state_dict()
    torch.save(weights, tmp_path / "good.pth")
    weights["weight"][0, 0] = float("nan")
    torch.save(weights, tmp_path / "bad.pth")
    assert run(tmp_path / "good.pth", "--fail-on", "warning").returncode == 0
    assert run(tmp_path / "bad.pth").returncode == 0
    done = run(tmp_path / "bad.pth", "--fail-on", "error", "-o", tmp_path / "r.html")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "NaN" in done.stderr
    assert (tmp_path / "r.html").exists()


def test_an_error_of_ours_is_one_line(
    checkpoint: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pthreport.analysis

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("nought")

    monkeypatch.setattr(pthreport.analysis, "describe", broken)
    monkeypatch.delenv("PTHREPORT_DEBUG", raising=False)
    assert "ZeroDivisionError: nought" in refused(capsys, [checkpoint], code=3)
    monkeypatch.setenv("PTHREPORT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main([str(checkpoint)])


def test_interrupted(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pthreport.analysis

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pthreport.analysis, "measure", interrupt)
    refused(capsys, [checkpoint, "-o", tmp_path / "r.html"], code=130)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_is_no_error(checkpoint: Path) -> None:
    command = f"{sys.executable} -m pthreport {checkpoint} -o - --format json | head -c 10"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == ""
    assert len(done.stdout) == 10


def on_a_terminal(arguments: Sequence[str | Path]) -> str:
    """What the command writes to standard error when that is a terminal."""
    master, slave = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "pthreport", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        env=environment,
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # Linux says so when the other side is gone
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert process.wait(timeout=120) == 0
    return shown.decode()


def test_progress_only_on_a_terminal(checkpoint: Path, tmp_path: Path) -> None:
    assert "model.pth" in on_a_terminal([checkpoint, "-o", tmp_path / "r.json"])
    assert on_a_terminal([checkpoint, "-o", tmp_path / "r.json", "--quiet"]) == ""
    assert run(checkpoint, "-o", tmp_path / "r.json").stderr == ""
