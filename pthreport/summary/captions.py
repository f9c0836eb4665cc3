"""All sentences of a report that several layers, tensors or models make together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from pthreport.checks import Examination
from pthreport.checks.int8_outliers import INT8_OUTLIERS
from pthreport.document import Captions, Import, Model, TensorRecord, Training, numbers
from pthreport.summary.adapters import adapter_sentences
from pthreport.summary.experts import expert_sentences
from pthreport.summary.models import model_captions
from pthreport.summary.optimizers import optimizer_captions
from pthreport.summary.precision import precision_note, precision_sentences
from pthreport.summary.training import average_caption, history_caption, scaler_caption, schedule_caption
from pthreport.summary.updates import Step

_IMPORTS: dict[Literal["dangerous", "unknown", "known"], str] = {
    "dangerous": "dangerous",
    "unknown": "not known",
    "known": "known",
}


def captions(
    imports: Sequence[Import],
    imports_left_out: int,
    models: Sequence[Model],
    training: Training,
    tensors: Mapping[str, TensorRecord],
    steps: Mapping[str, Step],
    examination: Examination,
) -> Captions:
    """The sentences of a report: `tensors` and `steps` (the last updates) by path."""
    weights = [t for t in tensors.values() if t.role in ("parameter", "buffer") and t.statistics]
    of_models: dict[str | None, list[Step]] = {}
    for path, step in steps.items():
        of_models.setdefault(tensors[path].model if path in tensors else None, []).append(step)
    return Captions(
        imports=_imports(imports, imports_left_out),
        models={
            model.key: model_captions(model, of_models.get(model.key, ()), examination) for model in models
        },
        adapters=adapter_sentences([adapter for model in models for adapter in model.adapters]),
        experts=expert_sentences([one for model in models for one in model.experts]),
        precision=precision_sentences(weights, examination.limits(INT8_OUTLIERS)),
        precision_note=precision_note(list(tensors.values())),
        optimizers={
            optimizer.path: optimizer_captions(optimizer, tensors, examination)
            for optimizer in training.optimizers
        },
        schedulers={
            scheduler.path: said
            for scheduler in training.schedulers
            if (said := schedule_caption(scheduler))
        },
        scalers={scaler.path: said for scaler in training.scalers if (said := scaler_caption(scaler))},
        averages={average.average: average_caption(average, models) for average in training.averages},
        histories={
            fact.path: said
            for fact in (*training.metrics, *training.other)
            if (said := history_caption(fact))
        },
    )


def _imports(imports: Sequence[Import], left_out: int) -> str:
    total = len(imports) + left_out
    if not total:
        return ""
    counts = Counter(item.verdict for item in imports)
    parts = [f"{counts[verdict]:,} {words}" for verdict, words in _IMPORTS.items() if counts[verdict]]
    return f"The file names {numbers.plural(total, 'import')}: {', '.join(parts)}."
