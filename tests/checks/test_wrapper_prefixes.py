"""Names that a wrapper has left in a state dict."""

from pathlib import Path

import pytest

from tests.checks.examples import Examples, analyzed, finding, saved, weights


def wrapped(prefix: str) -> dict[str, object]:
    return {f"{prefix}{name}": tensor for name, tensor in weights().items()}


EXAMPLES = Examples(faulty=saved(wrapped("module.")), sound=saved(weights()), found="info")


@pytest.mark.parametrize(
    ("prefix", "wrapper"), [("module.", "DataParallel"), ("_orig_mod.", "torch.compile")]
)
def test_it_says_who_left_it(prefix: str, wrapper: str, tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, {"model": wrapped(prefix)}), "wrapper-prefixes")
    assert found.where == ("model",)
    assert repr(prefix) in found.evidence
    assert wrapper in found.evidence
    assert "7 names" in found.evidence


def test_a_module_of_that_name_beside_others_is_the_models_own(tmp_path: Path) -> None:
    state = {**wrapped("module."), **wrapped("head.")}
    assert finding(analyzed(tmp_path, state), "wrapper-prefixes").status == "pass"
