"""The spectra that are large enough for a judgement."""

from pthreport.checks.check import Facts
from pthreport.document import Layer, Spectrum

LEAST = 32
"""The smaller dimension that a matrix must have: in smaller ones a few values decide everything."""


def spectra(facts: Facts) -> list[tuple[Layer, Spectrum]]:
    """Layers with the spectrum of their whole matrix, both of whose dimensions are at least `LEAST`;
    embeddings left out, whose rows are entries and not outputs."""
    return [
        (layer, layer.spectrum)
        for layer in facts.layers
        if layer.spectrum is not None and min(layer.spectrum.shape) >= LEAST and layer.kind != "embedding"
    ]
