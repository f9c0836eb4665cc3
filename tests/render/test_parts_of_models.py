"""The page's sections of low-rank adapters and of mixtures of experts."""

from html.parser import HTMLParser
from pathlib import Path

import torch

import pthreport
from pthreport.render.html import render_html


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def section(state: dict[str, torch.Tensor], path: Path, what: str = "adapters", **beside: object) -> str:
    torch.save({"model": state, **beside}, path / "a.pt")
    page = render_html(pthreport.analyze(path / "a.pt"))
    start = page.find(f'<section aria-labelledby="{what}"')
    if start < 0:
        return ""
    reader = _Text()
    reader.feed(page[start : page.index("</section>", start)])
    return " ".join(" ".join(reader.parts).split())


def test_the_section_says_where_the_change_is_largest(tmp_path: Path) -> None:
    state = {}
    for at, size in enumerate((1.0, 3.0)):
        state[f"m.{at}.weight"] = torch.eye(6)
        state[f"m.{at}.lora_A.weight"] = torch.eye(6)[:2]
        state[f"m.{at}.lora_B.weight"] = size * torch.eye(6)[:, :2]
    state["m.2.lora_A.weight"] = torch.ones(2, 2)
    text = section(state, tmp_path, args={"lora_alpha": 4})
    # scale 2, change 2 sqrt(2) x size beside a weight of norm sqrt(6)
    assert "All are of rank 2. Alpha is 4 (from args.lora_alpha)." in text
    assert "In the median layer the change is 231 % of the weight's norm, most in m.1 (346 %)." in text
    assert "2 : Without its factor B." in text
    assert "m.1 6 × 6 2 2 8.49 6 2 2 346 %" in text


def test_without_adapters_there_is_none(tmp_path: Path) -> None:
    assert section({"fc.weight": torch.ones(2, 2), "fc.bias": torch.ones(2)}, tmp_path) == ""


def test_a_mixture_lacks_an_expert_and_has_twins(tmp_path: Path) -> None:
    state = {"moe.gate.weight": torch.tensor([[3.0, 4.0, 0.0]] * 4)}
    for number in (0, 1, 3):
        state[f"moe.experts.{number}.up.weight"] = torch.eye(3) if number else torch.ones(3, 3)
        state[f"moe.experts.{number}.down.weight"] = torch.eye(3)
    text = section(state, tmp_path, "experts")
    assert "1 mixture, each with its router." in text
    assert "There is 1 pair of near-duplicate experts: 1 and 3 of moe (cosine 1)." in text
    assert (
        "The router of moe chooses among 4 experts; expert 2 is not in the file or of another shape."
        in text
    )
    # Experts of norms sqrt(12) and sqrt(6), the cosine of two of them 6 / sqrt(72)
    assert "moe 3 of 4 18 2.45 to 3.46 0.707 0.805 1 1 5 to 5" in text
    assert section({"fc.weight": torch.ones(2, 2)}, tmp_path, "experts") == ""


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    bad = "<img src=x onerror=alert(1)>"
    state = {f"{bad}.lora_A.weight": torch.ones(2, 3), f"{bad}.lora_B.weight": torch.ones(3, 2)}
    state |= {f"{bad}2.lora_A.{bad}.weight": torch.ones(2, 3), f"{bad}3.lora_A.weight": torch.ones(1, 2)}
    torch.save(state, tmp_path / "a.pt")
    assert "<img src=x" not in render_html(pthreport.analyze(tmp_path / "a.pt"))
