"""Numbers that were kept while training, drawn: what belongs together on one chart."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Fact, numbers
from pthreport.draw import line
from pthreport.render.page.tensor import Drawing
from pthreport.render.page.text import plain

MOST_CHARTS = 24
EMPTY = "[]"
"""A series that was never begun; the contents show it."""

_PHASE = re.compile(r"(?<![a-z])(training|train|validation|valid|val|testing|test|eval)(?![a-z])", re.I)


@dataclass(frozen=True)
class History:
    """The charts, the facts that are no series, and how many charts were left out."""

    charts: tuple[Drawing, ...]
    facts: tuple[Fact, ...]
    left_out: int


def history(facts: Sequence[Fact], sentences: Mapping[str, str]) -> History:
    """`facts` with their series drawn; the same quantity of several phases shares a chart. `sentences` say by path
    how each series goes."""
    groups: dict[str, list[Fact]] = {}
    rest: list[Fact] = []
    for fact in facts:
        if fact.value == EMPTY:
            continue
        if sum(math.isfinite(item) for item in fact.series) < 2:
            rest.append(fact)
            continue
        together = groups.setdefault(_shared(fact.name), [])
        # Three lines can be told apart on one chart.
        if len(together) < 3:
            together.append(fact)
        else:
            groups.setdefault(fact.name, []).append(fact)
    charts = [_chart(group, sentences) for group in list(groups.values())[:MOST_CHARTS]]
    return History(tuple(charts), tuple(rest), max(len(groups) - MOST_CHARTS, 0))


def _chart(facts: Sequence[Fact], sentences: Mapping[str, str]) -> Drawing:
    several = len(facts) > 1
    lines = [
        line.Line(
            tuple(float(at) for at in range(1, len(fact.series) + 1)),
            fact.series,
            _word(fact) if several else "",
        )
        for fact in facts
    ]
    scale = line.scale_of(lines)
    names = plain(_shared(facts[0].name) if several else facts[0].name, 80)
    length = max(len(fact.series) for fact in facts)
    title = f"{names}: {numbers.plural(length, 'value', short=True)} in order{', log scale' if scale == 'log' else ''}"
    said = [
        f"{_capital(_word(fact) if several else 'It')} {sentences[fact.path]}"
        for fact in facts
        if fact.path in sentences
    ]
    caption = " ".join(said)
    drawn = line.line_chart(lines, f"{title}. {caption}", scale=scale)
    return Drawing(title, Markup(drawn), caption)


def _capital(word: str) -> str:
    return f"{word[:1].upper()}{word[1:]}"


def _shared(name: str) -> str:
    """`name` with its phase, the last one named, as a star."""
    found = _phase(name)
    return f"{name[: found.start()]}*{name[found.end() :]}" if found else name


def _word(fact: Fact) -> str:
    found = _phase(fact.name)
    return found[0] if found else plain(fact.name, 24)


def _phase(name: str) -> re.Match[str] | None:
    return next(reversed(list(_PHASE.finditer(name))), None)
