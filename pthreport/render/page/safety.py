"""What loading the file would import, worst first, and what the container holds besides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pthreport.document import FileFacts, Import, Report, TorchView
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.levels import Level

MOST_FILES = 200
_LEVELS: dict[str, Level] = {"dangerous": "error", "unknown": "warning", "known": "pass"}
_WORDS = {"dangerous": "Dangerous", "unknown": "Not known", "known": "Known"}


@dataclass(frozen=True)
class ImportView:
    """One name that would be imported."""

    item: Import
    level: Level
    word: str


@dataclass(frozen=True)
class ImportTable:
    """Imports under one caption; `places` says whether any of them has one."""

    caption: str
    rows: tuple[ImportView, ...]
    places: bool


@dataclass(frozen=True)
class Said:
    """A sentence with the mark that stands before it."""

    level: Level
    text: str


@dataclass(frozen=True)
class Safety:
    """The imports that should be looked at, those that are known (None where there are none), and how many are not
    listed; what torch itself would say to the file; the files of a folder that are listed."""

    suspect: ImportTable | None
    known: ImportTable | None
    left_out: int
    sentence: str
    torch: tuple[Said, ...]
    files: tuple[FileFacts, ...]


def safety(report: Report, bounds: Bounds = PAGE) -> Safety:
    """The safety section of `report`."""
    order: tuple[Literal["dangerous", "unknown", "known"], ...] = ("dangerous", "unknown", "known")
    views = [
        ImportView(item, _LEVELS[item.verdict], _WORDS[item.verdict])
        for item in sorted(
            report.imports, key=lambda item: (order.index(item.verdict), item.module, item.name)
        )
    ]
    shown = views[: bounds.imports]
    total = len(views) + report.imports_left_out
    return Safety(
        suspect=_table(
            "Imports that are not known to be harmless", [view for view in shown if view.level != "pass"]
        ),
        known=_table(
            "Imports that only rebuild tensors and plain containers",
            [view for view in shown if view.level == "pass"],
        ),
        left_out=total - len(shown),
        sentence=report.captions.imports,
        torch=torch_says(report.checkpoint.torch) if report.checkpoint.torch else (),
        files=report.checkpoint.files[:MOST_FILES],
    )


def _table(caption: str, rows: Sequence[ImportView]) -> ImportTable | None:
    return ImportTable(caption, tuple(rows), any(row.item.places for row in rows)) if rows else None


def torch_says(view: TorchView) -> tuple[Said, ...]:
    """What torch.load with weights_only=True would do, one sentence for each of its two gates."""
    call, version = "torch.load(weights_only=True)", f"torch {view.version}"
    if view.weights_only:
        return (Said("pass", f"{call} of {version} would take it."),)
    said = []
    if view.refuses_container:
        said.append(
            Said("warning", f"{call} of {version} would refuse the file itself: {view.refuses_container}.")
        )
    if view.stops_at:
        also = "would also stop" if said else f"of {version} would stop"
        said.append(Said("warning", f"{call} {also} at {view.stops_at}."))
    return tuple(said) or (Said("warning", f"{call} of {version} would not take it."),)
