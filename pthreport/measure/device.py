"""The device that is computed on by torch where one is asked for: numpy's arrays go there and come back.

torch is imported when a device is first asked for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from pthreport.measure.source import Array

if TYPE_CHECKING:
    import torch


class DeviceError(ValueError):
    """The device that was asked for is not there."""


def device_of(asked: str) -> str | None:
    """The device to compute on where `asked` is "cpu" (None: numpy's arithmetic), "cuda", "cuda:N" or
    "auto" (a CUDA device where torch finds one). Raises `DeviceError`."""
    if asked == "cpu":
        return None
    kind, _, number = asked.partition(":")
    if not (
        asked == "auto" or (kind == "cuda" and (not number or number.isdecimal()) and asked[-1] != ":")
    ):
        raise DeviceError(f"--device {asked}: unknown (known: cpu, cuda, cuda:N, auto)")
    import torch

    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked == "auto":
        return "cuda" if found else None
    if int(number or 0) >= found:
        there = f"torch {torch.__version__} finds {f'only {found}' if found else 'no'} CUDA device"
        raise DeviceError(f"--device {asked}: {there}; use --device cpu")
    return asked


def uploaded(values: Array, device: str) -> "torch.Tensor":
    """`values` as a tensor on `device`."""
    import torch

    return torch.from_numpy(np.require(values, requirements=["C", "W"])).to(device)


@contextmanager
def numpys_errors() -> Iterator[None]:
    """torch's errors as those that numpy would raise: `MemoryError`, `numpy.linalg.LinAlgError`."""
    import torch

    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise MemoryError(str(error)) from error
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        raise np.linalg.LinAlgError(str(error)) from error
