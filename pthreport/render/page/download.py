"""The numbers themselves, packed into the page."""

import base64
import gzip

from markupsafe import Markup
from msgspec.structs import replace

from pthreport.document import Layer, Report, TensorRecord, to_json
from pthreport.document.spectrum import Spectrum


def packed_json(report: Report) -> Markup:
    """`report` as a data URI of gzipped JSON: all figures, without what is only drawn or copied.

    Pictures' pixels, the points of spectra, the norms of single units and the exact corners of values
    stay out: they would be most of its size. The gzip head carries no time, so that the same report gives the same bytes.
    """
    bare = replace(
        report,
        tensors=tuple(_without_drawings(tensor) for tensor in report.tensors),
        models=tuple(
            replace(model, layer_list=tuple(_without_points(layer) for layer in model.layer_list))
            for model in report.models
        ),
    )
    packed = gzip.compress(to_json(bare), compresslevel=9, mtime=0)
    # Markup, since a text of this length would be cut before it reaches the page.
    return Markup("data:application/gzip;base64," + base64.b64encode(packed).decode("ascii"))


def _without_drawings(tensor: TensorRecord) -> TensorRecord:
    units = replace(tensor.units, norms=()) if tensor.units else None
    return replace(tensor, picture=None, excerpt=None, units=units)


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
