"""The glossary: what each figure means, where its names lead, and the thresholds by which it was judged here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from jinja2 import TemplateError

from pthreport.document import Report
from pthreport.render.page.index import Index
from pthreport.render.templates import asset

FILE = "glossary.toml"
ANY = "*"
"""Asks for a name in whichever group has it first."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry as the file has it: the `names` under which the page shows a figure, and the `checks` that judge it."""

    id: str
    names: tuple[str, ...]
    what: str
    formula: str
    reading: str
    source: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """A check that judged a figure in this report: its name, its threshold in words, the finding's anchor."""

    check: str
    threshold: str
    anchor: str


@dataclass(frozen=True)
class EntryView:
    """An entry with the checks that judged its figure in this report."""

    entry: Entry
    anchor: str
    judged: tuple[Judged, ...]


@dataclass(frozen=True)
class Glossary:
    """The entries by group, and the anchors of the names by group and name."""

    groups: Mapping[str, tuple[EntryView, ...]]
    anchors: Mapping[tuple[str, str], str]

    def anchor(self, name: str, group: str) -> str:
        """The anchor of the entry of `name` in `group` (`ANY`: in the first that has it), "" where there is none."""
        return self.anchors.get((group, name), "")

    def without(self, groups: frozenset[str]) -> "Glossary":
        """The same without some groups, of which the report has nothing."""
        return Glossary(
            {group: entries for group, entries in self.groups.items() if group not in groups}, self.anchors
        )


def entries(own: Path | None = None) -> dict[str, tuple[Entry, ...]]:
    """The entries by group, of the file in `own` where it has one. Raises `TemplateError` for a file that is none."""
    try:
        return msgspec.toml.decode(asset(FILE, own), type=dict[str, tuple[Entry, ...]])
    except (msgspec.DecodeError, ValueError) as error:
        raise TemplateError(f"{FILE}: {error}") from error


def glossary(report: Report, index: Index, own: Path | None = None, *, linked: bool = True) -> Glossary:
    """The glossary of `report`; not `linked`, no name leads to its entry."""
    judged = {
        finding.check: Judged(finding.check, finding.threshold, index.finding_anchors[number])
        for number, finding in enumerate(report.findings)
        if finding.threshold
    }
    groups = {
        group: tuple(
            EntryView(
                entry, f"term-{entry.id}", tuple(judged[check] for check in entry.checks if check in judged)
            )
            for entry in found
        )
        for group, found in entries(own).items()
    }
    anchors: dict[tuple[str, str], str] = {}
    if linked:
        for group, views in groups.items():
            for view in views:
                for name in view.entry.names:
                    anchors.setdefault((group, name), view.anchor)
                    anchors.setdefault((ANY, name), view.anchor)
    return Glossary(groups, anchors)
