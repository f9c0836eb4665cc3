"""The bar that says where the parameters are, drawn to be seen however many layers there are."""

import re
from pathlib import Path

import pytest
import torch

import pthreport
from pthreport.render.html import render_html


def bar(path: Path, state: dict[str, torch.Tensor]) -> tuple[str, str]:
    """The bar of `state` and the sentence under it."""
    torch.save(state, path / "a.pt")
    page = render_html(pthreport.analyze(path / "a.pt"))
    found = re.search(r'<svg class="budget".*?</svg>\s*<figcaption>(.*?)</figcaption>', page, re.S)
    assert found
    return found[0], found[1]


def widths(picture: str, line: int) -> list[float]:
    return [
        float(width)
        for width in re.findall(rf'<rect x="[\d.]+%" width="([\d.]+)%" y="{line * 30}"', picture)
    ]


def test_layers_too_thin_to_be_seen_are_drawn_together(tmp_path: Path) -> None:
    state = {}
    for number in range(600):
        state[f"blocks.{number}.attn.weight"] = torch.eye(4)
        state[f"blocks.{number}.norm.weight"] = torch.ones(4)
    picture, said = bar(tmp_path, state)
    for line in (0, 1):
        assert sum(widths(picture, line)) == pytest.approx(100, abs=0.5)
        assert 8 <= len(widths(picture, line)) <= 16
    # Most of their parameters are those of the matrices.
    assert '"k-linear"' in picture
    assert '"k-norm"' not in picture
    assert re.search(r"blocks\.0 … blocks\.\d+\n[\d,]+ parameters", picture)
    assert re.search(r'class="cut">\d+ blocks<', picture)
    assert "too thin to be seen" in said


def test_few_layers_are_each_drawn(tmp_path: Path) -> None:
    picture, said = bar(tmp_path, {f"{n}.weight": torch.eye(4) for n in range(3)})
    assert widths(picture, 0) == pytest.approx([33.3] * 3, abs=0.1)
    assert "too thin" not in said
