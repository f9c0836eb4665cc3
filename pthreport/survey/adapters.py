"""Low-rank adapters with what their factors say: the size of the change beside the weight it changes."""

from collections.abc import Mapping
from math import inf, isfinite

import numpy as np
from msgspec.structs import replace

from pthreport.checkpoint import Checkpoint, ReadError, Tensor
from pthreport.document import Adapter
from pthreport.measure import Measurement
from pthreport.measure.distance import short
from pthreport.measure.low_rank import MOST_RANK, product_values
from pthreport.measure.spectrum.ranks import effective_rank, stable_rank
from pthreport.measure.training_state import scalar


def with_figures(
    adapter: Adapter, checkpoint: Checkpoint, measured: Mapping[str, Measurement], wanted: set[str]
) -> Adapter:
    """`adapter` with its scale where a tensor tells it, and the norms of its change."""
    try:
        scaled = _scaled(adapter, checkpoint, wanted)
        if scaled.problem or scaled.a is None or scaled.b is None:
            return scaled
        if scaled.a not in wanted or scaled.b not in wanted:
            return scaled
        factors = checkpoint.tensors[scaled.a], checkpoint.tensors[scaled.b]
        if problem := _refusal(*factors, scaled.rank or 0):
            return replace(scaled, problem=problem)
        values = product_values(*factors)
    except (ReadError, OSError) as error:
        return replace(adapter, problem=f"a factor cannot be read: {error}")
    if values is None:
        return replace(
            scaled, problem="a factor holds values that are not finite, or too large to multiply"
        )
    values *= abs(scaled.scale)
    norm = float(np.linalg.norm(values))
    base = measured.get(scaled.base or "")
    weight = base.statistics.l2 if base is not None and base.statistics is not None else None
    return replace(
        scaled,
        delta_norm=short(norm),
        spectral_norm=short(float(values[0]) if values.size else 0.0),
        stable_rank=short(stable_rank(values)),
        effective_rank=short(effective_rank(values)),
        relative=None if weight is None else short(norm / weight if weight else inf if norm else None),
    )


def _scaled(adapter: Adapter, checkpoint: Checkpoint, wanted: set[str]) -> Adapter:
    """With alpha read where it is a tensor."""
    tensor = checkpoint.tensors.get(adapter.scaled_by)
    if tensor is None or adapter.scaled_by not in wanted:
        return adapter
    alpha = scalar(tensor)
    if alpha is None or not isfinite(alpha):
        return replace(adapter, problem=adapter.problem or f"its alpha is no finite number ({alpha})")
    return replace(adapter, alpha=alpha, scale=alpha / adapter.rank if adapter.rank else adapter.scale)


def _refusal(a: Tensor, b: Tensor, rank: int) -> str:
    if rank > MOST_RANK:
        return f"a rank of {rank:,} is not a low one"
    for tensor in (a, b):
        if tensor.quantization is not None or tensor.sparse is not None or tensor.dtype.kind != "float":
            return f"a factor of type {tensor.dtype.name} is not multiplied"
    return ""
