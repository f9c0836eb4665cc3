"""The bundled reports are what the tool writes today of the bundled checkpoint.

Where a change means to alter reports: `make samples`, and look at the difference before committing it.
"""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch

from pthreport.document import Provenance, from_json, to_json
from sample_reports.write_reports import CHECKPOINT, ENDINGS, FOLDER, TERMINAL, environment, write_reports

NAMES = [f"{CHECKPOINT.stem}{ending}" for ending in ENDINGS]
JSON = f"{CHECKPOINT.stem}.json"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports as the command writes them now."""
    folder = tmp_path_factory.mktemp("fresh")
    write_reports(folder)
    return folder


@pytest.fixture(scope="module")
def rendered(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fresh reports as they would be with the libraries and the platform of the committed ones.

    Only those two facts are exchanged, in the JSON; the command then renders everything else from it.
    """
    folder = tmp_path_factory.mktemp("rendered")
    report = from_json((fresh / JSON).read_bytes())
    committed = provenance(FOLDER)
    here = msgspec.structs.replace(
        report.provenance, libraries=committed.libraries, platform=committed.platform
    )
    source = folder / "source.json"
    source.write_bytes(to_json(msgspec.structs.replace(report, provenance=here)))
    command = [sys.executable, "-m", "pthreport", str(source)]
    outputs = [part for name in NAMES for part in ("-o", str(folder / name))]
    subprocess.run([*command, *outputs, "--quiet"], check=True, env=environment(), cwd=folder)
    with (folder / TERMINAL).open("wb") as stream:
        subprocess.run(command, check=True, stdout=stream, env=environment(), cwd=folder)
    return folder


def provenance(folder: Path) -> Provenance:
    return from_json((folder / JSON).read_bytes()).provenance


@pytest.mark.parametrize("name", [*NAMES, TERMINAL])
def test_a_bundled_report_is_what_the_command_writes(name: str, rendered: Path) -> None:
    assert (rendered / name).read_bytes() == (FOLDER / name).read_bytes(), (
        f"{name} has changed: run `make samples` if it was meant to, and look at the difference"
    )


@pytest.mark.parametrize("name", [*NAMES, TERMINAL])
def test_rendering_again_from_the_json_gives_the_same_bytes(name: str, fresh: Path, rendered: Path) -> None:
    if provenance(fresh) == provenance(FOLDER):
        assert (fresh / name).read_bytes() == (rendered / name).read_bytes()
    else:
        assert (fresh / name).stat().st_size > 0


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


def test_a_bundled_report_says_nothing_of_where_it_was_made() -> None:
    for name in [*NAMES, TERMINAL]:
        assert str(FOLDER.parent).encode() not in (FOLDER / name).read_bytes()
