"""Tensors of the same values in two places."""

from pathlib import Path

import pytest
import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained, weights


def twice() -> dict[str, torch.Tensor]:
    """An output layer that was tied to its embedding and was cloned while saving."""
    torch.manual_seed(0)
    table = torch.randn(50, 16)
    return {**weights(), "embed.weight": table, "head.weight": table.clone()}


EXAMPLES = Examples(faulty=saved(twice()), sound=saved(weights()), found="warn")


def test_it_names_both(tmp_path: Path) -> None:
    report = analyzed(tmp_path, twice())
    found = finding(report, "duplicate-tensors")
    assert found.where == ("embed.weight", "head.weight")
    assert "head.weight, a copy of embed.weight" in found.evidence
    assert report.copies[0].nbytes == 50 * 16 * 4


def test_a_copy_in_another_order_of_memory_is_one(tmp_path: Path) -> None:
    table = torch.randn(300, 64)
    state = {"a.weight": table, "b.weight": table.t().contiguous().t()}
    assert finding(analyzed(tmp_path, state), "duplicate-tensors").where == ("a.weight", "b.weight")


def changed(table: torch.Tensor) -> torch.Tensor:
    """The same figures, not the same values: two elements have changed places."""
    other = table.clone()
    other[0, 0], other[0, 1] = table[0, 1], table[0, 0]
    return other


TABLE = torch.arange(4096, dtype=torch.float32).reshape(64, 64)


@pytest.mark.parametrize(
    "state",
    [
        {"a.weight": TABLE, "b.weight": changed(TABLE)},
        {"a.weight": TABLE, "b.weight": TABLE},
        {"a.weight": torch.ones(64, 64), "b.weight": torch.ones(64, 64)},
        {"a.weight": torch.arange(10), "b.weight": torch.arange(10)},
        {"model": trained(), "model_ema": trained()},
    ],
    ids=["other values", "tied", "constant", "small", "a moving average"],
)
def test_what_is_no_copy(state: dict[str, object], tmp_path: Path) -> None:
    assert finding(analyzed(tmp_path, state), "duplicate-tensors").status == "pass"


def test_a_model_saved_twice_is_one_finding(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, {"model": trained(), "best": trained()}), "duplicate-tensors")
    assert (found.status, found.severity) == ("warn", "warning")
    assert "best.fc.weight, a copy of model.fc.weight" in found.evidence
