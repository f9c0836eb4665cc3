"""What half precision cannot hold."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def large() -> dict[str, torch.Tensor]:
    state = trained()
    state["bn.running_var"][2] = 5e5
    return state


EXAMPLES = Examples(faulty=saved(large()), sound=saved(trained()), found="warn")


def test_a_buffer_counts_too(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, large()), "half-overflow")
    assert found.where == ("bn.running_var",)
    assert "bn.running_var with 5e+05" in found.evidence


def test_the_edge_is_half_a_step_above_the_largest(tmp_path: Path) -> None:
    for value, status in ((65519.0, "pass"), (65520.0, "warn")):
        state = trained()
        state["bn.running_var"][0] = value
        assert torch.isinf(torch.tensor(value).half()).item() == (status == "warn")
        assert finding(analyzed(tmp_path, state), "half-overflow").status == status


def test_values_that_vanish_are_a_note(tmp_path: Path) -> None:
    state = trained()
    state["fc.weight"][:2] *= 1e-8
    found = finding(analyzed(tmp_path, state), "half-overflow")
    assert (found.status, found.where) == ("info", ("fc.weight",))
