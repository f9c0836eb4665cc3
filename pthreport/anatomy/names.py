"""Wrapper prefixes: taken off the names of a state dict, and said so.

Which wrapper writes which name: DESIGN "Anatomy" in the project's documentation, torch's own sources
(`DataParallel`, `DistributedDataParallel`, `torch.compile`, FSDP, activation checkpointing) and
Lightning's strategies.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pthreport.anatomy.layers import segments
from pthreport.document import RemovedPrefix

PRIVATE = {
    "_orig_mod": "torch.compile",
    "_fsdp_wrapped_module": "FullyShardedDataParallel",
    "_forward_module": "Lightning strategy",
    "_checkpoint_wrapped_module": "activation checkpointing",
}
"""Segments that no one gives a module of their own: removed wherever they stand."""

PUBLIC = {"module": "DataParallel or DistributedDataParallel"}
"""Segments that people use too: removed only where they are the only child of their parent."""

LIGHTNING = {"model": "LightningModule"}
"""The attribute most LightningModules keep their network in: removed from the front only, and only
where the file carries Lightning's own keys (YOLO's and Llama's networks own the name themselves)."""

ALONGSIDE = {"n_averaged"}
"""What a wrapper may keep beside the module it wraps (`torch.optim.swa_utils.AveragedModel`)."""


@dataclass(frozen=True)
class Names:
    """`names[i]` is what the model itself calls the i-th key; `removed` says what was taken off."""

    names: tuple[str, ...]
    removed: tuple[RemovedPrefix, ...]


def unwrap(keys: Sequence[str], *, lightning: bool) -> Names:
    """Names without wrappers' segments, in the order of `keys`.

    Names stay unique: where taking a segment off would make two keys one, all keys stay as they are.
    """
    split = [segments(key) for key in keys]
    counts: dict[tuple[str, str], int] = {}
    wrappers = _only_children(split)
    names = []
    for parts in split:
        kept = []
        for position, part in enumerate(parts):
            last = position == len(parts) - 1
            wrapper = None
            if not last:
                wrapper = PRIVATE.get(part)
                if wrapper is None and part in PUBLIC and tuple(parts[: position + 1]) in wrappers:
                    wrapper = PUBLIC[part]
            if wrapper is None:
                kept.append(part)
            else:
                counts[part, wrapper] = counts.get((part, wrapper), 0) + 1
        names.append(kept)
    if lightning:
        for front, wrapper in LIGHTNING.items():
            if names and all(len(parts) > 1 and parts[0] == front for parts in names):
                names = [parts[1:] for parts in names]
                counts[front, wrapper] = len(names)
    joined = tuple(".".join(parts) for parts in names)
    if len(set(joined)) != len(set(keys)):
        return Names(tuple(keys), ())
    removed = tuple(
        RemovedPrefix(prefix=part + ".", count=count, wrapper=wrapper)
        for (part, wrapper), count in counts.items()
    )
    return Names(joined, removed)


def _only_children(split: Iterable[Sequence[str]]) -> set[tuple[str, ...]]:
    """The nodes, as paths, that are called like a public wrapper and have no siblings."""
    children: dict[tuple[str, ...], set[str]] = {}
    for parts in split:
        for depth in range(len(parts)):
            children.setdefault(tuple(parts[:depth]), set()).add(parts[depth])
    found = set()
    for parent, names in children.items():
        inside = names - ALONGSIDE
        if len(inside) == 1 and (name := next(iter(inside))) in PUBLIC:
            found.add((*parent, name))
    return found
