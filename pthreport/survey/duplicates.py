"""Which tensors of a file are stored more than once."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from pthreport.anatomy import Anatomy
from pthreport.anatomy.layers import identity
from pthreport.checkpoint import Checkpoint, Tensor
from pthreport.document import Copies
from pthreport.measure import Measurement
from pthreport.measure.copies import copies, figures


def stored_twice(
    checkpoint: Checkpoint,
    anatomy: Anatomy,
    measured: Mapping[str, Measurement],
    pool: ThreadPoolExecutor,
) -> tuple[Copies, ...]:
    """Tensors stored more than once. Ties are stored once; a moving average may well be its original, and
    an optimizer's state is its own."""
    averages = {model.found.key for model in anatomy.models if model.found.role == "ema"}
    alike: dict[tuple[object, ...], list[tuple[str, Tensor]]] = {}
    stored: set[object] = set()
    for path, result in measured.items():
        tensor, named = checkpoint.tensors[path], anatomy.names.get(path)
        aside = named is not None and (named.role == "optimizer" or named.model in averages)
        if aside or result.statistics is None or tensor.sparse is not None or identity(tensor) in stored:
            continue
        stored.add(identity(tensor))
        key = figures(tensor, result.statistics)
        if key is not None:
            alike.setdefault(key, []).append((path, tensor))
    groups = [group for group in alike.values() if len(group) > 1]
    found = [paths for same in pool.map(copies, groups) for paths in same]
    return tuple(
        Copies(tensors=tuple(paths), nbytes=checkpoint.tensors[paths[0]].nbytes) for paths in found
    )
