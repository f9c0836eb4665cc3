"""A report read back from its JSON text."""

import msgspec

from pthreport.document.report import SCHEMA_VERSION, Report


class ReportError(ValueError):
    """The text is not a report that this version can read."""


def from_json(text: bytes | str) -> Report:
    """The report that `to_json` wrote. Raises `ReportError` with the reason and the place."""
    try:
        # Not strict: the words "NaN" and "Infinity" stand for numbers.
        report = msgspec.json.decode(text, type=Report, strict=False)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ReportError(f"not a pthreport report: {error}") from error
    if report.schema_version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise ReportError(
            f"its schema is version {report.schema_version}, this pthreport reads {SCHEMA_VERSION}"
        )
    return report
