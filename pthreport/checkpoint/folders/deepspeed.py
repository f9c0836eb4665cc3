"""DeepSpeed ZeRO: a folder of `*_model_states.pt` and `*_optim_states.pt`, one a rank, usually below the
folder whose file `latest` names it (https://deepspeed.readthedocs.io/en/latest/model-checkpointing.html).

The weights in full precision are in pieces in the optimizers' files; they are assembled under
"module". What else is in the files is shown under their names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.errors import FormatError, ReadError
from pthreport.checkpoint.folders.folder import Folder, short
from pthreport.checkpoint.folders.part import read_file
from pthreport.checkpoint.folders.zero_partitions import (
    Flat,
    Shapes,
    by_group,
    by_parameter,
    flat_tensors,
    from_fragments,
)
from pthreport.checkpoint.geometry import addressable
from pthreport.checkpoint.limits import Limits
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

ENDINGS = ("_model_states.pt", "_optim_states.pt")
NAME = re.compile(r"(?:bf16_)?(?:zero_pp_rank_(\d{1,6})_)?mp_rank_(\d{1,4})_(model|optim)_states\.pt")
"""Data-parallel rank (none: one file for all), model-parallel rank, and what the file holds."""

GROUPS = {1: "single_partition_of_fp32_groups", 2: "single_partition_of_fp32_groups", 3: "fp32_flat_groups"}
"""Where each stage keeps the weights in full precision."""

MOST_RANKS = 65_536
LATEST = "latest"


@dataclass(slots=True)
class _Slice:
    """The files of one model-parallel rank, by data-parallel rank."""

    models: dict[int, dict[Any, Value]] = field(default_factory=dict)
    optimizers: dict[int, dict[Any, Value]] = field(default_factory=dict)


def recognise(folder: Folder) -> bool:
    """Whether the folder holds the files of the ranks."""
    return any(name.endswith(ENDINGS) for name in folder.names)


def latest(folder: Folder) -> Folder | None:
    """The folder with the files of the ranks that the file `latest` names; raises `FormatError` where it
    leads to none, None where there is no such file."""
    if LATEST not in folder.names:
        return None
    try:
        source = folder.open(LATEST)
        tag = source.read(0, min(source.length, 1024)).decode("utf-8").strip()
    except (UnicodeDecodeError, ReadError) as error:
        raise FormatError(f"the file {short(LATEST)} names no folder") from error
    below = folder.below(tag)
    if not recognise(below):
        raise FormatError(
            f"the folder {short(tag)}, which {short(LATEST)} names, has no DeepSpeed files in it"
        )
    return below


def read(reading: Reading, folder: Folder) -> None:
    """Read every rank's files and put the weights together; raises `FormatError`."""
    reading.result.container = "deepspeed"
    tree: dict[Any, Value] = {}
    slices: dict[int, _Slice] = {}
    for name in sorted((one for one in folder.names if one.endswith(ENDINGS)), key=_natural):
        part = read_file(reading, folder, name)
        if part is None:
            continue
        tree[name.removesuffix(".pt")] = part.result.tree
        found = NAME.fullmatch(name)
        if found is not None and isinstance(part.result.tree, dict):
            one = slices.setdefault(int(found[2]), _Slice())
            ranks = one.models if found[3] == "model" else one.optimizers
            ranks[int(found[1] or 0)] = part.result.tree
    if not tree:
        raise FormatError(next(one.text for one in reading.result.problems if one.partial))
    reading.result.tree = tree
    for number, one in sorted(slices.items()):
        key = "module" if len(slices) == 1 else f"module of mp_rank_{number:02}"
        try:
            module = _module(reading, one)
        except FormatError as error:
            reading.problem(
                f"the weights cannot be assembled: {error.text}", "partial", where=key, kind=error.kind
            )
            continue
        if module:
            reading.result.tree = {key: module, **reading.result.tree}
    if len(slices) > 1:
        reading.problem(
            f"the slices of {len(slices):,} tensor-parallel ranks are not joined", kind="unsupported"
        )


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d{1,9})", name)]


def _module(reading: Reading, files: _Slice) -> dict[str, Value]:
    """The weights of one slice by name, in the module's order; raises `FormatError`."""
    if not files.models:
        raise FormatError("no file of model states has been read")
    model = files.models[min(files.models)]
    if not files.optimizers:
        if _placeholders(model, reading.file.limits):
            raise FormatError("they are in the optimizer states, of which no file has been read")
        return {}
    states = {rank: _optimizer(one) for rank, one in files.optimizers.items()}
    first = states[min(states)]
    stage, count = first.get("zero_stage"), first.get("partition_count")
    if type(stage) is not int:
        return {}  # no ZeRO: the module's weights are whole
    if stage not in GROUPS:
        raise FormatError(f"the ZeRO stage {stage!s:.20} is not known")
    world = (
        max(count) if isinstance(count, list) and count and all(type(n) is int for n in count) else count
    )
    if type(world) is not int or not max(states) < world <= MOST_RANKS:
        raise FormatError("the number of partitions does not fit the files")
    reading.result.format["ZeRO stage"] = str(stage)
    reading.result.format["world size"] = f"{world:,}"
    if isinstance(model.get("ds_version"), str):
        reading.result.format["DeepSpeed"] = model["ds_version"][:40]
    missing = [rank for rank in range(world) if rank not in states]
    if len(missing) > len(states):
        raise FormatError(f"only {len(states):,} of the files of {world:,} ranks have been read")
    if missing:
        reading.problem(
            f"the optimizer states of {plural(len(missing), 'rank')} of {world:,} are missing: "
            f"the first is rank {missing[0]:,}",
            "partial",
            kind="missing-shard",
        )
    flat = [
        None if rank in missing else flat_tensors(states[rank].get(GROUPS[stage]), GROUPS[stage])
        for rank in range(world)
    ]
    groups = _shapes(model.get("param_shapes"), reading.file.limits)
    if stage == 3:
        made = by_parameter(flat, {name: shape for group in groups for name, shape in group.items()})
    else:
        made = by_group(flat, groups)
    everything = {**_buffers(model), **_frozen(reading, files, model, stage, world), **made}
    _ties(model, everything)
    for state in states.values():
        del state[GROUPS[stage]]  # its elements are all under "module" now
    saved = model.get("module")
    order = [name for name in saved if name in everything] if isinstance(saved, dict) else []
    return {name: everything[name] for name in dict.fromkeys([*order, *everything])}


def _placeholders(model: dict[Any, Value], limits: Limits) -> bool:
    """Whether the module's own tensors are the empty ones that stage 3 leaves there."""
    saved = model.get("module")
    if not model.get("param_shapes") or not isinstance(saved, dict):
        return False
    named = {name for group in _shapes(model["param_shapes"], limits) for name in group}
    return any(isinstance(one, Tensor) and not one.numel for name, one in saved.items() if name in named)


def _optimizer(tree: dict[Any, Value]) -> dict[Any, Value]:
    state = tree.get("optimizer_state_dict")
    if not isinstance(state, dict):
        raise FormatError("a file of optimizer states without an optimizer_state_dict")
    return state


def _shapes(value: Value, limits: Limits) -> list[Shapes]:
    """The parameters' sizes by group; raises `FormatError` where they are none."""
    groups = [value] if isinstance(value, dict) else value
    if not isinstance(groups, list | tuple) or not all(isinstance(one, dict) for one in groups):
        raise FormatError("the model states have no param_shapes")
    for group in groups:
        for name, shape in group.items():
            if not isinstance(name, str) or not isinstance(shape, tuple) or len(shape) > limits.rank:
                raise FormatError("an entry of param_shapes is no name and sizes")
            if not all(type(size) is int and size >= 0 for size in shape) or not addressable(shape, 16):
                raise FormatError(f"the sizes of {short(name)} are impossible")
    return list(groups)


def _buffers(model: dict[Any, Value]) -> dict[str, Tensor]:
    names, saved = model.get("buffer_names"), model.get("module")
    found: dict[str, Tensor] = {}
    if isinstance(names, list | tuple) and isinstance(saved, dict):
        for name in names:
            value = saved.get(name) if isinstance(name, str) else None
            if isinstance(value, Tensor):
                found[name] = value.copy()
                found[name].role = "buffer"
    return found


def _frozen(
    reading: Reading, files: _Slice, model: dict[Any, Value], stage: int, world: int
) -> dict[str, Tensor]:
    """Parameters that are not trained: whole in the first file, or in stage 3 a fragment in each."""
    shapes = model.get("frozen_param_shapes")
    if not shapes:
        return {}
    found: dict[str, Tensor] = {}
    for name, shape in _shapes(shapes, reading.file.limits)[0].items():
        if stage == 3:
            fragments: Sequence[Flat] = [_fragment(files.models.get(rank), name) for rank in range(world)]
            for one in fragments:
                if one is not None and (len(one.shape) != 1 or not one.contiguous):
                    raise FormatError(f"the fragment of {short(name)} is not flat")
            found[name] = from_fragments(name, shape, fragments)
        else:
            whole = _fragment(model, name)
            if whole is None or whole.shape != shape:
                raise FormatError(f"the frozen parameter {short(name)} is not there")
            found[name] = whole.copy()
            found[name].role = "parameter"
    return found


def _fragment(model: dict[Any, Value] | None, name: str) -> Tensor | None:
    fragments = None if model is None else model.get("frozen_param_fragments")
    value = fragments.get(name) if isinstance(fragments, dict) else None
    return value if isinstance(value, Tensor) else None


def _ties(model: dict[Any, Value], everything: dict[str, Tensor]) -> None:
    """Names of the same parameter."""
    shared = model.get("shared_params")
    pairs = list(shared.items()) if isinstance(shared, dict) else shared
    for pair in pairs if isinstance(pairs, list | tuple) else ():
        if isinstance(pair, list | tuple) and len(pair) == 2:
            name, same = pair
            if isinstance(name, str) and isinstance(same, str) and same in everything:
                everything[name] = everything[same].copy()
