"""What is to be measured of each tensor, from what its layer is."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Literal

from pthreport.anatomy import CONVOLUTIONS, Anatomy, Heads, LayerFound, heads_in
from pthreport.anatomy.kinds import RECURRENT
from pthreport.checkpoint import Checkpoint, Tensor
from pthreport.document.nearest import fits, nearest
from pthreport.measure import Measurement, PictureKind, Task
from pthreport.measure.measurement import view_key
from pthreport.measure.spectrum import (
    Depth,
    LayerSpectra,
    Section,
    SpectrumTask,
    cost,
    gate_sections,
    projection_sections,
)


def chosen(checkpoint: Checkpoint, anatomy: Anatomy, pattern: str | None) -> list[str]:
    """The paths of the tensors that `pattern` asks for: by path, or by the name in their model.

    A text that is exactly a path or a name means that tensor alone, whatever else it might fit as a
    shell pattern ("a[0].weight").
    """
    names = {
        path: (path, anatomy.names[path].name) if path in anatomy.names else (path,)
        for path in checkpoint.tensors
    }
    exact = [path for path, known in names.items() if pattern in known]
    return exact or [path for path, known in names.items() if any(fits(name, pattern) for name in known)]


def unknown(checkpoint: Checkpoint, anatomy: Anatomy, pattern: str) -> str:
    """What to say where `pattern` fits nothing, with the nearest names."""
    known = [*checkpoint.tensors, *(named.name for named in anatomy.names.values())]
    return f"no tensor is called {pattern!r}{nearest(pattern, known)}"


def tasks_for(
    checkpoint: Checkpoint,
    anatomy: Anatomy,
    wanted: set[str],
    excerpt: tuple[int, int] = (6, 8),
    exact: bool = False,
    device: str | None = None,
) -> list[Task]:
    """What is to be measured of each tensor: units and pictures only where its layer has them. `exact`
    leaves nothing estimated; on `device` torch counts."""
    weights: dict[str, LayerFound] = {}
    rgb: set[str] = set()
    for model in anatomy.models:
        weights |= {layer.weight.path: layer for layer in model.layers if layer.weight is not None}
        first = next((la.weight for la in model.layers if la.kind.kind == "conv2d" and la.weight), None)
        if first is not None and first.shape[1] == 3:
            rgb.add(first.path)
    precision: Literal["exact", "estimate"] = "exact" if exact else "estimate"
    tasks: list[Task] = []
    for path, tensor in checkpoint.tensors.items():
        if path not in wanted:
            continue
        owner = weights.get(path) if tensor.sparse is None else None  # its values have no axes
        named = anatomy.names.get(path)
        of_model = named is not None and named.role in ("parameter", "buffer")
        rows, columns = _directions(owner)
        tasks.append(
            Task(
                tensor=tensor,
                unit_axis=_unit_axis(owner) if owner and tensor.shape else None,
                groups=owner.kind.groups if owner and owner.kind.kind == "conv-transpose" else 1,
                depthwise=owner is not None and owner.kind.kind == "depthwise-conv",
                picture=_picture(owner, tensor, path in rgb),
                rows_text=rows,
                columns_text=columns,
                excerpt=excerpt if of_model else (2, 4),
                precision=precision if named is not None and named.role == "parameter" else None,
                refine=exact,
                device=device,
            )
        )
    return tasks


LEAST_MEASURED = 64 * 1024 * 1024
MEASURED_PER_BYTE = 32
"""Bytes that are measured of one file: this many for each of its own, but never less than the first.
Only views that overlap, or chunks that several tensors share, come to more than the file has."""


def measurable(tasks: list[Task], size: int) -> tuple[list[Task], dict[str, Measurement]]:
    """The tasks that are carried out on a file of `size` bytes, in order until that much is read, and for
    each of the others the reason why not. A view that several tensors are counts once."""
    left = max(LEAST_MEASURED, MEASURED_PER_BYTE * size)
    reason = f"the tensors before it have come to {left:,} bytes of views, of a file of {size:,}"
    seen = set()
    kept: list[Task] = []
    beyond: dict[str, Measurement] = {}
    for task in tasks:
        key = view_key(task)
        if key not in seen:
            seen.add(key)
            left -= task.tensor.nbytes
        if left < 0:
            beyond[task.tensor.path] = Measurement(task.tensor.path, "skipped", reason)
        else:
            kept.append(task)
    return kept, beyond


def _unit_axis(owner: LayerFound) -> int | None:
    """The axis of a weight's units; an embedding's are its rows."""
    return 0 if owner.kind.kind == "embedding" else owner.kind.unit_axis


def _picture(owner: LayerFound | None, tensor: Tensor, rgb: bool) -> PictureKind | None:
    """Tiles for kernels, a heat map for every other weight of two dims or more, nothing for vectors."""
    if owner is None or len(tensor.shape) < 2 or tensor.numel < 4:
        return None
    if owner.kind.kind in CONVOLUTIONS:
        return "rgb" if rgb else "tiles"
    return "matrix"


def _directions(owner: LayerFound | None) -> tuple[str, str]:
    """What runs down and across a weight's heat map."""
    if owner is None:
        return "dim 0", "the other dims"
    if owner.kind.kind == "embedding":
        return "entries", "dimensions"
    if owner.kind.kind in RECURRENT:
        return "gates x hidden", "inputs"
    if owner.kind.unit_axis is None:
        return "dim 0", "the other dims"
    return ("inputs", "outputs") if owner.kind.unit_axis == 1 else ("outputs", "inputs")


def spectrum_tasks(checkpoint: Checkpoint, anatomy: Anatomy, wanted: set[str]) -> list[SpectrumTask]:
    """The matrices whose singular values are wanted: every parameter of two dims or more, with the parts
    that its shape, its name and the file's configuration tell apart; depthwise kernels have none."""
    tasks = {}
    for model in anatomy.models:
        for layer in model.layers:
            for leaf, entry in layer.entries.items():
                main = entry is layer.weight
                matrix = entry.role == "parameter" and sum(size > 1 for size in entry.shape) > 1
                if entry.path not in wanted or len(entry.shape) < 2 or not (main or matrix):
                    continue
                tensor = checkpoint.tensors[entry.path]
                if layer.kind.kind == "depthwise-conv" or tensor.sparse is not None:
                    continue
                if main or tensor.dtype.kind in ("float", "complex"):
                    tasks[entry.path] = _spectrum_task(tensor, layer, leaf, anatomy.heads)
    return list(tasks.values())


def _spectrum_task(tensor: Tensor, layer: LayerFound, leaf: str, heads: Heads | None) -> SpectrumTask:
    kind, shape = layer.kind, tensor.shape
    if leaf != kind.weight and kind.kind not in RECURRENT:
        # A matrix beside the layer's weight: nothing is known of its axes.
        return _stack(SpectrumTask(tensor, "parameter"))
    if kind.kind in ("parameter", "embedding", "other"):
        return _stack(SpectrumTask(tensor, kind.kind, kind.unit_axis))
    groups = kind.groups if kind.kind == "conv-transpose" else 1
    sections: tuple[Section, ...] = ()
    if len(shape) == 2:
        axis = kind.unit_axis or 0
        units, inputs = shape[axis], shape[1 - axis]
        if leaf.startswith(("weight_ih", "weight_hh")):
            sections = gate_sections(kind.kind, units, inputs)
        elif projection := layer.settings.get("projection"):
            said = heads_in(layer.settings) or heads
            last = layer.name.rpartition(".")[2]
            sections = projection_sections(
                projection,
                last,
                units,
                inputs,
                None if said is None else said.queries,
                None if said is None else said.keys,
            )
    return SpectrumTask(tensor, kind.kind, kind.unit_axis, groups, sections)


def _stack(task: SpectrumTask) -> SpectrumTask:
    """A parameter of more than two dims that is no kernel: matrices of its last two, one above the other,
    each a part of the whole (the experts of a mixture, say)."""
    shape = task.tensor.shape
    rows, columns = shape[-2:]
    count = prod(shape[:-2])
    if len(shape) == 2:
        return task
    sections: tuple[Section, ...] = ()
    if 1 < count <= MOST_STACKED and min(rows, columns) > 1:
        sections = tuple(
            Section(
                f"[{', '.join(map(str, _index(at, shape[:-2])))}]",
                (at * rows, (at + 1) * rows),
                (0, columns),
                "scalars",
            )
            for at in range(count)
        )
    return replace(task, unit_axis=0, row_dims=len(shape) - 1, sections=sections)


def _index(at: int, shape: Sequence[int]) -> list[int]:
    index = []
    for size in reversed(shape):
        at, rest = divmod(at, size)
        index.append(rest)
    return index[::-1]


MOST_STACKED = 512
"""Matrices in one tensor that have a spectrum each."""

LEAST_BUDGET = 1.0e11
BUDGET_PER_BYTE = 100.0
"""What the spectra of one file may cost at standard depth, in multiplications of a matrix product: a second
of two cores, or, for larger files, about what measuring the file's bytes takes."""


def within_budget(
    tasks: list[SpectrumTask], depth: Depth = "standard"
) -> tuple[list[SpectrumTask], dict[str, LayerSpectra]]:
    """The tasks that are carried out, and for each of the others the reason why it has no spectrum.

    All of them in full where that is within the budget. Else every one in brief, cheapest first, as far
    as the budget goes, and with what is left as many as possible in full. At full depth all are exact.
    """
    if depth == "full":
        return tasks, {}
    left = max(LEAST_BUDGET, BUDGET_PER_BYTE * sum(task.tensor.nbytes for task in tasks))
    chosen_tasks: dict[str, SpectrumTask] = {}
    brief = {task.tensor.path: replace(task, brief=True) for task in tasks}
    for task in sorted(brief.values(), key=cost):
        left -= cost(task)
        if left < 0:
            break
        chosen_tasks[task.tensor.path] = task
    for task in sorted(tasks, key=cost):
        path = task.tensor.path
        left -= cost(task) - cost(brief[path])
        if left < 0 or path not in chosen_tasks:
            break
        chosen_tasks[path] = task
    reason = "left out at standard depth: the spectra of all layers would take longer than measuring them"
    paths = [task.tensor.path for task in tasks]
    kept = [chosen_tasks[path] for path in paths if path in chosen_tasks]
    return kept, {path: LayerSpectra(path, reason=reason) for path in paths if path not in chosen_tasks}
