"""What one layer's tensors say together: normalisations with and without running statistics, the rows of
embeddings."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np

from pthreport.anatomy import Anatomy, LayerFound
from pthreport.anatomy.kinds import NORMS
from pthreport.checkpoint import Checkpoint, ReadError, Tensor
from pthreport.document import BatchNormFacts, NormFacts, RowFacts
from pthreport.measure import Measurement
from pthreport.measure.batchnorm import EPS, batchnorm_facts
from pthreport.measure.initialisation import Place, laws
from pthreport.measure.norms import norm_facts
from pthreport.measure.rows import row_facts
from pthreport.measure.training_state import scalar

CHANNELS = 1 << 20
"""Channels of a normalisation that are looked at."""


@dataclass(frozen=True)
class LayerFacts:
    """What stands in the fields of a `Layer` by the same names."""

    batchnorm: BatchNormFacts | None = None
    norm: NormFacts | None = None
    rows: RowFacts | None = None


NO_FACTS = LayerFacts()
"""Of a layer that has none of them."""


def layer_facts(
    checkpoint: Checkpoint, anatomy: Anatomy, measured: Mapping[str, Measurement], wanted: set[str]
) -> dict[tuple[str, str], LayerFacts]:
    """The facts by model and layer, of layers that have any and whose tensors are `wanted`."""
    found = {}
    for model in anatomy.models:
        for layer in model.layers:
            try:
                facts = _facts(checkpoint, layer, measured, wanted)
            except (ReadError, OSError):
                continue
            if facts != NO_FACTS:
                found[model.found.key, layer.name] = facts
    return found


def _facts(
    checkpoint: Checkpoint, layer: LayerFound, measured: Mapping[str, Measurement], wanted: set[str]
) -> LayerFacts:
    kind = layer.kind.kind
    if kind == "embedding":
        return LayerFacts(rows=_rows(layer, measured))
    if kind not in NORMS:
        return NO_FACTS
    tensors = {
        leaf: tensor
        for leaf, entry in layer.entries.items()
        if entry.path in wanted and entry.numel <= CHANNELS
        for tensor in [checkpoint.tensors[entry.path]]
        if tensor.dtype.kind == "float" or leaf == "num_batches_tracked"
    }
    if kind == "batchnorm":
        return LayerFacts(batchnorm=_batchnorm(layer, tensors))
    weight = tensors.get(layer.kind.weight or "")
    bias = tensors.get("bias", tensors.get("beta"))
    if weight is None or not weight.numel:
        return NO_FACTS
    return LayerFacts(norm=norm_facts(weight.numpy(), None if bias is None else bias.numpy()))


def _batchnorm(layer: LayerFound, tensors: Mapping[str, Tensor]) -> BatchNormFacts | None:
    mean, var = tensors.get("running_mean"), tensors.get("running_var")
    if mean is None or var is None:
        return None
    weight, batches = tensors.get("weight"), tensors.get("num_batches_tracked")
    counted = scalar(batches) if batches is not None else None
    try:
        eps = float(layer.settings.get("eps", EPS))
    except ValueError:
        eps = EPS
    eps = eps if 0 <= eps < 1 else EPS
    return batchnorm_facts(
        mean.numpy(),
        var.numpy(),
        weight.numpy() if weight is not None else None,
        int(counted) if counted is not None and isfinite(counted) else None,
        eps,
    )


def _rows(layer: LayerFound, measured: Mapping[str, Measurement]) -> RowFacts | None:
    weight = layer.weight
    result = measured.get(weight.path) if weight is not None else None
    if weight is None or result is None or result.unit_norms is None or len(weight.shape) != 2:
        return None
    norms = np.asarray(result.unit_norms, np.float64)
    return row_facts(norms, weight.shape[1], laws(Place("embedding", "weight", weight.shape)))
