"""One judge: no module of `render/` or `draw/` compares a measured figure or computes with one."""

import ast
from pathlib import Path

import pytest

from tests.project.figures import figures, judgements

ROOT = Path(__file__).parents[2]
ROOMS = ("render", "draw")
FILES = sorted(path for room in ROOMS for path in (ROOT / "pthreport" / room).rglob("*.py"))
FIGURES = figures()

COORDINATES = {
    ("pthreport/draw/spectrum.py", "_band"): "the edges of noise become places on a logarithmic axis",
    ("pthreport/draw/spectrum.py", "_line"): "the power law becomes the two ends of a straight line",
}
"""Functions that turn a figure into a place in a picture, each with the reason."""


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def found(path: Path) -> list[tuple[str, int]]:
    return list(judgements(ast.parse(path.read_text("utf-8")), FIGURES))


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_figure_is_judged_where_it_is_shown(path: Path) -> None:
    judged = [(name, line) for name, line in found(path) if (relative(path), name) not in COORDINATES]
    assert [f"{relative(path)}:{line} in {name or 'the module'}" for name, line in judged] == []


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_statistics_are_taken_where_figures_are_shown(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert "statistics" not in [*names, getattr(node, "module", None)], relative(path)


def test_every_exception_is_needed() -> None:
    there = {(relative(path), name) for path in FILES for name, _ in found(path)}
    assert set(COORDINATES) <= there


def test_the_figures_are_those_of_the_vocabulary() -> None:
    assert {
        "alpha",
        "stable_rank",
        "update_ratio",
        "int8_tensor",
        "std",
        "kurtosis",
        "rms",
        "outside",
    } <= FIGURES
    assert {"counts", "units", "nbytes", "name", "captions"}.isdisjoint(FIGURES)


@pytest.mark.parametrize(
    "text",
    [
        "if s.alpha > 6: pass",
        "said = 'usual' if 2 <= s.alpha <= 6 else ''",
        "gap = p.int8_channel - p.int8_tensor",
        "share = a.effective_rank / a.rank",
        "worst = max(x.update_ratio for x in states)",
        "worst = max(states, key=lambda x: x.update_ratio)",
        "middle = statistics.median(s.std for s in found)",
        "ratios = [x.update_ratio for x in states]\nif min(ratios): pass",
        "for name, figure in ((a, x.mean), (b, x.std)):\n    if figure > 1: pass",
        "pairs = [(s.alpha, la) for la, s in found]\nhigh = [la for alpha, la in pairs if alpha > 6]",
        "if p.zero_share: pass",
        "flat = s.std == 0",
        "total += s.l1",
        "drawn = -x.delta_norm",
    ],
)
def test_a_judgement_is_seen(text: str) -> None:
    for code in (text, f"def f():\n    {text.replace(chr(10), chr(10) + '    ')}"):
        assert list(judgements(ast.parse(code), FIGURES)), code


@pytest.mark.parametrize(
    "text",
    [
        "said = numbers.value(s.alpha)",
        "said = f'{s.alpha:.2f}' if s.alpha is not None else ''",
        "rows = [(s.mean, s.std) for s in found]",
        "about = '±' if 'alpha' in s.errors else ''",
        "shown = layer.states.tail == 'above'",
        "if statistics.quantiles: pass",
        "high = draw(s.alpha, 64 * 2)",
    ],
)
def test_showing_is_no_judgement(text: str) -> None:
    assert list(judgements(ast.parse(text), FIGURES)) == []
