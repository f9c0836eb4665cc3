"""Normalisations and embeddings in a whole report, against torch and numpy in float64."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pthreport
from pthreport.document import Layer, from_json, to_json
from pthreport.render.html import render_html


def layer(state: dict[str, torch.Tensor], path: Path, name: str) -> Layer:
    torch.save(state | {"fc.weight": torch.ones(2, 2)}, path / "x.pt")
    report = pthreport.analyze(path / "x.pt")
    assert to_json(from_json(to_json(report))) == to_json(report)
    render_html(report)
    return report.models[0].layers[name]


@pytest.mark.parametrize("seed", range(4))
def test_a_layernorm_s_channels(tmp_path: Path, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    norm = nn.LayerNorm(64)
    with torch.no_grad():
        norm.weight.copy_(torch.randn(64, generator=generator))
        norm.weight[:3] = torch.tensor([0.0, 1e-6, 40.0])
        norm.bias.copy_(torch.randn(64, generator=generator))
    found = layer({"ln.weight": norm.weight, "ln.bias": norm.bias}, tmp_path, "ln").norm
    assert found is not None
    wide = norm.weight.detach().double().abs().numpy()
    median = float(np.median(wide))
    assert (found.channels, found.weight_min) == (64, 0.0)
    assert found.weight_median == pytest.approx(median)
    assert found.weight_max == pytest.approx(40.0)
    assert (found.zeros, found.initial) == (1, False)
    assert found.small == int((wide < 1e-3 * median).sum())
    assert found.large_channels == tuple(np.argsort(-wide)[: int((wide > 10 * median).sum())])
    assert found.negative == int((norm.weight < 0).sum())
    assert found.bias_max == pytest.approx(float(norm.bias.detach().abs().max()))


def test_norms_as_they_start(tmp_path: Path) -> None:
    made = layer(nn.ModuleDict({"ln": nn.LayerNorm(8)}).state_dict(), tmp_path, "ln").norm
    assert made is not None
    assert made.initial
    rms = layer({"norm.weight": torch.ones(8)}, tmp_path, "norm").norm
    assert rms is not None
    assert (rms.initial, rms.bias_max) == (True, None)
    shifted = layer({"ln.weight": torch.ones(8), "ln.bias": torch.full((8,), 0.1)}, tmp_path, "ln").norm
    assert shifted is not None
    assert not shifted.initial


@pytest.mark.parametrize(
    "weight",
    [
        torch.zeros(8),
        torch.full((8,), torch.nan),
        torch.tensor([torch.inf, 1.0, 1.0, torch.nan]),
        torch.ones(1),
        torch.full((4,), 1e-45),
        torch.ones(5, dtype=torch.bfloat16),
        torch.ones(5, dtype=torch.complex64),
        torch.ones(5, dtype=torch.int8),
        torch.zeros(0),
    ],
)
def test_odd_norms_do_no_harm(tmp_path: Path, weight: torch.Tensor) -> None:
    found = layer({"ln.weight": weight, "ln.bias": torch.zeros_like(weight)}, tmp_path, "ln").norm
    if weight.is_floating_point() and weight.numel():
        assert found is not None
        assert found.channels == weight.numel()
        assert found.small == int((weight == 0).sum())
    else:
        assert found is None


def test_a_batchnorm_without_a_count_is_not_untrained(tmp_path: Path) -> None:
    fresh = nn.BatchNorm2d(4).state_dict()
    first = layer({f"bn.{n}": t for n, t in fresh.items()}, tmp_path, "bn").batchnorm
    assert first is not None
    assert (first.initial, first.batches) == (True, 0)
    state = {f"bn.{n}": t for n, t in fresh.items()} | {"bn.running_var": torch.full((4,), 2.0)}
    moved = layer(state, tmp_path, "bn").batchnorm
    assert moved is not None
    assert (moved.initial, moved.batches) == (False, 0)


def used(rows: int, width: int, std: float, untouched: list[int]) -> nn.Embedding:
    """An embedding whose rows have moved, but for some."""
    torch.manual_seed(0)
    table = nn.Embedding(rows, width)
    with torch.no_grad():
        table.weight.mul_(std)
        moved = torch.ones(rows, dtype=torch.bool)
        moved[untouched] = False
        scale = torch.empty(rows, 1).uniform_(0.5, 4.0)
        table.weight[moved] *= scale[moved]
    return table


@pytest.mark.parametrize(("std", "law"), [(1.0, "PyTorch's default"), (0.02, "transformers")])
def test_rows_that_were_never_used(tmp_path: Path, std: float, law: str) -> None:
    untouched = list(range(60))
    table = used(400, 256, std, untouched)
    found = layer({"emb.weight": table.weight}, tmp_path, "emb").rows
    assert found is not None
    assert law in found.unchanged_law
    assert found.rows == 400
    inside = set(found.unchanged_rows)
    assert len(inside & set(untouched)) >= 59
    # Of those that moved, a few have the same norm by chance.
    assert 59 <= found.unchanged <= 60 + 340 * 0.1


def test_rows_spread_over_all_norms_are_no_heap(tmp_path: Path) -> None:
    table = used(400, 256, 1.0, [])
    found = layer({"emb.weight": table.weight}, tmp_path, "emb").rows
    assert found is not None
    assert (found.unchanged, found.unchanged_law) == (0, "")


def test_rows_of_zeros(tmp_path: Path) -> None:
    table = nn.Embedding(50, 96, padding_idx=7)
    with torch.no_grad():
        table.weight[9] = 0
    found = layer({"emb.weight": table.weight}, tmp_path, "emb").rows
    assert found is not None
    assert (found.zero, found.zero_rows) == (2, (7, 9))
    assert (found.unchanged, 7 in found.unchanged_rows) == (48, False)


@pytest.mark.parametrize("shape", [(0, 64), (3, 0), (1, 64), (40, 2)])
def test_odd_tables_do_no_harm(tmp_path: Path, shape: tuple[int, int]) -> None:
    found = layer({"emb.weight": torch.randn(shape)}, tmp_path, "emb").rows
    assert found is None or found.unchanged == 0


def test_the_card_says_it(tmp_path: Path) -> None:
    table = used(400, 256, 1.0, list(range(100, 160)))
    with torch.no_grad():
        table.weight[3] = 0
        table.weight[5] *= 50
    norm = torch.ones(64)
    norm[:2] = torch.tensor([0.0, 30.0])
    bn = nn.BatchNorm1d(6).state_dict()
    state = {"emb.weight": table.weight, "norm.weight": norm, **{f"bn.{n}": t for n, t in bn.items()}}
    torch.save(state, tmp_path / "x.pt")
    page = re.sub(r"<[^>]+>", " ", render_html(pthreport.analyze(tmp_path / "x.pt")))
    page = " ".join(page.split())
    for words in (
        "Rows of zeros 1: 3",
        "their norms are those of N(0, 1)",
        "1 row above 4 times the median: 5.",
        "1 of 64 channels below 0.001 of the median",
        "1 of 64 channels above 10 times the median: 1 ",
        "never updated: the mean is 0 and the variance 1 in all channels",
    ):
        assert words in page, words
