"""The layers that see a model's input, and the form of their kernels."""

from collections.abc import Sequence

from pthreport.anatomy import CONVOLUTIONS, Anatomy
from pthreport.checkpoint import Checkpoint, ReadError
from pthreport.document import Smoothness
from pthreport.measure.smoothness import smoothness

SIDE, LENGTH = 5, 64
"""Extent from which a kernel of two or more dims, and one of a single dim, has a form: edges and points of
3 x 3 are no smoother than noise, nor are short kernels over the bins of a spectrum."""
VALUES = 1 << 22
"""Values of a first layer that are looked at."""


def smooth(checkpoint: Checkpoint, anatomy: Anatomy, wanted: set[str]) -> dict[str, Smoothness]:
    """Of each model's first convolution, where its kernels are large enough to have a form."""
    found: dict[str, Smoothness] = {}
    for model in anatomy.models:
        first = next((la for la in model.layers if la.kind.kind in CONVOLUTIONS and la.weight), None)
        if first is None or first.weight is None or first.weight.path not in wanted:
            continue
        tensor = checkpoint.tensors[first.weight.path]
        kernel = [extent for extent in tensor.shape[2:] if extent > 1]
        if tensor.dtype.kind != "float" or not _has_form(kernel) or tensor.numel > VALUES:
            continue
        try:
            figures = smoothness(tensor.numpy().reshape(-1, *kernel))
        except (ReadError, OSError):
            continue
        if figures is not None:
            found[first.weight.path] = figures
    return found


def _has_form(kernel: Sequence[int]) -> bool:
    return min(kernel) >= SIDE if len(kernel) > 1 else bool(kernel) and kernel[0] >= LENGTH
