"""One row per tensor, for a spreadsheet."""

import csv
import io

from pthreport.document import Report
from pthreport.document.numbers import exact
from pthreport.document.text import visible

_FACTS = (
    "path", "model", "name", "layer", "kind", "role", "shape", "dtype", "numel", "nbytes", "shares_storage_with", "status",
    "reason",
)  # fmt: skip
_FIGURES = (
    "mean", "std", "min", "max", "absmax", "rms", "l1", "l2", "skewness", "kurtosis", "zeros", "nan", "posinf", "neginf",
)  # fmt: skip
_QUANTILES = ("0.001", "0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99", "0.999")


def render_csv(report: Report) -> str:
    """RFC 4180 with a head row. A cell that a spreadsheet would take for a formula gets a quote in front."""
    kinds = {
        path: (layer.name, layer.kind)
        for m in report.models
        for layer in m.layer_list
        for path in layer.tensors
    }
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*_FACTS, *_FIGURES, *(f"q{q}" for q in _QUANTILES)])
    for tensor in report.tensors:
        layer, kind = kinds.get(tensor.path, ("", ""))
        statistics = tensor.statistics
        row = [
            *map(_cell, (tensor.path, tensor.model or "", tensor.name, layer, kind, tensor.role)),
            " x ".join(map(str, tensor.shape)),
            _cell(tensor.dtype),
            str(tensor.numel),
            str(tensor.nbytes),
            _cell(tensor.shares_storage_with or ""),
            tensor.status,
            _cell(tensor.reason or ""),
        ]
        if statistics is not None:
            row += [exact(getattr(statistics, name)) for name in _FIGURES]
            row += [exact(statistics.quantiles.get(q)) for q in _QUANTILES]
        else:
            row += [""] * (len(_FIGURES) + len(_QUANTILES))
        writer.writerow(row)
    return out.getvalue()


def _cell(text: str) -> str:
    """Text from the file: visible, and never a formula (OWASP, CSV injection)."""
    shown = visible(text)
    return "'" + shown if shown[:1] in ("=", "+", "-", "@") else shown
