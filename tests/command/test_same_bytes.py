"""The same checkpoint gives the same bytes, in every kind: two processes with other hash seeds, time zones,
locales, folders, names of outputs and numbers of workers."""

import os
import shutil
from pathlib import Path

import pytest

from pthreport.render import FORMATS
from pthreport.render.pdf import PangoMissingError, check_pango
from tests.command.command import run
from tests.conftest import needs_system


def kinds() -> list[str]:
    return [ending.removeprefix(".") for ending in FORMATS]


def test_every_kind_twice(checkpoint: Path, tmp_path: Path) -> None:
    wanted = kinds()
    try:
        check_pango()
    except PangoMissingError:
        wanted.remove("pdf")
    made: list[dict[str, bytes]] = []
    circumstances = (
        ("one", "report", "1", {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"}),
        ("two/deep er", "ein Bericht", "2", {"PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"}),
    )  # fmt: skip
    for folder, name, jobs, environment in circumstances:
        place = tmp_path / folder
        place.mkdir(parents=True)
        shutil.copy(checkpoint, place / "model.pth")
        scratch = place / "tmp"
        scratch.mkdir()
        outputs = [part for kind in wanted for part in ("-o", f"{name}.{kind}")]
        env = {**os.environ, **environment, "TMPDIR": str(scratch)}
        ran = run("model.pth", "--jobs", jobs, "--quiet", *outputs, cwd=place, env=env)
        assert (ran.returncode, ran.stderr) == (0, "")
        made.append({kind: (place / f"{name}.{kind}").read_bytes() for kind in wanted})
        assert not list(scratch.iterdir()), "nothing is left behind"
    for kind in wanted:
        assert made[0][kind] == made[1][kind], kind
        for trace in (str(tmp_path), "Bericht", "Kathmandu"):
            assert trace.encode() not in made[1][kind], kind
    if "pdf" not in wanted:
        needs_system("Pango", False)


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind != "pdf"])
def test_standard_output_gets_the_same(checkpoint: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"r.{kind}"
    options = ("--timestamp", "2026-01-02T03:04:05Z", "--depth", "summary")
    assert run(checkpoint, "-o", path, "--quiet", *options).returncode == 0
    ran = run(checkpoint, "-o", "-", "--format", kind, *options, encoding="utf-8", errors="surrogateescape")
    assert ran.returncode == 0, ran.stderr
    # Read as text, the line ends of CSV are one character.
    written = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    assert ran.stdout == written.replace(str(tmp_path), "")
