"""Matrices of low rank."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved


def ranked(rank: int, dtype: torch.dtype = torch.float32) -> dict[str, torch.Tensor]:
    torch.manual_seed(10)
    matrix = torch.randn(64, rank, dtype=torch.float64) @ torch.randn(rank, 96, dtype=torch.float64)
    return {"fc.weight": matrix.to(dtype), "fc.bias": torch.randn(64)}


EXAMPLES = Examples(faulty=saved(ranked(8)), sound=saved(ranked(64)), found="warn")


def test_it_says_the_rank_in_any_type(tmp_path: Path) -> None:
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        found = finding(analyzed(tmp_path, ranked(8, dtype)), "collapsed-rank")
        assert found.where == ("fc.weight",)
        assert "fc with 8 of 64" in found.evidence


def test_full_rank_in_bfloat16_is_full(tmp_path: Path) -> None:
    assert finding(analyzed(tmp_path, ranked(64, torch.bfloat16)), "collapsed-rank").status == "pass"
