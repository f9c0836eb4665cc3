"""The same bytes on other processors: no reported sum goes through BLAS, whose kernels round differently.

Singular values are LAPACK's, which is built on BLAS: they may differ in their last digits, and are left
out here."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ANALYSE = """
import hashlib, json, sys, pthreport
from pthreport.document import to_json
report = json.loads(to_json(pthreport.analyze(sys.argv[1], hash=False)))
for model in report["models"]:
    for layer in model["layers"]:
        del layer["spectrum"], layer["spectra"], layer["profile"]["stable_rank"], layer["profile"]["alpha"]
    del model["trends"]
report["findings"] = [f for f in report["findings"] if f["category"] != "spectra"]
print(hashlib.sha256(json.dumps(report).encode()).hexdigest())
"""


def built_with_openblas() -> bool:
    config = np.show_config(mode="dicts")
    return "openblas" in str((config or {}).get("Build Dependencies", {}).get("blas", {}).get("name", ""))


def digest(path: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", ANALYSE, str(path)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.skipif(not built_with_openblas(), reason="numpy is built with another BLAS")
def test_openblas_kernels_change_no_byte(tmp_path: Path) -> None:
    torch.manual_seed(0)
    alike = torch.randn(200, 500)
    alike[100:] = alike[:100] + 0.01 * torch.randn(100, 500)
    linear = torch.nn.Linear(300, 70)
    adam = torch.optim.Adam(linear.parameters())
    linear(torch.randn(9, 300)).square().sum().backward()
    adam.step()
    model = {
        "conv.weight": torch.randn(64, 32, 3, 3),
        "double.weight": torch.randn(64, 32, 3, 3, dtype=torch.float64),
        "alike.weight": alike,
        "embedding.weight": torch.randn(5000, 64),
        "large.weight": torch.randn(700, 600),
        "brain.weight": torch.randn(300, 200).bfloat16(),
        "turned.weight": torch.randn(300, 200).t(),
        "complex.weight": torch.randn(90, 70, dtype=torch.complex64),
    }
    path = tmp_path / "some.pt"
    torch.save({"model": model, "net": linear.state_dict(), "optimizer": adam.state_dict()}, path)
    # Prescott has neither AVX nor fused multiply and add; every x86 has it.
    kernels = [{}, {"OPENBLAS_CORETYPE": "Prescott"}, {"OPENBLAS_CORETYPE": "Haswell"}]
    assert len({digest(path, **kernel) for kernel in kernels}) == 1
