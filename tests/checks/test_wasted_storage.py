"""Storages that are larger than the tensors on them."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, weights


def sliced() -> dict[str, torch.Tensor]:
    """One tensor of ten rows, of which two were kept as a view."""
    return {**weights(), "table.weight": torch.randn(1000, 16)[:200]}


EXAMPLES = Examples(faulty=saved(sliced()), sound=saved(weights()), found="warn")


def test_it_counts_the_bytes(tmp_path: Path) -> None:
    report = analyzed(tmp_path, sliced())
    found = finding(report, "wasted-storage")
    assert "51,200 bytes" in found.evidence
    assert "uses 12,800 of 64,000" in found.evidence
    assert found.where == ("table.weight",)
    assert "storage" not in report.summary.health.text.casefold(), "wasted bytes do no harm to the weights"


def test_views_that_together_cover_their_storage_waste_nothing(tmp_path: Path) -> None:
    whole = torch.randn(10, 16)
    report = analyzed(tmp_path, {"a.weight": whole[:5], "b.weight": whole[3:]})
    assert finding(report, "wasted-storage").status == "pass"


def test_what_lies_between_the_elements_of_a_view_is_wasted_too(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"a.weight": torch.randn(64, 64)[:, ::2]})
    found = finding(report, "wasted-storage")
    assert "uses 8,192 of 16,384" in found.evidence


def test_a_small_share_is_a_note(tmp_path: Path) -> None:
    state = {"a.weight": torch.randn(100, 100), "b.weight": torch.randn(4)[:3]}
    assert finding(analyzed(tmp_path, state), "wasted-storage").status == "info"
