"""The bundled reports are what the tool writes today of the bundled checkpoint.

Where a change means to alter reports: `make samples`, and look at the difference before committing it.
"""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from pthreport.document import Report, from_json, to_json
from sample_reports.write_reports import (
    CHECKPOINT,
    ENDINGS,
    FOLDER,
    PAPER,
    TERMINAL,
    environment,
    write_pdf,
    write_reports,
)
from tests.render.paper.opened import Opened, needs_pango

JSON = f"{CHECKPOINT.stem}.json"
NAMES = [*(f"{CHECKPOINT.stem}{ending}" for ending in ENDINGS), TERMINAL]


def report_in(folder: Path) -> Report:
    return from_json((folder / JSON).read_bytes())


def as_committed(report: Report) -> Report:
    """`report` with the libraries' versions and the platform that the committed ones name."""
    there = report_in(FOLDER).provenance
    here = msgspec.structs.replace(report.provenance, libraries=there.libraries, platform=there.platform)
    return msgspec.structs.replace(report, provenance=here)


def near(measured: float, committed: float) -> bool:
    """Whether two figures are the same but for rounding, which differs between processors."""
    return math.isclose(measured, committed, rel_tol=1e-9, abs_tol=1e-12)


def rounded_alike(measured: Any, committed: Any) -> Any:
    """`measured` with the committed figures wherever they are near."""
    if isinstance(measured, float) and isinstance(committed, float):
        return committed if near(measured, committed) else measured
    if isinstance(measured, dict) and isinstance(committed, dict):
        return {key: rounded_alike(item, committed.get(key)) for key, item in measured.items()}
    if isinstance(measured, list) and isinstance(committed, list) and len(measured) == len(committed):
        return [rounded_alike(*pair) for pair in zip(measured, committed, strict=True)]
    return measured


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports as the command writes them now."""
    folder = tmp_path_factory.mktemp("fresh")
    write_reports(folder)
    return folder


@pytest.fixture(scope="module")
def rendered(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fresh reports as they would be with the versions and the platform of the committed ones, and on
    the processor that those were written on.

    Only those, and the last digits of figures, are exchanged, in the JSON; the command then renders
    everything else from it.
    """
    folder = tmp_path_factory.mktemp("rendered")
    source = folder / "source.json"
    measured = json.loads(to_json(as_committed(report_in(fresh))))
    source.write_text(json.dumps(rounded_alike(measured, json.loads((FOLDER / JSON).read_bytes()))))
    command = [sys.executable, "-m", "pthreport", str(source)]
    outputs = [part for name in NAMES if name != TERMINAL for part in ("-o", str(folder / name))]
    subprocess.run([*command, *outputs, "--quiet"], check=True, env=environment(), cwd=folder)
    with (folder / TERMINAL).open("wb") as stream:
        subprocess.run(command, check=True, stdout=stream, env=environment(), cwd=folder)
    return folder


def leaves(part: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Every plain value in `part` with the place where it stands."""
    if isinstance(part, dict):
        for key, item in part.items():
            yield from leaves(item, f"{place}.{key}")
    elif isinstance(part, list | tuple):
        for index, item in enumerate(part):
            yield from leaves(item, f"{place}[{index}]")
    else:
        yield place, part


def test_the_bundled_numbers_are_what_is_measured() -> None:
    """On any machine: words and counts the same, figures but for rounding."""
    import pthreport

    measured = pthreport.analyze(str(CHECKPOINT))
    assert isinstance(measured, Report)
    found = dict(leaves(msgspec.to_builtins(as_committed(measured))))
    expected = dict(leaves(msgspec.to_builtins(report_in(FOLDER))))
    assert found.keys() == expected.keys()
    for place, value in expected.items():
        other = found[place]
        if isinstance(value, float) and isinstance(other, float) and math.isfinite(value):
            assert near(other, value), place
        else:
            assert other == value, place


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_report_is_what_the_command_writes(name: str, rendered: Path) -> None:
    assert (rendered / name).read_bytes() == (FOLDER / name).read_bytes(), (
        f"{name} has changed: run `make samples` if it was meant to, and look at the difference"
    )


@pytest.mark.parametrize("name", NAMES)
def test_rendering_again_from_the_json_gives_the_same_bytes(name: str, fresh: Path, rendered: Path) -> None:
    if (fresh / JSON).read_bytes() == (rendered / JSON).read_bytes():
        assert (fresh / name).read_bytes() == (rendered / name).read_bytes()
    else:
        # Other versions, or another processor: the same lines, but for those that name them.
        assert len((fresh / name).read_bytes().splitlines()) == len(
            (rendered / name).read_bytes().splitlines()
        )


def test_the_bundled_pdf_carries_the_bundled_data() -> None:
    opened = Opened((FOLDER / PAPER).read_bytes())
    attached = {name: content for name, (_, content) in opened.attachments().items()}
    assert attached == {
        "report.json": (FOLDER / JSON).read_bytes(),
        "tensors.csv": (FOLDER / f"{CHECKPOINT.stem}.csv").read_bytes(),
    }


def test_the_bundled_pdf_is_what_the_command_writes(tmp_path: Path) -> None:
    """Up to the breaks of lines and pages, which are the system's."""
    needs_pango()
    (tmp_path / JSON).write_bytes((FOLDER / JSON).read_bytes())
    written, bundled = (Opened(path.read_bytes()) for path in (write_pdf(tmp_path), FOLDER / PAPER))
    assert [title for title, _ in written.bookmarks()] == [title for title, _ in bundled.bookmarks()]
    alternatives = [
        [str(figure["/Alt"]) for figure in opened.structure("Figure")] for opened in (written, bundled)
    ]
    assert alternatives[0] == alternatives[1]
    assert len(written.links()) == len(bundled.links())


def test_the_bundled_checkpoint_holds_what_training_scripts_save() -> None:
    saved = torch.load(CHECKPOINT, weights_only=True)
    assert set(saved) == {
        "epoch",
        "model_state_dict",
        "optimizer_state_dict",
        "scheduler_state_dict",
        "metrics",
        "history",
        "args",
    }
    assert len(saved["history"]["train_loss"]) == saved["epoch"] == saved["args"]["epochs"]
    assert saved["metrics"]["val_accuracy"] > 0.97
    assert len(saved["optimizer_state_dict"]["state"]) == 11
    assert CHECKPOINT.stat().st_size < 1_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_report_says_nothing_of_where_it_was_made(name: str) -> None:
    assert str(FOLDER.parent).encode() not in (FOLDER / name).read_bytes()
