"""Products and eigenvalues of dense matrices: numpy's, or torch's on a device."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pthreport.measure.device import numpys_errors, uploaded
from pthreport.measure.source import Array, Float64

if TYPE_CHECKING:
    import torch


class Algebra(Protocol):
    """What spectra ask of a machine; what goes in and comes out are numpy's arrays. All of it may raise
    `MemoryError`."""

    def gram(self, panels: Iterator[Array]) -> Array | None:
        """The sum of W W^H over panels W (short, n); None of no panel."""

    def eigenvalues(self, gram: Array) -> Float64:
        """Those of a Hermitian matrix, ascending. Raises `numpy.linalg.LinAlgError`."""

    def product(self, panels: Iterator[Array], x: Array) -> Array:
        """W W^H x for W (short, long) in panels, each multiplied in its own precision; x (short, b)."""


class NumpyAlgebra:
    """numpy's, on the threads that BLAS is given."""

    def gram(self, panels: Iterator[Array]) -> Array | None:
        """See `Algebra`."""
        total: Array | None = None
        for panel in panels:
            part = panel @ panel.conj().T
            total = part if total is None else np.add(total, part, out=total)
        return total

    def eigenvalues(self, gram: Array) -> Float64:
        """See `Algebra`."""
        found: Float64 = np.linalg.eigvalsh(gram)
        return found

    def product(self, panels: Iterator[Array], x: Array) -> Array:
        """See `Algebra`."""
        total: Array | None = None
        for panel in panels:
            part = panel @ (panel.conj().T @ x.astype(panel.dtype))
            wide = part.astype(np.result_type(x.dtype, part.dtype))
            total = wide if total is None else np.add(total, wide, out=total)
        return np.zeros_like(x) if total is None else total


class TorchAlgebra:
    """torch's on a device, where sums stay until they are whole. Products of float32 are float32's, unless
    torch was told to use less (TF32), which nobody here does."""

    def __init__(self, device: str) -> None:
        self._device = device

    def gram(self, panels: Iterator[Array]) -> Array | None:
        """See `Algebra`."""
        total: torch.Tensor | None = None
        with numpys_errors():
            for panel in panels:
                there = uploaded(panel, self._device)
                part = there @ there.mH
                total = part if total is None else total.add_(part)
            return None if total is None else np.asarray(total.cpu().numpy())

    def eigenvalues(self, gram: Array) -> Float64:
        """See `Algebra`."""
        import torch

        with numpys_errors():
            return np.asarray(torch.linalg.eigvalsh(uploaded(gram, self._device)).cpu().numpy())

    def product(self, panels: Iterator[Array], x: Array) -> Array:
        """See `Algebra`."""
        import torch

        total: torch.Tensor | None = None
        with numpys_errors():
            for panel in panels:
                there = uploaded(panel, self._device)
                part = there @ (there.mH @ uploaded(x.astype(panel.dtype), self._device))
                wide = part.to(torch.complex128 if part.is_complex() else torch.float64)
                total = wide if total is None else total.add_(wide)
            return np.zeros_like(x) if total is None else np.asarray(total.cpu().numpy())


NUMPY = NumpyAlgebra()
"""What is used where no device is asked for."""


def algebra_on(device: str | None) -> Algebra:
    """That of a device as `pthreport.measure.device.device_of` names it."""
    return NUMPY if device is None else TorchAlgebra(device)
