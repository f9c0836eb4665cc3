"""Mixtures of experts: how alike the experts are, and how the router treats them."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Experts, Report, numbers
from pthreport.draw import bars
from pthreport.render.page.index import Index
from pthreport.render.page.spectra import Number, number
from pthreport.render.page.text import plain

MOST_ROWS = 200
MOST_DRAWN = 256

HEAD = ("Least cosine", "Mean", "Largest", "Duplicates")


@dataclass(frozen=True)
class ExpertsRow:
    """One mixture in figures, with the norms of its experts and of its router's rows as pictures."""

    at: str
    anchor: str | None
    count: str
    each: int
    norms: Markup
    norms_text: str
    cells: tuple[Number, ...]
    router: Markup
    router_text: str


@dataclass(frozen=True)
class ExpertsView:
    """The section."""

    rows: tuple[ExpertsRow, ...]
    sentences: tuple[str, ...]
    total: int
    left_out: int


def experts(report: Report, index: Index, has: frozenset[str]) -> ExpertsView | None:
    """The section of `report`, None where no model has a mixture; `has` are the anchors on the page."""
    found = [one for model in report.models for one in model.experts]
    if not found:
        return None
    return ExpertsView(
        rows=tuple(_row(one, index, has) for one in found[:MOST_ROWS]),
        sentences=tuple(_sentences(found)),
        total=len(found),
        left_out=max(len(found) - MOST_ROWS, 0),
    )


def _row(one: Experts, index: Index, has: frozenset[str]) -> ExpertsRow:
    key = index.layer_of.get(one.router_weight)
    anchor = index.layer_anchors[key] if key else None
    held = len(one.numbers)
    about = "≈ " if one.cosine_basis == "estimated" else ""
    return ExpertsRow(
        at=one.at or one.router,
        anchor=anchor if anchor in has else None,
        count=str(one.count) if held == one.count else f"{held} of {one.count}",
        each=one.parameters,
        norms=_bars(one.norms, "experts"),
        norms_text=_span(one.norms),
        cells=(
            number(one.cosine_min, about),
            number(one.cosine_mean, about),
            number(one.cosine_max, about),
            number(one.duplicate_pairs if one.cosine_max is not None else None),
        ),
        router=_bars(one.router_norms, "rows of the router"),
        router_text=_span(one.router_norms),
    )


def _bars(norms: Sequence[float], what: str) -> Markup:
    if len(norms) < 2:
        return Markup("")
    alt = f"Norms of {len(norms)} {what}: {_span(norms)}."
    return Markup(bars.unit_norms(norms[:MOST_DRAWN], alt, height=20))


def _span(norms: Sequence[float]) -> str:
    if not norms:
        return numbers.DASH
    return f"{numbers.value(min(norms))} to {numbers.value(max(norms))}"


def _sentences(found: Sequence[Experts]) -> list[str]:
    """What the mixtures say together."""
    said = []
    known = [(one.cosine_mean, one) for one in found if one.cosine_mean is not None]
    if known:
        low, high = (pick(known, key=lambda pair: pair[0])[0] for pick in (min, max))
        said.append(
            f"The mean cosine between two experts' weights is {_between(low, high)}; experts that were "
            "trained apart from random weights have one near 0, copies of one layer one near 1."
        )
    twins = [(one, pair) for one in found for pair in one.duplicates[:1]]
    if twins:
        one, pair = twins[0]
        total = sum(one.duplicate_pairs for one in found)
        said.append(
            f"{numbers.plural(total, 'pair')} of experts {numbers.verb(total, 'is', 'are')} nearly the same: "
            f"{pair.first} and {pair.second} of {plain(one.at, 80)} (cosine {numbers.value(pair.cosine, 4)})"
            f"{', …' if total > 1 else ''}."
        )
    missing = [one for one in found if len(one.numbers) < one.count]
    if missing:
        one = missing[0]
        gone = [str(n) for n in range(one.count) if n not in one.numbers]
        said.append(
            f"The router of {plain(one.at, 80)} tells {one.count} experts apart; "
            f"{numbers.verb(len(gone), 'expert', 'experts')} {', '.join(gone[:8])}{', …' if len(gone) > 8 else ''} "
            f"{numbers.verb(len(gone), 'is', 'are')} not in the file or of another shape."
        )
    biased = [one for one in found if one.router_biases]
    if biased:
        low = min(min(one.router_biases) for one in biased)
        high = max(max(one.router_biases) for one in biased)
        said.append(f"The router adds a bias to each expert's score, {_between(low, high)}.")
    sampled = [one for one in found if one.cosine_basis == "estimated"]
    if sampled:
        fewest = min(one.sampled for one in sampled)
        said.append(
            f"Figures marked ≈ are estimated from {numbers.count(fewest)} or more weights of each expert."
        )
    said += [f"{plain(one.at, 80)}: {one.problem}." for one in found if one.problem][:8]
    return said


def _between(low: float, high: float) -> str:
    one, other = numbers.value(low, 2), numbers.value(high, 2)
    return one if one == other else f"{one} to {other}"
