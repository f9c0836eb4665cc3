"""A `Report` put together from what the rooms gave."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import cast

import msgspec

from pthreport import __version__
from pthreport.anatomy import Anatomy, ModelAnatomy, Named
from pthreport.checkpoint import Checkpoint, Problem, Tensor
from pthreport.checks import Check, Examination, Facts, examine
from pthreport.checks.odd_tails import ODD_TAILS
from pthreport.document import (
    CheckpointFacts,
    Discretion,
    Import,
    Layer,
    LayerCaptions,
    Model,
    Optimizer,
    ProblemFound,
    Report,
    TensorCaptions,
    TensorRecord,
    Tool,
    TorchView,
    Training,
)
from pthreport.document.report import Container
from pthreport.document.text import cut
from pthreport.measure import Measurement
from pthreport.measure.spectrum import Depth, LayerSpectra
from pthreport.summary.captions import captions
from pthreport.summary.highlights import highlights
from pthreport.summary.profile import layer_states, profile
from pthreport.summary.provenance import provenance
from pthreport.summary.savings import savings
from pthreport.summary.sentence import sentence
from pthreport.summary.spectra import alpha_band, layer_caption
from pthreport.summary.tensors import tensor_captions
from pthreport.summary.trends import trends
from pthreport.summary.updates import Step, last_updates
from pthreport.summary.verdict import summarise
from pthreport.survey.layer_facts import NO_FACTS
from pthreport.survey.survey import NOTHING, STATES, Joint, with_states


def records_of(
    checkpoint: Checkpoint,
    anatomy: Anatomy,
    measured: Mapping[str, Measurement],
    joint: Joint = NOTHING,
    *,
    looked: bool,
) -> list[TensorRecord]:
    """A record for every tensor of the file, in its order."""
    layers = [layer for model in anatomy.models for layer in model.described.layer_list]
    owned = {path for layer in layers for path in layer.tensors}
    # Only a layer's main weight and what belongs to no layer has a card of its own.
    units = {layer.weight: "row" if layer.kind == "embedding" else "unit" for layer in layers}
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
                shape=tensor.logical_shape,
                dtype=tensor.dtype.name,
                numel=tensor.logical_numel,
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
                precision=result.precision if result else None,
                initialisation=joint.initialisations.get(path),
                captions=tensor_captions(
                    result.statistics, result.histogram, result.units, units.get(path, "unit")
                )
                if result and (path in units or path not in owned)
                else TensorCaptions(),
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
    if tensor.sparse is not None:
        layout, numel = tensor.sparse.words, tensor.logical_numel
        notes.append(
            f"sparse ({layout}): {tensor.numel:,} of {numel:,} elements are stored; the figures are theirs"
        )
    if tensor.type_name:
        notes.append(f"the file calls it {cut(tensor.type_name, 100)}")
    if tensor.origin == "numpy":
        notes.append("a numpy array")
    return tuple(notes)


def assemble(
    checkpoint: Checkpoint,
    anatomy: Anatomy,
    measured: Mapping[str, Measurement],
    spectra: Mapping[str, LayerSpectra],
    joint: Joint,
    *,
    sha256: str | None,
    problems: Sequence[Problem],
    name: str,
    title: str | None,
    options: dict[str, str],
    timestamp: str | None,
    discretion: Discretion,
    depth: Depth,
    checks: Sequence[Check],
    examination: Examination,
) -> Report:
    looked = depth != "summary"
    records = records_of(checkpoint, anatomy, measured, joint, looked=looked)
    by_path = {r.path: r for r in records}
    training = _with_steps(anatomy, by_path)
    training = with_states(training, joint, len(anatomy.states) if depth == "full" else STATES)
    updates = last_updates(training.optimizers, by_path, examination)
    models = tuple(
        _measured_model(m, by_path, spectra, joint, updates, examination) for m in anatomy.models
    )
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
    view = checkpoint.torch_view
    facts = CheckpointFacts(
        name=name,
        size=checkpoint.size,
        sha256=sha256,
        container=cast(Container, checkpoint.container),
        format=dict(checkpoint.format),
        complete=not any(problem.partial for problem in problems),
        problems=tuple(_in_words(problem) for problem in problems),
        problem_list=tuple(
            ProblemFound(
                kind=one.kind,
                text=one.text,
                where=one.where,
                offset=one.offset,
                partial=one.partial,
                refused=one.refused,
            )
            for one in problems
        ),
        torch=None if view is None else TorchView(**asdict(view)),
        files=tuple(checkpoint.files) if checkpoint.is_folder else (),
    )
    findings = examine(
        Facts(
            checkpoint=facts,
            imports=imports,
            models=models,
            tensors=by_path,
            training=training,
            storages=anatomy.storages,
            copies=joint.copies,
            architecture=anatomy.architecture,
            discretion=discretion,
            measured=looked,
            adjusted=examination.thresholds,
        ),
        checks,
        examination.thresholds,
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
            sentence(models, training.optimizers, training.counters, dtypes, len(records)),
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
        sources=anatomy.sources,
        models=models,
        tensors=tuple(records),
        storages=anatomy.storages,
        copies=joint.copies,
        training=training,
        architecture=anatomy.architecture,
        discretion=discretion,
        captions=captions(
            imports, checkpoint.imports_left_out, models, training, by_path, updates, examination
        ),
        provenance=provenance({**options, **examination.words()}, timestamp),
    )


WHERE = 200
"""Characters of a place that stands before a problem."""


def _in_words(problem: Problem) -> str:
    """Where, what, and the byte, in one line."""
    where = "" if problem.where is None or repr(problem.where) in problem.text else problem.where
    where = f"{cut(where, WHERE)}: " if where else ""
    offset = "" if problem.offset is None else f" (at byte {problem.offset:,})"
    return f"{where}{problem.sentence}{offset}"


def _measured_model(
    model: ModelAnatomy,
    records: Mapping[str, TensorRecord],
    spectra: Mapping[str, LayerSpectra],
    joint: Joint,
    updates: Mapping[str, Step],
    examination: Examination,
) -> Model:
    alpha = alpha_band(examination.limits(ODD_TAILS))
    layers = tuple(
        msgspec.structs.replace(
            layer,
            profile=profile(record, layer.spectrum, step),
            states=states,
            captions=LayerCaptions(
                spectrum=layer_caption(layer.spectrum, states.tail, alpha) if layer.spectrum else ""
            ),
            smoothness=joint.smooth.get(layer.weight or ""),
            batchnorm=facts.batchnorm,
            norm=facts.norm,
            rows=facts.rows,
        )
        for described in model.described.layer_list
        for layer in [_with_spectra(described, records, spectra)]
        for record in [records.get(layer.weight or "")]
        for step in [updates.get(layer.weight or "")]
        for states in [layer_states(layer.kind, record, layer.spectrum, step, examination)]
        for facts in [joint.layers.get((model.described.key, layer.name), NO_FACTS)]
    )
    measured = msgspec.structs.replace(model.described, layer_list=layers)
    return msgspec.structs.replace(
        measured,
        adapters=joint.adapters.get(measured.key, measured.adapters),
        experts=joint.experts.get(measured.key, measured.experts),
        highlights=highlights(layers, measured.parameters, records, examination),
        trends=trends(layers),
        savings=savings(layers, measured.ties, measured.bytes, records),
    )


def _with_spectra(
    layer: Layer, records: Mapping[str, TensorRecord], spectra: Mapping[str, LayerSpectra]
) -> Layer:
    """The layer with the spectrum of its weight, and as parts those of the weight's sections and of its
    other matrices."""
    found = spectra.get(layer.weight or "")
    parts = list(found.parts) if found is not None else []
    for path in layer.tensors:
        other = spectra.get(path) if path != layer.weight else None
        if other is None or other.whole is None:
            continue
        leaf = records[path].name.removeprefix(f"{layer.name}.")
        parts.append(msgspec.structs.replace(other.whole, part=leaf))
        parts += [msgspec.structs.replace(one, part=f"{leaf}, {one.part}") for one in other.parts]
    return msgspec.structs.replace(
        layer,
        spectrum=found.whole if found is not None else None,
        spectra=tuple(parts),
        spectrum_reason=found.reason if found is not None else None,
    )


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
