"""Normalisations whose running statistics were never updated."""

from pathlib import Path

import torch

from tests.checks.examples import Examples, analyzed, finding, saved, trained, weights

EXAMPLES = Examples(faulty=saved(weights()), sound=saved(trained()), found="warn")


def test_it_names_the_buffers(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, weights()), "unused-batchnorm")
    assert found.where == ("bn.running_mean", "bn.running_var")
    assert "1 of 1 layer normalises" in found.evidence


def test_a_missing_count_of_batches_is_no_sign(tmp_path: Path) -> None:
    state = {**trained(), "bn.num_batches_tracked": torch.tensor(0)}
    assert finding(analyzed(tmp_path, state), "unused-batchnorm").status == "pass"
