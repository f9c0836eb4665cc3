"""GGUF's element types, and the numbers behind its quantised blocks.

A block is a fixed number of elements with their scales; its layout is ggml's (ggml-common.h). The
package `gguf` turns blocks into numbers; without it their values cannot be read.
"""

import numpy as np

from pthreport.checkpoint.dtypes import DTYPES, DType
from pthreport.checkpoint.errors import ReadError
from pthreport.checkpoint.source import Stretch

INSTALL = "pip install pthreport[gguf]"

PLAIN = {
    0: "float32",
    1: "float16",
    24: "int8",
    25: "int16",
    26: "int32",
    27: "int64",
    28: "float64",
    30: "bfloat16",
}
"""ggml's types that torch has too."""

QUANTISED = {
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    29: ("IQ1_M", 256, 56),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
"""ggml's block types: name, elements and bytes of a block."""

_ONLY_BETWEEN = ("Q8_1", "Q8_K")
"""Types of intermediate results, which no file should have."""

TYPES: dict[int, DType] = {
    **{number: DTYPES[name] for number, name in PLAIN.items()},
    **{
        number: DType(
            f"gguf:{name}",
            "quantized",
            np.dtype(np.float32),
            f"{name} is a type of intermediate results, which is not read"
            if name in _ONLY_BETWEEN
            else None,
            (elements, nbytes),
        )
        for number, (name, elements, nbytes) in QUANTISED.items()
    },
}
"""The element type behind each of ggml's numbers."""

STEP = 16_384
"""Blocks turned into numbers at a time."""


def element_type(number: int) -> DType:
    """The element type of a number; one that cannot be read where it is not known."""
    found = TYPES.get(number)
    if found is not None:
        return found
    return DType(
        f"gguf:{number}", "quantized", np.dtype(np.uint8), f"ggml's type {number:,} is not known here"
    )


class Blocks:
    """Quantised blocks as data of float32 numbers, native byte order: whole blocks are read and turned
    into numbers when they are asked for."""

    __slots__ = ("_data", "_elements", "_name", "_nbytes", "length")

    def __init__(self, data: Stretch, name: str, elements: int, nbytes: int) -> None:
        self._data = data
        self._name = name
        self._elements = elements
        self._nbytes = nbytes
        self.length = data.length // nbytes * elements * 4

    def read_into(self, buffer: memoryview, start: int) -> None:
        """Fill `buffer`; raises `ReadError`."""
        stop = start + len(buffer)
        if start < 0 or stop > self.length:
            raise ReadError("the values end beyond the blocks that hold them")
        block = self._elements * 4
        for first in range(start // block, -(-stop // block), STEP):
            last = min(first + STEP, -(-stop // block))
            numbers = self._numbers(first, last).view(np.uint8).data
            low, high = max(start, first * block), min(stop, last * block)
            buffer[low - start : high - start] = numbers[low - first * block : high - first * block]

    def _numbers(self, first: int, last: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        try:
            from gguf import GGMLQuantizationType
            from gguf.quants import dequantize
        except ImportError as error:
            raise ReadError(f"its blocks need the package gguf: {INSTALL}") from error
        packed = np.empty((1, (last - first) * self._nbytes), np.uint8)
        self._data.read_into(packed.reshape(-1).data, first * self._nbytes)
        try:
            with np.errstate(all="ignore"):  # a scale may be infinite, or no number
                found = dequantize(packed, GGMLQuantizationType[self._name])
        except (KeyError, NotImplementedError) as error:
            raise ReadError(f"the installed gguf package does not know {self._name} blocks") from error
        return np.ascontiguousarray(found, np.float32).reshape(-1)
