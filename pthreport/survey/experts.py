"""Mixtures of experts with what their weights say: the experts compared with each other, the router."""

from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace

from pthreport.checkpoint import Checkpoint, ReadError, Tensor
from pthreport.document import ExpertPair, Experts
from pthreport.document.definitions import DUPLICATE
from pthreport.measure import Measurement
from pthreport.measure.distance import comparable, short
from pthreport.measure.similarity import Alike, compared, norms_along
from pthreport.measure.source import Float64

LISTED = 32
ROUTER = 1 << 24
"""Elements of a router that are read."""


def with_comparison(
    experts: Experts,
    checkpoint: Checkpoint,
    measured: Mapping[str, Measurement],
    wanted: set[str],
    *,
    everything: bool,
) -> Experts:
    """`experts` with their norms, cosines and router's figures; unchanged where not all are `wanted`."""
    paths = {path for group in experts.tensors for path in group}
    if not paths <= wanted:
        return experts
    sets = [[checkpoint.tensors[path] for path in group] for group in experts.tensors]
    router = experts
    try:
        if experts.router_weight in wanted:
            rows = _rows(checkpoint.tensors[experts.router_weight], experts.count)
            router = replace(experts, router_norms=_six(np.linalg.norm(rows, axis=1)))
        if experts.router_bias is not None and experts.router_bias in wanted:
            biases = _rows(checkpoint.tensors[experts.router_bias], experts.count)
            router = replace(router, router_biases=_six(biases.reshape(-1)))
        if not all(comparable(of_one) for of_one in zip(*sets, strict=True)):
            return replace(router, problem="their types are not plain floats, or they cannot be read")
        norms = norms_along(sets[0], experts.count) if experts.fused else _norms(experts, measured)
        found = compared(sets, len(experts.numbers), everything=everything)
    except (ReadError, OSError) as error:
        return replace(router, problem=f"a weight cannot be read: {error}")
    return _described(replace(router, norms=_six(norms)), found)


def _described(experts: Experts, found: Alike) -> Experts:
    count = len(experts.numbers)
    others = found.cosines.copy()
    np.fill_diagonal(others, np.nan)
    nearest = [short(float(np.nanmax(row))) if np.isfinite(row).any() else None for row in others]
    upper = np.triu_indices(count, 1)
    pairs = found.cosines[upper]
    known = np.isfinite(pairs)
    order = np.lexsort((upper[1], upper[0], -np.where(known, pairs, -2.0)))
    close = int(np.count_nonzero(pairs[known] > DUPLICATE))
    measured = replace(
        experts,
        nearest=tuple(nearest),
        cosine_basis="computed" if found.sampled == found.values else "estimated",
        sampled=found.sampled,
        duplicate_pairs=close,
        duplicates=tuple(
            ExpertPair(
                first=experts.numbers[int(upper[0][at])],
                second=experts.numbers[int(upper[1][at])],
                cosine=float(f"{pairs[at]:.6g}"),
            )
            for at in order[: min(close, LISTED)]
        ),
    )
    if not known.any():
        return measured
    pairs = pairs[known]
    return replace(
        measured,
        cosine_min=short(float(pairs.min())),
        cosine_mean=short(float(pairs.mean())),
        cosine_max=short(float(pairs.max())),
    )


def _norms(experts: Experts, measured: Mapping[str, Measurement]) -> Float64:
    """Each expert's norm from those of its tensors."""
    norms = np.zeros(len(experts.tensors))
    for at, group in enumerate(experts.tensors):
        parts = [s.l2 or 0.0 for path in group if (s := measured[path].statistics) is not None]
        norms[at] = np.linalg.norm(parts)
    return norms


def _rows(tensor: Tensor, count: int) -> Float64:
    """A router's weight or bias in float64, one row an expert. Raises `ReadError`."""
    if tensor.numel > ROUTER or tensor.dtype.kind not in ("float", "int") or tensor.sparse is not None:
        raise ReadError("the router is no plain matrix")
    return np.asarray(tensor.numpy(), np.float64).reshape(count, -1)


def _six(values: Float64) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values.tolist())
