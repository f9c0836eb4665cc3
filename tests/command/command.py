"""The command in a process of its own, and a checkpoint to give it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn


def run(*arguments: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run `python -m pthreport` to its end."""
    command = [sys.executable, "-m", "pthreport", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def write_checkpoint(path: Path) -> Path:
    """A small training checkpoint: model, optimizer after one step, epoch."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(288, 10))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(4, 3, 8, 8)).sum().backward()
    optimizer.step()
    torch.save({"epoch": 3, "state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}, path)
    return path
