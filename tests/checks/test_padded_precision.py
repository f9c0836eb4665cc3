"""float32 weights that carry 16 bits."""

from pathlib import Path

import pytest
import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained


def rounded(dtype: torch.dtype) -> dict[str, torch.Tensor]:
    return {n: t.to(dtype).to(t.dtype) if t.is_floating_point() else t for n, t in trained().items()}


EXAMPLES = Examples(faulty=saved(rounded(torch.bfloat16)), sound=saved(trained()), found="warn")


@pytest.mark.parametrize(("dtype", "name"), [(torch.bfloat16, "bfloat16"), (torch.float16, "float16")])
def test_it_names_the_type_and_the_bytes(tmp_path: Path, dtype: torch.dtype, name: str) -> None:
    state = rounded(dtype)
    found = finding(analyzed(tmp_path, state), "padded-precision")
    assert found.severity == "warning"
    assert name in found.evidence
    large = sum(state[path].numel() for path in found.where)
    assert f"value={2 * large}" in str(found.details)


def test_a_single_tensor_is_a_note(tmp_path: Path) -> None:
    state = trained()
    state["conv.weight"] = state["conv.weight"].bfloat16().float()
    found = finding(analyzed(tmp_path, state), "padded-precision")
    assert (found.status, found.where) == ("info", ("conv.weight",))
