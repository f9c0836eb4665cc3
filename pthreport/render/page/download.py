"""The numbers themselves, packed into the page as far as its budget goes."""

import base64
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from msgspec.structs import replace

from pthreport.document import Layer, Report, TensorRecord, numbers, to_json
from pthreport.document.spectrum import Spectrum
from pthreport.render.page.bounds import Bounds

_ALWAYS = "The pixels of its pictures, the points of its spectra, the norms of single units and the exact corners of values are left out of it"
_TIGHTEST = 20
"""JSON of numbers is never packed more tightly than this, so what is larger need not be tried."""


@dataclass(frozen=True)
class Download:
    """A data address of gzipped JSON, its size in bytes, and the sentence that says what it lacks."""

    address: Markup
    size: int
    left_out: str


def download(report: Report, bounds: Bounds) -> Download:
    """`report` as gzipped JSON without what is only drawn or copied, within the characters that `bounds` allow.

    Where that is too much, the bins of histograms and the figures of precision go as well, then as many
    tensors as must, small ones without a finding first. The gzip head carries no time, so that the same
    report gives the same bytes.
    """
    models = tuple(
        replace(model, layer_list=tuple(_without_points(layer) for layer in model.layer_list))
        for model in report.models
    )
    bare = replace(report, models=models, tensors=_each(report.tensors, _without_drawings))
    packed = _packed(bare, bounds)
    if packed:
        return _download(packed, f"{_ALWAYS}.")
    lean = replace(bare, tensors=_each(bare.tensors, _without_bins))
    also = f"{_ALWAYS}; since they would make this page too large, the bins of its histograms and the figures of precision too"
    packed = _packed(lean, bounds)
    kept = len(lean.tensors)
    while not packed and kept:
        kept = kept * 2 // 3
        packed = _packed(_fewer(lean, kept), bounds)
    if kept == len(lean.tensors):
        return _download(packed, f"{also}.")
    return _download(
        packed,
        f"{also}, and all but {numbers.count(kept)} of its {numbers.plural(len(lean.tensors), 'tensor')}.",
    )


def _download(packed: bytes, left_out: str) -> Download:
    address = "data:application/gzip;base64," + base64.b64encode(packed).decode("ascii")
    # Markup, since a text of this length would be cut before it reaches the page.
    return Download(Markup(address), len(packed), left_out)


def _packed(report: Report, bounds: Bounds) -> bytes:
    """The gzipped JSON, nothing where it is beyond the budget."""
    written = to_json(report)
    if len(written) > bounds.download * _TIGHTEST:
        return b""
    packed = gzip.compress(written, compresslevel=6, mtime=0)
    return packed if len(packed) * 4 <= bounds.download * 3 else b""


def _fewer(report: Report, most: int) -> Report:
    """Only `most` tensors: those that a finding names, then the largest; of layers only those whose tensors
    stay, and neither the module tree nor the object tree."""
    named = {path for finding in report.findings for path in finding.where}
    ranked = sorted(
        range(len(report.tensors)),
        key=lambda at: (report.tensors[at].path not in named, -report.tensors[at].numel, at),
    )
    tensors = tuple(report.tensors[at] for at in sorted(ranked[:most]))
    kept = {tensor.path for tensor in tensors}
    models = tuple(
        replace(
            model,
            modules=(),
            layer_list=tuple(layer for layer in model.layer_list if kept.issuperset(layer.tensors)),
        )
        for model in report.models
    )
    return replace(report, tensors=tensors, models=models, contents=replace(report.contents, children=()))


def _each(
    tensors: Sequence[TensorRecord], change: Callable[[TensorRecord], TensorRecord]
) -> tuple[TensorRecord, ...]:
    return tuple(change(tensor) for tensor in tensors)


def _without_drawings(tensor: TensorRecord) -> TensorRecord:
    units = replace(tensor.units, norms=()) if tensor.units else None
    return replace(tensor, picture=None, excerpt=None, units=units)


def _without_bins(tensor: TensorRecord) -> TensorRecord:
    return replace(tensor, histogram=None, precision=None, initialisation=None)


def _without_points(layer: Layer) -> Layer:
    if layer.spectrum is None and not layer.spectra:
        return layer
    return replace(
        layer,
        spectrum=_bare(layer.spectrum) if layer.spectrum else None,
        spectra=tuple(_bare(part) for part in layer.spectra),
    )


def _bare(spectrum: Spectrum) -> Spectrum:
    pooled = replace(spectrum.pooled, points=None) if spectrum.pooled else None
    return replace(spectrum, points=None, pooled=pooled)
