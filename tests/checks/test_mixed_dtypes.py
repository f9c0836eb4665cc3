"""Layers whose parameters are of different types."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def mixed() -> dict[str, torch.Tensor]:
    state = trained()
    state["fc.weight"] = state["fc.weight"].half()
    return state


EXAMPLES = Examples(faulty=saved(mixed()), sound=saved(trained()), found="warn")


def test_it_names_the_layer_and_its_types(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, mixed()), "mixed-dtypes")
    assert set(found.where) == {"fc.weight", "fc.bias"}
    assert "fc (float16, float32)" in found.evidence


def test_norms_in_float32_beside_half_layers_are_meant(tmp_path: Path) -> None:
    state = {n: t.half() if n.startswith(("conv", "fc")) else t for n, t in trained().items()}
    assert finding(analyzed(tmp_path, state), "mixed-dtypes").status == "pass"
