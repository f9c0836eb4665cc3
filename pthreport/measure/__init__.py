"""Measuring tensors: one streamed pass for figures, sketch, units and pictures."""

from pthreport.measure.excerpt import excerpt, value_texts
from pthreport.measure.kernels import PictureKind
from pthreport.measure.measurement import Measurement
from pthreport.measure.moments import Moments, moments
from pthreport.measure.piece import Task
from pthreport.measure.run import Progress, measure, measure_one
from pthreport.measure.sketch import Sketch, sketch
from pthreport.measure.source import Source

__all__ = [
    "Measurement",
    "Moments",
    "PictureKind",
    "Progress",
    "Sketch",
    "Source",
    "Task",
    "excerpt",
    "measure",
    "measure_one",
    "moments",
    "sketch",
    "value_texts",
]
