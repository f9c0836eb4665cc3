"""How bad: one word, one shape and one colour for every outcome, the same everywhere."""

from typing import Literal

from pthreport.document import Finding

Level = Literal["error", "warning", "note", "pass", "crash", "skip"]

ORDER: tuple[Level, ...] = ("error", "crash", "warning", "note", "pass", "skip")
"""Worst first."""

WORDS: dict[str, str] = {
    "error": "Error",
    "warning": "Warning",
    "note": "Note",
    "pass": "Passed",
    "crash": "Check crashed",
    "skip": "Not applicable",
    "good": "Good",
    "caution": "Caution",
    "bad": "Bad",
    "unknown": "Not known",
}

STATE_ICONS: dict[str, Level] = {"good": "pass", "caution": "warning", "bad": "error", "unknown": "skip"}

_SEVERITIES: dict[str, Level] = {"error": "error", "warning": "warning", "info": "note"}


def level(finding: Finding) -> Level:
    """What the page shows for a finding: its severity where the check did not pass."""
    if finding.status == "pass":
        return "pass"
    if finding.status == "not-applicable":
        return "skip"
    if finding.status == "error":
        return "crash"
    if finding.status == "info":
        return "note"
    return _SEVERITIES[finding.severity]


def is_open(shown: Level) -> bool:
    """Whether a person should look at it."""
    return shown not in ("pass", "skip")
