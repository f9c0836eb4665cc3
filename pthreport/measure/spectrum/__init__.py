"""Singular values of weight matrices: norms, ranks, power laws, and what noise would look like."""

from pthreport.measure.spectrum.matrices import Section, SpectrumTask
from pthreport.measure.spectrum.power_law import PowerLaw, fit_power_law
from pthreport.measure.spectrum.run import measure_spectra
from pthreport.measure.spectrum.sections import gate_sections, projection_sections
from pthreport.measure.spectrum.spectrum import Depth, LayerSpectra, cost, spectra_of

__all__ = [
    "Depth",
    "LayerSpectra",
    "PowerLaw",
    "Section",
    "SpectrumTask",
    "cost",
    "fit_power_law",
    "gate_sections",
    "measure_spectra",
    "projection_sections",
    "spectra_of",
]
