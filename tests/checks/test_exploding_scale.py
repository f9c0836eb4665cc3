"""Layers far larger than their siblings."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved


def stack(scales: tuple[float, ...]) -> dict[str, torch.Tensor]:
    """Linear layers of width 32, each with its scale; a wider one among them."""
    torch.manual_seed(8)
    state = {}
    for at, scale in enumerate(scales):
        width = 128 if at == 1 else 32
        state[f"fc{at}.weight"] = torch.randn(32, width) * scale / width**0.5
        state[f"fc{at}.bias"] = torch.randn(32)
    return state


EXAMPLES = Examples(
    faulty=saved(stack((1, 1, 50, 1, 1.5))), sound=saved(stack((1, 1, 2, 1, 0.5))), found="warn"
)


def test_it_says_how_many_times(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, stack((1, 1, 50, 1, 1.5))), "exploding-scale")
    assert found.where == ("fc2.weight",)
    times = float(found.evidence.rpartition("fc2, ")[2].split()[0])
    assert 45 < times < 55


def test_three_layers_are_too_few(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, stack((1, 1, 50))), "exploding-scale")
    assert found.status == "not-applicable"
