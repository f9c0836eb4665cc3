"""The last look over everything that a report says: names, places and messages, redacted like the values.

The tree's values are redacted where they stand (`pthreport.redaction.tree`); what remains is text that
was made of keys, paths and the container's own words.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from pthreport.document import Excerpt, Histogram, Picture, Precision, Report, SpectrumPoints, Statistics
from pthreport.redaction.redaction import Redaction, words_of

_NUMBERS = (Excerpt, Histogram, Picture, Precision, SpectrumPoints, Statistics)
"""Parts that hold numbers, and pictures of them, only."""

_Any = TypeVar("_Any")


def redacted(part: _Any, redact: Callable[[str], str]) -> _Any:
    """A part of a report, or a tuple of parts, with each of its texts redacted."""
    known: dict[str, str] = {}

    def text(one: str) -> str:
        found = known.get(one)
        if found is None:
            found = known[one] = redact(one)
        return found

    def again(value: Any) -> Any:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, tuple):
            made = tuple(map(again, value))
            return value if all(new is old for new, old in zip(made, value, strict=True)) else made
        if isinstance(value, dict):
            table = {text(key): again(one) for key, one in value.items()}
            return value if table == value else table
        if not isinstance(value, msgspec.Struct) or isinstance(value, _NUMBERS):
            return value
        changed = {
            name: new
            for name in value.__struct_fields__
            if (new := again(old := getattr(value, name))) is not old
        }
        return msgspec.structs.replace(value, **changed) if changed else value

    return again(part)  # type: ignore[no-any-return]


def without_paths(report: Report) -> Report:
    """A saved report with its home folders, other absolute paths, users and hosts hidden."""
    ordinary = words_of(tensor.path for tensor in report.tensors)
    redaction = Redaction(show_secrets=True, redact_paths=True, ordinary=ordinary)
    for one in report.discretion.private:
        redaction.value(one.path, one.text, private=one.kind if one.kind.endswith(" name") else None)
    hidden = redacted(report, redaction.anywhere())
    private = tuple(msgspec.structs.replace(one, text="") for one in hidden.discretion.private)
    discretion = msgspec.structs.replace(hidden.discretion, private=private, paths_hidden=True)
    return msgspec.structs.replace(hidden, discretion=discretion)
