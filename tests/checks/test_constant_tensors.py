"""Weights of which every value is the same."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def zeroed() -> dict[str, torch.Tensor]:
    return {
        **trained(),
        "adapter.lora_B.weight": torch.zeros(16, 8),
        "last.weight": torch.full((4, 4), 0.5),
    }


EXAMPLES = Examples(faulty=saved(zeroed()), sound=saved(trained()), found="warn")


def test_it_tells_zero_from_other_constants(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, zeroed()), "constant-tensors")
    assert set(found.where) == {"adapter.lora_B.weight", "last.weight"}
    assert "2 of" in found.evidence
    assert "(1 zero)" in found.evidence


def test_a_scale_of_one_is_a_start_and_one_of_zero_is_not(tmp_path: Path) -> None:
    for value, status, said in (
        (1.0, "pass", "constant"),
        (0.0, "warn", "everywhere, zero: norm"),
        (0.1, "warn", "everywhere: norm"),
    ):
        state = {**trained(), "norm.weight": torch.full((32,), value), "norm.bias": torch.zeros(32)}
        found = finding(analyzed(tmp_path, state), "constant-tensors")
        assert found.status == status
        assert said in found.evidence


def test_masks_and_scales_are_meant(tmp_path: Path) -> None:
    state = {**trained(), "gate.output_mask": torch.ones(64), "logit_scale": torch.tensor(1.0)}
    assert finding(analyzed(tmp_path, state), "constant-tensors").status == "pass"
