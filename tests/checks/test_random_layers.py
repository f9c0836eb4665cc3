"""Matrices that look like noise."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved


def layers(random: int, count: int = 4) -> dict[str, torch.Tensor]:
    """Linear layers of 64 x 64, the first `random` pure noise, the others with something learnt in it."""
    torch.manual_seed(13)
    state = {}
    for at in range(count):
        matrix = torch.randn(64, 64)
        if at >= random:
            matrix += torch.randn(64, 3) @ torch.randn(3, 64)
        state[f"fc{at}.weight"] = matrix * 0.07
        state[f"fc{at}.bias"] = torch.randn(64)
    return state


EXAMPLES = Examples(faulty=saved(layers(3)), sound=saved(layers(0)), found="warn")


def test_one_of_many_is_a_note(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, layers(1)), "random-layers")
    assert (found.status, found.where) == ("info", ("fc0.weight",))
