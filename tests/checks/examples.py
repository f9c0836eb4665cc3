"""What the tests of all checks share: files that have a fault and files that have not."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

import pthreport
from pthreport.document import Finding, Report

Writer = Callable[[Path], Path]
"""Writes a checkpoint (a file or a folder) into the folder that it is given, and says where it is."""


@dataclass(frozen=True, kw_only=True)
class Examples:
    """A file with the fault that a check looks for, one without, and what the check makes of the first.
    Some need `options` of `analyze`.

    Every test file of a check has them as `EXAMPLES`; the contract test opens both.
    """

    faulty: Writer
    sound: Writer
    found: Literal["fail", "warn", "info"]
    options: dict[str, Any] = field(default_factory=dict)
    sound_options: dict[str, Any] = field(default_factory=dict)


def finding(report: Report, check: str) -> Finding:
    """What `check` found."""
    (found,) = [f for f in report.findings if f.check == check]
    return found


def saved(value: Any) -> Writer:
    """Writes `value` as torch saves it."""

    def write(folder: Path) -> Path:
        path = folder / "file.pth"
        torch.save(value, path)
        return path

    return write


def analyzed(tmp_path: Path, value: Any, **options: Any) -> Report:
    """The report of `value` as torch saves it."""
    return pthreport.analyze(saved(value)(tmp_path), jobs=1, **options)


def weights() -> dict[str, torch.Tensor]:
    """A small network's state dict, as its initialisation left it."""
    torch.manual_seed(0)
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 16, 3), bn=nn.BatchNorm2d(16))).state_dict()


def trained() -> dict[str, torch.Tensor]:
    """The state dict of a small network after some steps, its running statistics moved."""
    torch.manual_seed(0)
    model = nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(3, 16, 3), bn=nn.BatchNorm2d(16), flat=nn.Flatten(), fc=nn.Linear(16 * 36, 10)
        )
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(20):
        optimizer.zero_grad()
        images = torch.randn(16, 3, 8, 8)
        nn.functional.cross_entropy(model(images), torch.randint(0, 10, (16,))).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return model.state_dict()
