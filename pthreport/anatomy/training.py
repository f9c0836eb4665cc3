"""Counters, metrics, arguments and whatever else lies beside the weights."""

import re
from collections.abc import Iterator

from pthreport.anatomy.outline import Outline, Place
from pthreport.anatomy.value_text import brief, is_number, type_name
from pthreport.checkpoint import Collection, Record, Tensor
from pthreport.checkpoint.walk import CONTAINERS, key_text
from pthreport.document import Fact

SERIES = 1000
"""Numbers of a history that are kept for drawing, the last ones."""

LONGEST_LIST = 400
"""Facts of one kind kept for the report; the contents section still shows the whole tree."""

_COUNTER = re.compile(
    r"(^|_)(epoch|steps?|iters?|iterations?|global_step|n_iter|num_updates|batch(es)?|samples_seen|tokens_seen|round)"
    r"(_idx|_num|_count)?$",
    re.I,
)
_METRIC = re.compile(
    r"loss|acc(uracy)?\b|acc\d?$|top_?[15]|precision|recall|\bf1|_f1|auc|auroc|\bmap\b|m_?ap\d*|\biou|miou|dice|bleu|rouge|"
    r"wer\b|cer\b|ppl|perplexity|rmse|\bmae\b|\bmse\b|psnr|ssim|\bfid\b|reward|return|score|fitness|metric|error_rate|"
    r"best_(?!epoch|iter|step)",
    re.I,
)
_METRIC_GROUP = re.compile(
    r"metric|history|\bhist\b|results?$|logs?$|scores?$|train_log|losses|fit_history", re.I
)
_ARGUMENTS = re.compile(
    r"^(\w+_)?(args?|arguments|config(uration)?|cfg|conf|hparams?|hyper_?parameters|hyper_params|hp|opts?|options|"
    r"params|settings|flags|kwargs|metadata|"
    r"__metadata__|meta)$",
    re.I,
)


def facts_of(outline: Outline, claimed: set[int]) -> dict[str, list[Fact]]:
    """Facts under "counters", "metrics", "arguments" and "other", from the places not in `claimed`.

    `claimed` are the positions that belong to models, optimizers and schedulers.
    """
    found: dict[str, list[Fact]] = {"counters": [], "metrics": [], "arguments": [], "other": []}
    for position, section in _sections(outline, claimed):
        place = outline.places[position]
        room = LONGEST_LIST - len(found[section])
        found[section] += (_logged(place) or [_fact(place)])[: max(room, 0)]
    return found


def _sections(outline: Outline, claimed: set[int]) -> Iterator[tuple[int, str]]:
    stack: list[tuple[int, str]] = [(0, "")]
    while stack:
        position, inherited = stack.pop()
        place = outline.places[position]
        if position in claimed or isinstance(place.value, Tensor):
            continue
        container = isinstance(place.value, CONTAINERS)
        section = inherited
        if not section and _ARGUMENTS.match(place.key):
            section = "arguments"
        elif container and _METRIC_GROUP.search(place.key) and (not section or place.parent == 0):
            section = "metrics"
        if isinstance(place.value, Record) and not section and place.parent < 0:
            section = "arguments"  # a Namespace or an object that is the whole file
        row = _is_row(outline, position) or bool(_rows(place.value))
        if container and place.children and not row and place.repeats is None:
            # Anything deeper than the sections reach is in the contents anyway.
            stack.extend((c, section) for c in reversed(place.children) if c not in claimed)
        elif place.parent >= 0:
            yield position, section or _by_name(place.key, place.value)


def _by_name(key: str, value: object) -> str:
    number = is_number(value)
    if number and _COUNTER.search(key):
        return "counters"
    if (number or isinstance(value, list | tuple)) and _METRIC.search(key):
        return "metrics"
    return "other"


def _is_row(outline: Outline, position: int) -> bool:
    """A list or tuple of plain values: one fact, not many."""
    place = outline.places[position]
    if not isinstance(place.value, list | tuple | Collection):
        return False
    return not any(outline.places[c].children for c in place.children[:64])


def _fact(place: Place) -> Fact:
    series = _series(place.value)
    value = brief(place.value)
    if isinstance(place.value, Record):
        value = type_name(place.value)
    elif len(series) > 8:
        value = _told(series)
    name = place.path if len(place.path) <= 80 else place.key
    return Fact(path=place.path, name=name, value=value, series=series[-SERIES:])


def _rows(value: object) -> dict[str, list[float]]:
    """The numbers of a list of two or more mappings, as trainers log them, one list for each key that
    leads to one, in the order of the rows; a key of an inner mapping behind a dot."""
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(row, dict) for row in value):
        return {}
    found: dict[str, list[float]] = {}
    for row in value[-SERIES:]:
        for key, item in row.items():
            inner = item.items() if isinstance(item, dict) else ()
            outer = key_text(key)
            for name, one in ((outer, item), *((f"{outer}.{key_text(k)}", v) for k, v in inner)):
                if is_number(one) and (name in found or len(found) < LONGEST_LIST):
                    found.setdefault(name, []).append(float(one))
    return found


def _logged(place: Place) -> list[Fact]:
    """A fact for each number that is logged again and again."""
    return [
        Fact(
            path=f"{place.path}.*.{name}", name=f"{place.path}.*.{name}", value=_told(series), series=series
        )
        for name, numbers in _rows(place.value).items()
        for series in [tuple(numbers)]
    ]


def _told(series: tuple[float, ...]) -> str:
    return (
        f"{len(series):,} numbers: first {series[0]:.4g}, last {series[-1]:.4g}, "
        f"lowest {min(series):.4g}, highest {max(series):.4g}"
    )


def _series(value: object) -> tuple[float, ...]:
    """The numbers of a list of two or more that holds nothing else."""
    if not isinstance(value, list | tuple) or len(value) < 2 or not all(is_number(v) for v in value):
        return ()
    return tuple(float(v) for v in value)
