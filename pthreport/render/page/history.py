"""Numbers that were kept while training, drawn: what belongs together on one chart."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Fact, numbers
from pthreport.draw import line
from pthreport.render.page.tensor import Drawing
from pthreport.render.page.text import plain

MOST_CHARTS = 24
EMPTY = "[]"
"""A series that was never begun; the contents show it."""
_WIDE_RANGE = 50.0
"""From this ratio of largest to smallest on, a chart of positive numbers is logarithmic."""

_PHASE = re.compile(r"(?<![a-z])(training|train|validation|valid|val|testing|test|eval)(?![a-z])", re.I)


@dataclass(frozen=True)
class History:
    """The charts, the facts that are no series, and how many charts were left out."""

    charts: tuple[Drawing, ...]
    facts: tuple[Fact, ...]
    left_out: int


def history(facts: Sequence[Fact]) -> History:
    """`facts` with their series drawn; the same quantity of several phases shares a chart."""
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
    charts = [_chart(group) for group in list(groups.values())[:MOST_CHARTS]]
    return History(tuple(charts), tuple(rest), max(len(groups) - MOST_CHARTS, 0))


def _chart(facts: Sequence[Fact]) -> Drawing:
    known = [item for fact in facts for item in fact.series if math.isfinite(item)]
    low, high = min(known), max(known)
    log = low > 0 and high / low > _WIDE_RANGE
    several = len(facts) > 1
    lines = [
        line.Line(
            tuple(float(at) for at in range(1, len(fact.series) + 1)),
            fact.series,
            _word(fact) if several else "",
        )
        for fact in facts
    ]
    names = plain(_shared(facts[0].name) if several else facts[0].name, 80)
    length = max(len(fact.series) for fact in facts)
    title = f"{names}: {numbers.plural(length, 'value', short=True)} in order{', log scale' if log else ''}"
    caption = " ".join(_said(fact, several) for fact in facts)
    zero = not log and 0 <= low < 0.5 * high
    drawn = line.line_chart(
        lines, f"{title}. {caption}", scale="log" if log else "zero" if zero else "around"
    )
    return Drawing(title, Markup(drawn), caption)


def _shared(name: str) -> str:
    """`name` with its phase, the last one named, as a star."""
    found = _phase(name)
    return f"{name[: found.start()]}*{name[found.end() :]}" if found else name


def _word(fact: Fact) -> str:
    found = _phase(fact.name)
    return found[0] if found else plain(fact.name, 24)


def _phase(name: str) -> re.Match[str] | None:
    return next(reversed(list(_PHASE.finditer(name))), None)


def _said(fact: Fact, several: bool) -> str:
    finite = [(item, at) for at, item in enumerate(fact.series, 1) if math.isfinite(item)]
    first, last = finite[0][0], finite[-1][0]
    least, most = min(finite), max(finite, key=lambda pair: pair[0])
    word = "falls" if last < first else "rises" if last > first else "stays"
    name = _word(fact) if several else "It"
    said = f"{name[:1].upper()}{name[1:]} {word} from {numbers.value(first)} to {numbers.value(last)}"
    if word == "stays":
        said = f"{name[:1].upper()}{name[1:]} starts and ends at {numbers.value(last)}"
    total = len(fact.series)
    if word == "falls" and least[1] != finite[-1][1]:
        said += f", least {numbers.value(least[0])} at {least[1]} of {total}"
    elif word == "rises" and most[1] != finite[-1][1]:
        said += f", highest {numbers.value(most[0])} at {most[1]} of {total}"
    lost = total - len(finite)
    return said + (f"; {numbers.plural(lost, 'value', short=True)} not finite" if lost else "") + "."
