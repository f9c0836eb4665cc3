"""Arrays of every kind of value in every type of element, and what they are in float64."""

from collections.abc import Callable

import numpy as np
import torch

from pthreport.measure.source import Array, Float64
from tests.measure.arrays import ArrayTensor, ByChannel, tensor

LAWS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Float64]] = {
    "random": lambda r, shape: r.standard_normal(shape),
    "constant": lambda r, shape: np.full(shape, 0.5),
    "zero": lambda r, shape: np.zeros(shape),
    "tiny": lambda r, shape: r.standard_normal(shape) * 1e-4,
    "huge": lambda r, shape: r.standard_normal(shape) * 100,
    "one that sticks out": lambda r, shape: np.where(
        np.arange(np.prod(shape)).reshape(shape) == 1, 200, 1e-2
    ),
    "not finite": lambda r, shape: np.where(r.random(shape) < 0.2, np.nan, r.standard_normal(shape)),
}

EXTREMES: dict[str, tuple[float, float]] = {
    "float16": (1e-7, 3e4),
    "bfloat16": (1e-40, 1e37),
    "float32": (1e-42, 1e37),
    "float64": (1e-310, 1e300),
}
"""Scales near the ends of a type: in the first its numbers are subnormal."""

TYPES: dict[str, torch.dtype] = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float8_e4m3fn": torch.float8_e4m3fn,
    "float8_e5m2": torch.float8_e5m2,
    "float32": torch.float32,
    "float64": torch.float64,
    "complex64": torch.complex64,
}

LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "as stored": np.ascontiguousarray,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "strided": lambda a: np.repeat(np.repeat(a, 2, axis=0), 3, axis=1)[::2, ::3],
}


def stored(values: Float64, name: str, layout: str = "as stored") -> tuple[ArrayTensor, Array]:
    """`values` in the type `name` as a tensor, and what is stored in float64 (or complex128)."""
    if name == "qint8":
        raw = np.clip(np.rint(np.nan_to_num(values) * 20), -128, 127).astype(np.int8)
        quantized = tensor(LAYOUTS[layout](raw), "qint8")
        quantized.quantization = ByChannel(np.asarray([0.05]), np.asarray([3.0]), None)
        return quantized, ((raw.astype(np.float64) - 3) * 0.05).astype(np.float32).astype(np.float64)
    wanted = torch.from_numpy(values)
    if name == "complex64":
        wanted = torch.complex(wanted, wanted.flip(0))
    held = wanted.to(TYPES[name])
    wide = held.to(torch.complex128 if held.is_complex() else torch.float64).numpy()
    bits = {1: torch.uint8, 2: torch.int16}.get(held.element_size())
    if name in ("float16", "float32", "float64", "complex64") or bits is None:
        return tensor(LAYOUTS[layout](held.numpy()), name), wide
    raw = held.view(bits).numpy()
    return tensor(LAYOUTS[layout](raw.view(f"u{raw.itemsize}")), name), wide
