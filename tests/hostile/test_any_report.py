"""Whatever a tree holds where training state, arguments and weights are looked for: a report, and its page."""

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pthreport import analyze
from pthreport.render import FORMATS, render

EXAMPLES = 5_000 if os.environ.get("PTHREPORT_PROVE") == "1" else 120
LATE = (".pdf",)
"""Kinds that take seconds each."""

WORDS = (
    "state", "param_groups", "params", "exp_avg", "exp_avg_sq", "step", "momentum_buffer", "lr", "betas", "weight_decay",
    "last_epoch", "_last_lr", "base_lrs", "T_max", "gamma", "milestones", "total_steps", "scale", "growth_tracker",
    "growth_factor", "epoch", "global_step", "best_acc", "loss", "history", "args", "config", "hyper_parameters",
    "state_dict", "model", "optimizer", "lr_scheduler", "scaler", "ema", "teacher", "module.conv1.weight", "conv1.bias",
    "bn1.weight", "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked", "embed.weight", "q_proj.weight",
    "lora_A.weight", "lora_B.weight", "layers.0.weight", "experts.0.w1.weight", "pytorch-lightning_version", "_metadata",
    "callbacks", "loops", "vocab", "password", "api_key", "path", "rng_state", "_modules", "_parameters", "_buffers", "version",
)  # fmt: skip

HUGE = "10**5000"
"""Stands for an integer that Python does not print, Hypothesis neither."""


def real(tree: Any) -> Any:
    """The tree with what stands for something else replaced."""
    if isinstance(tree, dict):
        return type(tree)((real(key), real(value)) for key, value in tree.items())
    if isinstance(tree, list | tuple):
        return type(tree)(real(one) for one in tree)
    return 10**5000 if isinstance(tree, str) and tree == HUGE else tree


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=8), st.binary(max_size=8), st.complex_numbers(),
    st.sampled_from([HUGE, 2**64, 10**400, float("nan"), float("inf"), "\ud800", "<b>", b"\xff", 1 << 70, "=1+1", "/home/x"]),
)  # fmt: skip
TENSORS = st.sampled_from(
    [
        torch.zeros(2, 3), torch.full((4,), float("nan")), torch.zeros(0), torch.tensor(1.0), torch.tensor(2**40),
        torch.ones(3, 4, 3, 3), torch.arange(6, dtype=torch.int16).reshape(2, 3), torch.ones(2, dtype=torch.complex64),
        torch.zeros(2, dtype=torch.bool), torch.full((2, 2), 1e300, dtype=torch.float64), torch.ones(2, 2).expand(3, 2, 2),
    ]
)  # fmt: skip
KEYS = st.one_of(
    st.sampled_from(WORDS),
    st.integers(-2, 9),
    st.sampled_from([HUGE, None, True, 1.5, float("nan"), b"k", ("a", 1), (HUGE,), "", "\ud800", "a.b"]),
)
TREES = st.recursive(
    st.one_of(SCALARS, TENSORS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=5),
        st.dictionaries(KEYS, inner, max_size=5).map(OrderedDict),
        st.lists(st.dictionaries(KEYS, inner, max_size=3), min_size=2, max_size=3),
    ),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trees")


@settings(max_examples=EXAMPLES)
@given(tree=st.dictionaries(st.sampled_from(WORDS), TREES, min_size=1, max_size=5), bare=st.booleans())
def test_any_tree_gives_a_report(folder: Path, tree: dict[str, Any], bare: bool) -> None:
    file = folder / "x.pt"
    if bare:
        file.write_bytes(pickle.dumps(real(tree)))
    else:
        torch.save(real(tree), file)
    report = analyze(file, jobs=1)
    assert report.checkpoint.complete, report.checkpoint.problems
    assert not [finding for finding in report.findings if finding.status == "error"]
    for ending in FORMATS:
        if ending not in LATE:
            assert render(report, ending)
