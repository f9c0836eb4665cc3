"""The sketch with its counters on a device. The counts are the same to the last one."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pthreport.checkpoint.dtypes import DType
from pthreport.measure.device import uploaded
from pthreport.measure.sketch import BINS, DenseSketch, Sketch
from pthreport.measure.source import Array

if TYPE_CHECKING:
    import torch

INFINITY = 0x7F800000
"""The pattern of float32's infinity."""


class DeviceSketch(DenseSketch):
    """Counts float32 as it is stored, and raw values of 8 and 16 bits, on a device; what has to be converted
    first is counted by numpy."""

    def __init__(
        self, device: str, dtype: DType | None = None, affine: tuple[float, float] | None = None
    ) -> None:
        super().__init__(dtype, affine)
        self._device = device
        self._there: torch.Tensor | None = None
        self._apart_there: torch.Tensor | None = None

    def add(self, values: Array) -> None:
        """Count `values`, shape (n,), as `DenseSketch.add` does."""
        import torch

        if self._dtype is None and values.dtype != np.float32:
            super().add(values)
            return
        if self._there is None or self._apart_there is None:
            self._there = torch.zeros(BINS, dtype=torch.int64, device=self._device)
            self._apart_there = torch.zeros(4, dtype=torch.int64, device=self._device)
        kind = {1: np.uint8, 2: np.int16, 4: np.int32}[values.itemsize]
        bits = uploaded(values.view(kind), self._device).to(torch.int32)
        if self._dtype is None:
            magnitude = bits & 0x7FFFFFFF
            infinite = magnitude == INFINITY
            tests = (magnitude == 0, magnitude > INFINITY, infinite & (bits > 0), infinite & (bits < 0))
            self._apart_there += torch.stack([test.sum() for test in tests])
            bits = bits >> 16
        self._there += torch.bincount(bits & 0xFFFF, minlength=BINS)

    def compact(self) -> Sketch:
        """The sketch of all that was added."""
        if self._there is not None and self._apart_there is not None:
            self._counts += self._there.cpu().numpy()[: self._counts.size]
            zeros, nan, posinf, neginf = self._apart_there.tolist()
            apart = self._apart
            self._apart = replace(
                apart,
                zeros=apart.zeros + zeros,
                nan=apart.nan + nan,
                posinf=apart.posinf + posinf,
                neginf=apart.neginf + neginf,
            )
            self._there = self._apart_there = None
        return super().compact()
