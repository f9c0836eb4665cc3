"""What the report says that torch.load(weights_only=True) would do, and what it does, over the corpus."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pthreport.checkpoint import CheckpointError, TorchView, open_checkpoint
from pthreport.checkpoint.torch_allowed import TORCH_VERSION
from tests.hostile.corpus import GROUPS, write
from tests.hostile.pickled import CANARY

LOAD = """
import json, resource, sys, torch, warnings
resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
warnings.simplefilter("ignore")
for line in sys.stdin:
    try:
        torch.load(line.rstrip(chr(10)), weights_only=True, map_location="cpu")
        print("null", flush=True)
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"), flush=True)
"""
CASES = [
    case
    for group in ("gadgets", "instructions", "tensors", "zips", "legacy", "strings", "foreign")
    for case in GROUPS[group]
    if case.kind != "bomb"
]
"""All but bombs, some of which torch would go through, and folders, which it does not read."""


@pytest.mark.skipif(not torch.__version__.startswith(TORCH_VERSION), reason="another torch has other rules")
def test_every_file_is_taken_or_refused_as_torch_does(tmp_path: Path) -> None:
    files = [write(case, tmp_path) for case in CASES]
    ran = subprocess.run(
        [sys.executable, "-c", LOAD],
        input="".join(f"{file}\n" for file in files),
        text=True, capture_output=True, check=True, timeout=600,
    )  # fmt: skip
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    assert not CANARY.exists()
    wrong = [
        f"{case.name}: {fault}"
        for case, file, error in zip(CASES, files, said, strict=True)
        if (fault := disagreement(file, error)) is not None
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(error is None for error in said) > 20


def disagreement(file: Path, error: str | None) -> str | None:
    """How the report differs from what torch said; None where it does not."""
    try:
        with open_checkpoint(file) as checkpoint:
            checkpoint.verify()
            view: TorchView | None = checkpoint.torch_view
    except CheckpointError as ours:
        return None if error is not None else f"torch takes it, and we refuse it: {ours}"
    if view is None:
        return None if error is not None else "torch takes what we say nobody gives it"
    if view.weights_only != (error is None):
        return f"{view}, torch: {error}"
    if error is not None and "Unsupported global: GLOBAL " in error:
        named = error.split("Unsupported global: GLOBAL ", 1)[1].split(" was not an allowed", 1)[0]
        bare = (view.stops_at or "").removeprefix("__builtin__.").removeprefix("builtins.")
        if not bare or not named.endswith(bare):
            return f"it stops at {named!r}, not at {view.stops_at!r}"
    return None
