"""Parts of made-up reports: tensors, figures, pictures, findings."""

import base64
import random
import zlib
from collections.abc import Sequence

from pthreport.document import (
    Amount,
    Finding,
    Histogram,
    Layer,
    Picture,
    Statistics,
    TensorRecord,
)
from pthreport.document.finding import Severity, Status

HOSTILE = "<img src=x onerror=alert(1)>"
"""A tensor's name that acts where it is not escaped."""


def picture(layout: str = "tiles", units: int = 8, side: int = 3, total: int = 16) -> Picture:
    """Noise, the same every time."""
    noise = random.Random(7)
    depth = 3 if layout == "rgb" else 1
    tiles = 1 if layout == "matrix" else units
    data = bytes(noise.randrange(256) for _ in range(tiles * side * side * depth))
    data = bytes(byte if byte != 0x80 else 0 for byte in data)
    return Picture(
        layout="rgb" if layout == "rgb" else "matrix" if layout == "matrix" else "tiles",
        height=side,
        width=side,
        scale=0.25,
        data=base64.b64encode(zlib.compress(data)).decode(),
        units=() if layout == "matrix" else tuple(range(units)),
        channels=tuple(range(units)) if layout == "tiles" else (),
        total=total,
        rows="outputs" if layout == "matrix" else "",
        columns="inputs" if layout == "matrix" else "",
    )


def statistics(count: int = 1000, zeros: int = 0, nan: int = 0, std: float = 0.02) -> Statistics:
    """Figures like those of a trained weight."""
    return Statistics(
        count=count - nan,
        mean=-1.5e-05,
        std=std,
        min=-5 * std,
        max=4.5 * std,
        absmax=5 * std,
        rms=std,
        l1=0.8 * std * count,
        l2=std * count**0.5,
        skewness=-0.1,
        kurtosis=0.7,
        zeros=zeros,
        nan=nan,
        posinf=0,
        neginf=0,
        near_zero=zeros + 3,
        quantiles={
            "0.001": -3.2 * std,
            "0.01": -2.4 * std,
            "0.05": -1.65 * std,
            "0.25": -0.67 * std,
            "0.5": 0.0,
            "0.75": 0.67 * std,
            "0.95": 1.65 * std,
            "0.99": 2.4 * std,
            "0.999": 3.2 * std,
        },
        quantile_error=1 / 128,
    )


def histogram(std: float = 0.02) -> Histogram:
    """A bell in 32 bins, and its magnitudes in 12."""
    counts = tuple(round(1000 * 2.718 ** (-(((i - 15.5) / 6) ** 2) / 2)) for i in range(32))
    return Histogram(
        low=-5 * std,
        high=5 * std,
        counts=counts,
        log_low=-14.0,
        log_step=1.0,
        log_counts=(1, 2, 4, 8, 17, 35, 70, 130, 200, 180, 40, 1),
    )


def tensor(path: str, shape: tuple[int, ...], **changes: object) -> TensorRecord:
    """A measured float32 tensor."""
    numel = 1
    for dim in shape:
        numel *= dim
    fields: dict[str, object] = {
        "path": path,
        "model": "",
        "name": path,
        "role": "parameter",
        "shape": shape,
        "dtype": "float32",
        "numel": numel,
        "nbytes": 4 * numel,
        "statistics": statistics(numel),
        "histogram": histogram(),
    }
    return TensorRecord(**{**fields, **changes})  # type: ignore[arg-type]


def finding(
    check: str, title: str, status: Status, severity: Severity, where: Sequence[str] = (), **changes: object
) -> Finding:
    """A finding with every field said."""
    fields: dict[str, object] = {
        "check": check,
        "title": title,
        "status": status,
        "severity": severity,
        "evidence": "12 of 1,728 values are NaN",
        "threshold": "no value may be NaN",
        "why": "One NaN spreads to every output.",
        "remedy": "Go back to an earlier checkpoint.",
        "reference": "https://pytorch.org/docs/stable/notes/numerical_accuracy.html",
        "where": tuple(where),
    }
    return Finding(**{**fields, **changes})  # type: ignore[arg-type]


def amounts(sorts: Sequence[tuple[str, Layer]]) -> dict[str, Amount]:
    """What each sort of layers holds."""
    found: dict[str, Amount] = {}
    for name in dict.fromkeys(name for name, _ in sorts):
        of_it = [layer for sort, layer in sorts if sort == name]
        found[name] = Amount(
            layers=len(of_it),
            tensors=sum(len(layer.tensors) for layer in of_it),
            parameters=sum(layer.parameters for layer in of_it),
            buffers=sum(layer.buffers for layer in of_it),
            bytes=sum(layer.bytes for layer in of_it),
        )
    return found
