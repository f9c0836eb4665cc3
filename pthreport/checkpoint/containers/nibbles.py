"""4-bit floats, two a byte, as data of the numbers that they stand for."""

import numpy as np

from pthreport.checkpoint.dtypes import float4_values
from pthreport.checkpoint.errors import ReadError
from pthreport.checkpoint.source import Stretch

STEP = 1 << 17
"""Bytes taken apart at a time."""


class Nibbles:
    """Bytes of two float4 e2m1 each, the low half first, as float32 numbers in native byte order."""

    __slots__ = ("_data", "length")

    def __init__(self, data: Stretch) -> None:
        self._data = data
        self.length = data.length * 2 * 4

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer` with the bytes of numbers from `start` on; raises `ReadError`."""
        stop = start + len(buffer)
        if start < 0 or stop > self.length:
            raise ReadError("the values end beyond the bytes that hold them")
        for first in range(start // 8, -(-stop // 8), STEP):
            last = min(first + STEP, -(-stop // 8))
            raw = np.empty(last - first, np.uint8)
            self._data.read_into(raw.data, first)
            codes = np.stack([raw & 15, raw >> 4], axis=1).reshape(-1)
            numbers = float4_values()[codes].view(np.uint8).data
            low, high = max(start, first * 8), min(stop, last * 8)
            buffer[low - start : high - start] = numbers[low - first * 8 : high - first * 8]
