"""The command line from end to end, in a process of its own where that matters."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from tests.command.command import run


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
