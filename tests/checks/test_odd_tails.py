"""Power laws outside the usual range."""

from pathlib import Path

import torch

from pthreport.checks import Examination
from tests.checks.examples import Examples, analyzed, finding, saved


def tailed(alpha: float) -> dict[str, torch.Tensor]:
    """A matrix whose squared singular values follow a power law of exponent `alpha`."""
    torch.manual_seed(12)
    size = 256
    share = (torch.arange(size, dtype=torch.float64) + 0.5) / size
    eigenvalues = (1 - share) ** (-1 / (alpha - 1))
    left = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64))[0]
    right = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64))[0]
    return {"fc.weight": left @ torch.diag(eigenvalues.sqrt()) @ right, "fc.bias": torch.randn(size)}


EXAMPLES = Examples(faulty=saved(tailed(1.25)), sound=saved(tailed(3.0)), found="info")


def test_the_range_can_be_adjusted(tmp_path: Path) -> None:
    asked = Examination(thresholds={"odd-tails": {"high": 2.5}})
    found = finding(analyzed(tmp_path, tailed(3.0), checks=asked), "odd-tails")
    assert (found.status, found.where) == ("info", ("fc.weight",))
    assert "0 below 1.5 and 1 above 2.5" in found.evidence
