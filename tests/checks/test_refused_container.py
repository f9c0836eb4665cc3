"""Containers that torch's own reader does not take."""

from pathlib import Path

import pytest
import torch

import pthreport
from tests.checkpoint.files import rezip, save
from tests.checks.examples import Examples, finding, saved, weights


def unversioned(folder: Path) -> Path:
    """An archive without its version record."""
    whole = save(folder / "whole.pth", weights())
    return rezip(
        whole, folder / "file.pth", rename=lambda name: None if name.endswith("/version") else name
    )


EXAMPLES = Examples(faulty=unversioned, sound=saved(weights()), found="warn")


def test_it_says_what_torch_refuses_and_torch_does(tmp_path: Path) -> None:
    path = unversioned(tmp_path)
    found = finding(pthreport.analyze(path), "refused-container")
    assert (found.status, found.severity) == ("warn", "warning")
    assert found.evidence.startswith("no version record")
    with pytest.raises(RuntimeError):
        torch.load(path, weights_only=True)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_container_of_another_loader_is_none(tmp_path: Path) -> None:
    torch.jit.script(torch.nn.Linear(3, 4)).save(str(tmp_path / "file.pt"))  # type: ignore[no-untyped-call]
    assert finding(pthreport.analyze(tmp_path / "file.pt"), "refused-container").status == "pass"


def test_damage_is_left_to_its_own_check(tmp_path: Path) -> None:
    whole = save(tmp_path / "file.pth", weights())
    whole.write_bytes(whole.read_bytes()[:-200])
    report = pthreport.analyze(whole)
    assert finding(report, "refused-container").status == "pass"
    assert finding(report, "damaged-file").status == "fail"
