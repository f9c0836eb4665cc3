"""What its reader adds to a report or keeps out of it: a title, keys and values, the values of the weights.

The same for a report that was just made and for one read back from its JSON.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from pthreport.document import Finding, PictureDetail, Report, TensorRecord


def adjusted(
    report: Report,
    *,
    title: str | None = None,
    meta: Mapping[str, str] | None = None,
    values: bool = True,
) -> Report:
    """`report` with another `title`, `meta` added to what was given before, and without a single value of
    a weight where `values` is false: neither the exact corners nor the pictures of weights. Statistics,
    histograms and spectra stay, and so do numbers that the file holds outside tensors."""
    given = report.provenance
    options = dict(given.options) if values else {**given.options, "values": "left out"}
    return replace(
        report,
        title=title or report.title,
        tensors=report.tensors if values else tuple(map(_without_values, report.tensors)),
        findings=report.findings if values else tuple(map(_without_pictures, report.findings)),
        provenance=replace(given, options=options, meta={**given.meta, **(meta or {})}),
    )


def _without_values(tensor: TensorRecord) -> TensorRecord:
    return replace(tensor, picture=None, excerpt=None)


def _without_pictures(finding: Finding) -> Finding:
    details = tuple(detail for detail in finding.details if not isinstance(detail, PictureDetail))
    return replace(finding, details=details)
