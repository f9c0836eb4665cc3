"""From a path to a `Report`: the rooms called in order. Nothing is computed or worded here that
belongs to one of them."""

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Literal, cast

import msgspec

from pthreport import __version__
from pthreport.anatomy import CONVOLUTIONS, Anatomy, LayerFound, ModelAnatomy, Named, describe, what
from pthreport.anatomy.kinds import RECURRENT
from pthreport.anatomy.plain import cut
from pthreport.checkpoint import Checkpoint, CheckpointError, Tensor, open_checkpoint
from pthreport.checks import Facts, examine
from pthreport.document import (
    CheckpointFacts,
    Import,
    Model,
    Optimizer,
    Provenance,
    Report,
    TensorRecord,
    Tool,
    Training,
    from_json,
)
from pthreport.document.nearest import fits, nearest
from pthreport.document.report import Container
from pthreport.highlights import highlights, profile
from pthreport.measure import Measurement, PictureKind, Task, measure
from pthreport.progress import Progress
from pthreport.verdict import summarise

Depth = Literal["summary", "standard"]


def analyze(
    path: str | os.PathLike[str],
    *,
    depth: Depth = "standard",
    tensors: str | None = None,
    jobs: int | None = None,
    hash: bool = True,
    title: str | None = None,
    timestamp: str | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """The report of the checkpoint at `path`.

    `depth` "summary" reads the structure and no tensor data; `tensors` is a shell pattern for the
    paths (or their ends) of the tensors to measure; `jobs` the number of worker threads (default one
    a core), which changes no byte of the result. `hash` takes the file's SHA-256. `timestamp` is
    recorded as it is (default: SOURCE_DATE_EPOCH, else none). `progress` is called with the bytes
    measured and the bytes in all.

    Raises `CheckpointError` where nothing can be read.
    """
    source = Path(path)
    workers = jobs or os.cpu_count() or 1
    with open_checkpoint(source) as checkpoint:
        anatomy = describe(checkpoint)
        wanted = {p for p in checkpoint.tensors if depth != "summary" and fits(p, tensors)}
        tasks = _tasks(checkpoint, anatomy, wanted)
        with ThreadPoolExecutor(1, thread_name_prefix="pthreport-hash") as hasher:
            digest = hasher.submit(checkpoint.sha256) if hash else None
            measured = measure(tasks, jobs=workers, progress=progress)
            sha256 = digest.result() if digest else None
        return _assemble(
            checkpoint,
            anatomy,
            measured,
            sha256=sha256,
            name=name or source.name,
            title=title,
            options={
                "depth": depth,
                "tensors": tensors or "all",
                "SHA-256": "taken" if hash else "not taken",
            },
            timestamp=timestamp or _source_date(),
            looked=depth != "summary",
        )


def saved_report(path: Path) -> Report | None:
    """The report in the JSON file at `path`; None where it is not one of ours by its first bytes.

    Raises `ReportError` where it is one and cannot be read.
    """
    if path.suffix.casefold() != ".json":
        return None
    try:
        with path.open("rb") as file:
            if b'"schema_version"' not in file.read(200):
                return None
            file.seek(0)
            return from_json(file.read())
    except OSError as error:
        raise CheckpointError(f"the file cannot be read: {error.strerror or error}", path) from error


def show(path: Path, names: Sequence[str], *, jobs: int | None = None) -> list[tuple[TensorRecord, str]]:
    """The tensors that `names` (paths, names in their model, or patterns) ask for, with their layer in
    words; each measured, with a larger excerpt. Raises `CheckpointError` for a name that fits nothing."""
    with open_checkpoint(path) as checkpoint:
        anatomy = describe(checkpoint)
        chosen: dict[str, None] = {}
        for name in names:
            found = [
                p
                for p in checkpoint.tensors
                if fits(p, name) or (p in anatomy.names and fits(anatomy.names[p].name, name))
            ]
            exact = [p for p in found if p == name] or [
                p for p in found if p in anatomy.names and anatomy.names[p].name == name
            ]
            if not found:
                known = [*checkpoint.tensors, *(n.name for n in anatomy.names.values())]
                raise CheckpointError(f"no tensor is called {name!r}{nearest(name, known)}", path)
            chosen.update(dict.fromkeys(exact or found))
        tasks = _tasks(checkpoint, anatomy, set(chosen), excerpt=(12, 10))
        measured = measure(tasks, jobs=jobs or os.cpu_count() or 1)
        records = _records(checkpoint, anatomy, measured, looked=True)
        layers = {
            e.path: f"{la.kind.kind} {la.name}"
            for m in anatomy.models
            for la in m.layers
            for e in la.entries.values()
        }
        return [(r, layers.get(r.path, "")) for r in records if r.path in chosen]


def _tasks(
    checkpoint: Checkpoint, anatomy: Anatomy, wanted: set[str], excerpt: tuple[int, int] = (6, 8)
) -> list[Task]:
    """What is to be measured of each tensor: units and pictures only where its layer has them."""
    weights: dict[str, LayerFound] = {}
    rgb: set[str] = set()
    for model in anatomy.models:
        weights |= {layer.weight.path: layer for layer in model.layers if layer.weight is not None}
        first = next((la.weight for la in model.layers if la.kind.kind == "conv2d" and la.weight), None)
        if first is not None and first.shape[1] == 3:
            rgb.add(first.path)
    tasks = []
    for path, tensor in checkpoint.tensors.items():
        if path not in wanted:
            continue
        owner = weights.get(path)
        named = anatomy.names.get(path)
        of_model = named is not None and named.role in ("parameter", "buffer")
        rows, columns = _directions(owner)
        tasks.append(
            Task(
                tensor=tensor,
                unit_axis=owner.kind.unit_axis if owner and tensor.shape else None,
                groups=owner.kind.groups if owner and owner.kind.kind == "conv-transpose" else 1,
                depthwise=owner is not None and owner.kind.kind == "depthwise-conv",
                picture=_picture(owner, tensor, path in rgb),
                rows_text=rows,
                columns_text=columns,
                excerpt=excerpt if of_model else (2, 4),
            )
        )
    return tasks


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


def _records(
    checkpoint: Checkpoint, anatomy: Anatomy, measured: Mapping[str, Measurement], *, looked: bool
) -> list[TensorRecord]:
    """A record for every tensor of the file, in its order."""
    first_of: dict[object, str] = {}
    records = []
    for path, tensor in checkpoint.tensors.items():
        named = anatomy.names.get(path) or Named(None, path, "other")
        shared = first_of.setdefault(tensor.storage_key, path) if tensor.numel else path
        result = measured.get(path)
        if result is not None:
            reason = result.reason
        else:
            reason = tensor.check() or (
                "not asked for" if looked else "no tensor data is read at this depth"
            )
        records.append(
            TensorRecord(
                path=path,
                model=named.model,
                name=named.name,
                role=named.role,
                shape=tensor.shape,
                dtype=tensor.dtype.name,
                numel=tensor.numel,
                nbytes=tensor.nbytes,
                shares_storage_with=shared if shared != path else None,
                location=tensor.location,
                contiguous=tensor.contiguous,
                notes=_notes(tensor),
                status="complete" if reason is None else "skipped",
                reason=reason,
                statistics=result.statistics if result else None,
                histogram=result.histogram if result else None,
                units=result.units if result else None,
                picture=result.picture if result else None,
                excerpt=result.excerpt if result else None,
            )
        )
    return records


def _notes(tensor: Tensor) -> tuple[str, ...]:
    notes = []
    if tensor.quantization is not None:
        q = tensor.quantization
        if isinstance(q.scale, int | float):
            notes.append(f"quantized, {q.scheme}: scale {q.scale:g}, zero point {q.zero_point}")
        else:
            notes.append(f"quantized, {q.scheme}, along dim {q.axis}")
    if tensor.type_name:
        notes.append(f"the file calls it {cut(tensor.type_name, 100)}")
    if tensor.origin == "numpy":
        notes.append("a numpy array")
    return tuple(notes)


def _assemble(
    checkpoint: Checkpoint,
    anatomy: Anatomy,
    measured: Mapping[str, Measurement],
    *,
    sha256: str | None,
    name: str,
    title: str | None,
    options: dict[str, str],
    timestamp: str | None,
    looked: bool,
) -> Report:
    records = _records(checkpoint, anatomy, measured, looked=looked)
    by_path = {r.path: r for r in records}
    models = tuple(_measured_model(m, by_path) for m in anatomy.models)
    training = _with_steps(anatomy, by_path)
    imports = tuple(
        Import(
            module=i.module,
            name=i.name,
            verdict=i.verdict,
            why=i.why,
            uses=tuple(i.uses),
            count=i.count,
            places=tuple(i.places),
        )
        for i in checkpoint.imports
    )
    facts = CheckpointFacts(
        name=name,
        size=checkpoint.size,
        sha256=sha256,
        container=cast(Container, checkpoint.container),
        format=dict(checkpoint.format),
        complete=checkpoint.complete,
        problems=tuple(p.text for p in checkpoint.problems),
    )
    findings = examine(
        Facts(
            container=facts.container,
            complete=facts.complete,
            problems=facts.problems,
            imports=imports,
            models=models,
            tensors=by_path,
            training=training,
            measured=looked,
        )
    )
    dtypes = Counter[str]()
    for record in records:
        if record.role in ("parameter", "buffer"):
            dtypes[record.dtype] += record.numel
    return Report(
        tool=Tool(name="pthreport", version=__version__),
        title=title or name,
        checkpoint=facts,
        summary=summarise(
            what.sentence(models, training.optimizers, training.counters, dtypes, len(records)),
            "inferred",
            facts,
            imports,
            findings,
            records,
            looked,
        ),
        findings=findings,
        imports=imports,
        imports_left_out=checkpoint.imports_left_out,
        contents=anatomy.contents,
        models=models,
        tensors=tuple(records),
        training=training,
        provenance=Provenance(
            timestamp=timestamp,
            options=options,
            libraries=_libraries(),
            platform=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        ),
    )


def _measured_model(model: ModelAnatomy, records: Mapping[str, TensorRecord]) -> Model:
    layers = tuple(
        msgspec.structs.replace(layer, profile=profile(layer, records))
        for layer in model.described.layer_list
    )
    measured = msgspec.structs.replace(model.described, layer_list=layers)
    return msgspec.structs.replace(measured, highlights=highlights(measured))


def _with_steps(anatomy: Anatomy, records: Mapping[str, TensorRecord]) -> Training:
    """Optimizers whose `step` is a tensor (torch 1.12 and later): its values are known only now."""
    optimizers: list[Optimizer] = []
    for optimizer in anatomy.training.optimizers:
        steps = [
            s.min
            for slot in anatomy.slots
            if slot.slot == "step"
            and slot.optimizer == optimizer.path
            and (record := records.get(slot.tensor.path)) is not None
            and (s := record.statistics) is not None
            and s.min is not None
        ]
        known = (int(min(steps)), int(max(steps))) if steps and optimizer.steps is None else optimizer.steps
        optimizers.append(msgspec.structs.replace(optimizer, steps=known))
    return msgspec.structs.replace(anatomy.training, optimizers=tuple(optimizers))


def _source_date() -> str | None:
    """SOURCE_DATE_EPOCH as a date (https://reproducible-builds.org/specs/source-date-epoch/)."""
    from datetime import UTC, datetime

    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given.isdigit():
        return None
    try:
        return datetime.fromtimestamp(int(given), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def _libraries() -> dict[str, str]:
    """Versions of what computes and draws, without importing any of it."""
    found = {}
    for library in ("numpy", "matplotlib", "pillow", "jinja2", "msgspec"):
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found
