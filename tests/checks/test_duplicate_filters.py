"""Units that repeat each other."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def repeated(count: int) -> dict[str, torch.Tensor]:
    """The first `count` units of a convolution are one unit, at different strengths and one turned round."""
    state = trained()
    unit = state["conv.weight"][0].clone()
    for at in range(1, count):
        state["conv.weight"][at] = unit * (1 + at) * (-1 if at == 1 else 1)
    return state


EXAMPLES = Examples(faulty=saved(repeated(4)), sound=saved(trained()), found="warn")


def test_pairs_are_counted_and_turned_ones_told(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, repeated(4)), "duplicate-filters")
    assert found.where == ("conv.weight",)
    assert "6 pairs of units in 1 of" in found.evidence
    assert "6 among 16 units" in found.evidence
    assert "(-1.000)" in str(found.details)


def test_a_single_pair_is_a_note(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, repeated(2)), "duplicate-filters")
    assert (found.status, found.severity) == ("info", "info")
    assert "1 pair of units" in found.evidence
    assert "is parallel" in found.evidence


def test_two_classes_may_be_opposite(tmp_path: Path) -> None:
    unit = torch.randn(1, 64)
    state = {**trained(), "fc2.weight": torch.cat((unit, -unit)), "fc2.bias": torch.randn(2)}
    assert finding(analyzed(tmp_path, state), "duplicate-filters").status == "pass"
