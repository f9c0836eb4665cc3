"""Figures of a run as a Markdown table, and whether the targets are met."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.cases import BYTES, OURS, Bench, Target
from benchmarks.process import Cost


def put(readme: Path, name: str, text: str) -> None:
    """Put `text` between the marks `<!-- name -->` and `<!-- /name -->` of a file."""
    mark, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = readme.read_text().partition(mark)
    readme.write_text(f"{before}{mark}\n\n{text}\n\n{end}{rest.partition(end)[2]}")


def rows(bench: Bench, costs: Mapping[str, Cost]) -> list[str]:
    """A Markdown table, one line a case; ratios are to our own row and to reading the bytes."""
    ours, floor = costs.get(OURS), costs.get(BYTES)
    lines = [
        "| process | wall s | cpu s | peak MB | wall, ours / this | wall, this / bytes |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, cost in costs.items():
        share = f"{ours.wall / cost.wall:.3f}" if ours else "-"
        times = f"{cost.wall / floor.wall:.1f}" if floor else "-"
        lines.append(
            f"| {name} | {cost.wall:.2f} | {cost.cpu:.2f} | {cost.rss / 1e6:.0f} | {share} | {times} |"
        )
    return lines


def verdicts(bench: Bench, costs: Mapping[str, Cost]) -> list[str]:
    """One line a target whose processes were run: what was asked, what came out, met or missed."""
    return [line for target in bench.targets if (line := _verdict(target, costs))]


def _verdict(target: Target, costs: Mapping[str, Cost]) -> str | None:
    if OURS not in costs or (target.other is not None and target.other not in costs):
        return None
    value = float(getattr(costs[OURS], target.figure))
    if target.other is None:
        limit = target.limit or 0.0
        asked = f"{_NAMES[target.figure]} at most {_amount(target.figure, limit)}"
        found = _amount(target.figure, value)
    else:
        limit = target.share * float(getattr(costs[target.other], target.figure))
        asked = f"{_NAMES[target.figure]} at most {target.share:.3f} of {target.other}"
        found = f"{value / limit * target.share:.3f}"
    return f"- {'met' if value <= limit else 'MISSED'}: {asked}; it is {found}"


_NAMES = {"wall": "time", "rss": "memory"}


def _amount(figure: str, value: float) -> str:
    return f"{value / 1e6:.0f} MB" if figure == "rss" else f"{value:.2f} s"
