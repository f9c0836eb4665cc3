"""Views that were saved in place of tensors."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, weights


def transposed() -> dict[str, torch.Tensor]:
    return {**weights(), "fc.weight": torch.randn(8, 4).t()}


EXAMPLES = Examples(faulty=saved(transposed()), sound=saved(weights()), found="info")


def test_a_transposed_weight_is_named(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, transposed()), "saved-views")
    assert found.where == ("fc.weight",)
    assert "1 of 8 tensors is not contiguous" in found.evidence


def test_parts_of_one_storage_are_named_together(tmp_path: Path) -> None:
    flat = torch.randn(100)
    state = {**weights(), "a.weight": flat[:50], "b.weight": flat[50:]}
    found = finding(analyzed(tmp_path, state), "saved-views")
    assert found.where == ("a.weight", "b.weight")
    assert "2 different views lie in 1 common storage" in found.evidence


def test_tied_weights_are_meant(tmp_path: Path) -> None:
    tied = torch.randn(8, 4)
    state = {"embed.weight": tied, "head.weight": tied}
    assert finding(analyzed(tmp_path, state), "saved-views").status == "pass"
