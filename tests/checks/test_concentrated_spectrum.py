"""Matrices that are nearly one direction."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved


def layers(dominated: int, count: int = 6) -> dict[str, torch.Tensor]:
    """Linear layers of 48 x 48, the first `dominated` of them with one direction far above the rest."""
    torch.manual_seed(11)
    state = {}
    for at in range(count):
        matrix = torch.randn(48, 48)
        if at < dominated:
            matrix += 10 * torch.randn(48, 1) @ torch.randn(1, 48)
        state[f"fc{at}.weight"] = matrix
        state[f"fc{at}.bias"] = torch.randn(48)
    return state


EXAMPLES = Examples(faulty=saved(layers(5)), sound=saved(layers(0)), found="warn")


def test_one_layer_is_a_note(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, layers(1)), "concentrated-spectrum")
    assert (found.status, found.where) == ("info", ("fc0.weight",))
