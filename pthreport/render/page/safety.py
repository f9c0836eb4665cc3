"""What loading the file would import, worst first, and what the container holds besides."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from pthreport.document import Import, Report
from pthreport.render.page.levels import Level

MOST_IMPORTS = 300
_LEVELS: dict[str, Level] = {"dangerous": "error", "unknown": "warning", "known": "pass"}
_WORDS = {"dangerous": "Dangerous", "unknown": "Not known", "known": "Known"}


@dataclass(frozen=True)
class ImportView:
    """One name that would be imported."""

    item: Import
    level: Level
    word: str


@dataclass(frozen=True)
class Safety:
    """The imports that should be looked at, those that are known, and how many are not listed."""

    suspect: tuple[ImportView, ...]
    known: tuple[ImportView, ...]
    left_out: int
    sentence: str


def safety(report: Report) -> Safety:
    """The safety section of `report`."""
    order: tuple[Literal["dangerous", "unknown", "known"], ...] = ("dangerous", "unknown", "known")
    views = [
        ImportView(item, _LEVELS[item.verdict], _WORDS[item.verdict])
        for item in sorted(
            report.imports, key=lambda item: (order.index(item.verdict), item.module, item.name)
        )
    ]
    shown = views[:MOST_IMPORTS]
    counts = Counter(item.verdict for item in report.imports)
    parts = [f"{counts[verdict]} {_WORDS[verdict].lower()}" for verdict in order if counts[verdict]]
    total = len(views) + report.imports_left_out
    sentence = (
        f"The file names {total} import{'' if total == 1 else 's'}: {', '.join(parts)}." if total else ""
    )
    return Safety(
        suspect=tuple(view for view in shown if view.level != "pass"),
        known=tuple(view for view in shown if view.level == "pass"),
        left_out=total - len(shown),
        sentence=sentence,
    )
