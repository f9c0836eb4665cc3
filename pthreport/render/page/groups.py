"""Brackets under the columns of a strip: which runs of layers belong to one module."""

from collections import Counter

from pthreport.draw import strip
from pthreport.render.page.text import plain

_MOST_GROUPS = 26
NEARLY_ALL = 0.9
"""Share of the names from which on their first part goes without a bracket."""
LARGE = 0.3
"""Share of the columns from which on a bracket has another line below it."""


def groups(names: list[str]) -> list[strip.Group]:
    """Brackets under the columns: the first parts of the names, and the second where one part holds
    most of the columns."""
    names = _below_common(names)
    first = _runs([name.split(".")[0] for name in names], 0, len(names))
    groups = [strip.Group(plain(label, 40), plain(label), start, stop) for label, start, stop in first]
    if len(groups) > _MOST_GROUPS:
        return []
    second: list[strip.Group] = []
    for label, start, stop in first:
        if stop - start >= LARGE * len(names):
            second += _inner(label, names, start, stop)
    return groups + second if len(groups) <= 4 else groups


def _below_common(names: list[str]) -> list[str]:
    """The names without the modules that hold nearly all of them: a bracket under everything says nothing.
    What lies outside keeps its name."""
    while True:
        heads = Counter(head for name in names for head, dot, _ in [name.partition(".")] if dot)
        head, times = max(heads.items(), key=lambda item: item[1], default=("", 0))
        if times < NEARLY_ALL * len(names):
            return names
        names = [name.removeprefix(f"{head}.") for name in names]


def _inner(label: str, names: list[str], start: int, stop: int) -> list[strip.Group]:
    """The parts of one large bracket, at the first depth where its names differ."""
    parts = [name.split(".") for name in names[start:stop]]
    for depth in range(1, 5):
        runs = _runs([part[depth] if len(part) > depth + 1 else "" for part in parts], start, stop)
        if len(runs) > _MOST_GROUPS + 10:
            break
        if len(runs) > 1:
            return [
                strip.Group(
                    plain(sub, 40), plain(f"{label} … {sub}" if depth > 1 else f"{label}.{sub}"), a, b, 1
                )
                for sub, a, b in runs
            ]
    return []


def _runs(labels: list[str], start: int, stop: int) -> list[tuple[str, int, int]]:
    """Runs of equal labels as (label, first, past the last), counted from `start`."""
    runs: list[tuple[str, int, int]] = []
    for offset, label in enumerate(labels):
        at = start + offset
        if runs and runs[-1][0] == label:
            runs[-1] = (label, runs[-1][1], at + 1)
        else:
            runs.append((label, at, at + 1))
    assert not runs or runs[-1][2] == stop
    return runs
