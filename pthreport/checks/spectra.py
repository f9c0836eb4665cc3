"""The spectra that are large enough for a judgement."""

from pthreport.checks.check import Facts
from pthreport.document import Layer, Spectrum

LEAST = 32
"""The smaller dimension that a matrix must have: in smaller ones a few values decide everything."""
LARGE_ENOUGH = f"matrices of at least {LEAST} x {LEAST}"


def judged(kind: str, spectrum: Spectrum) -> bool:
    """Whether both dimensions of the matrix of a layer of this kind are at least `LEAST`, and its rows outputs: an
    embedding's are entries."""
    return min(spectrum.shape) >= LEAST and kind != "embedding"


def spectra(facts: Facts) -> list[tuple[Layer, Spectrum]]:
    """The layers whose whole matrix has a spectrum that is judged."""
    return [
        (layer, layer.spectrum)
        for layer in facts.layers
        if layer.spectrum is not None and judged(layer.kind, layer.spectrum)
    ]
