"""Low-rank adapters: how far each changes the layer that it is for."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Adapter, Report, numbers
from pthreport.draw import strip
from pthreport.render.page.index import Index
from pthreport.render.page.spectra import Number, number
from pthreport.render.page.strip import MOST_COLUMNS, groups
from pthreport.render.page.text import plain

MOST_ROWS = 250
MOST_PROBLEMS = 20

HEAD = (
    "Rank",
    "Scale",
    "Norm",
    "Spectral norm",
    "Stable rank",
    "Effective rank",
    "Of weight",
)


@dataclass(frozen=True)
class AdapterRow:
    """One adapter in figures; `anchor` leads to a factor's row."""

    target: str
    name: str
    form: str
    anchor: str | None
    shape: str
    cells: tuple[Number, ...]


@dataclass(frozen=True)
class AdaptersView:
    """The section: `problems` are those whose factors were not multiplied, and why."""

    total: int
    parameters: int
    sentences: tuple[str, ...]
    picture: Markup
    links: Markup
    rows: tuple[AdapterRow, ...]
    left_out: int
    named: bool
    forms: bool
    problems: tuple[tuple[str, str], ...]
    problems_left_out: int


def adapters(report: Report, index: Index, has: frozenset[str]) -> AdaptersView | None:
    """The section of `report`, None where no model has an adapter; `has` are the anchors on the page."""
    found = [adapter for model in report.models for adapter in model.adapters]
    if not found:
        return None
    fine = [adapter for adapter in found if not adapter.problem]
    largest = sorted(fine, key=lambda adapter: -(adapter.delta_norm or 0.0))[:MOST_ROWS]
    kept = {id(adapter) for adapter in largest}
    drawn = _drawn(fine, index, has)
    broken = [adapter for adapter in found if adapter.problem]
    return AdaptersView(
        total=len(found),
        parameters=sum(adapter.parameters for adapter in found),
        sentences=tuple(_sentences(fine)),
        picture=Markup(drawn.picture if drawn else ""),
        links=Markup(drawn.links if drawn else ""),
        rows=tuple(_row(adapter, index, has) for adapter in fine if id(adapter) in kept),
        left_out=len(fine) - len(largest),
        named=any(adapter.name for adapter in found),
        forms=len({adapter.form for adapter in fine}) > 1,
        problems=tuple((adapter.target, adapter.problem) for adapter in broken[:MOST_PROBLEMS]),
        problems_left_out=max(len(broken) - MOST_PROBLEMS, 0),
    )


def _anchor(adapter: Adapter, index: Index, has: frozenset[str]) -> str | None:
    for path in (adapter.base, adapter.b, adapter.a):
        key = index.layer_of.get(path or "")
        anchor = index.layer_anchors[key] if key else None
        if anchor in has:
            return anchor
    return None


def _row(adapter: Adapter, index: Index, has: frozenset[str]) -> AdapterRow:
    return AdapterRow(
        target=adapter.target or "(root)",
        name=adapter.name,
        form=adapter.form,
        anchor=_anchor(adapter, index, has),
        shape=numbers.shape(adapter.shape) if adapter.shape else "",
        cells=(
            number(adapter.rank),
            number(adapter.scale),
            number(adapter.delta_norm),
            number(adapter.spectral_norm),
            number(adapter.stable_rank),
            number(adapter.effective_rank),
            Number(numbers.percent(adapter.relative), f"{adapter.relative:.6g}")
            if adapter.relative is not None
            else number(None),
        ),
    )


def _sentences(fine: Sequence[Adapter]) -> list[str]:
    """What the adapters say together: their ranks, where their scale is from, where they change most."""
    if not fine:
        return []
    said = []
    ranks = sorted({adapter.rank for adapter in fine if adapter.rank is not None})
    if len(ranks) == 1:
        said.append(f"All are of rank {ranks[0]}.")
    elif ranks:
        said.append(f"Their ranks run from {ranks[0]} to {ranks[-1]}.")
    told = [adapter for adapter in fine if adapter.scaled_by]
    alphas = {adapter.alpha for adapter in told if adapter.alpha is not None}
    if not told:
        said.append("The file tells no alpha: their scale is taken to be 1.")
    elif len(alphas) == 1:
        places = {adapter.scaled_by for adapter in told}
        where = plain(told[0].scaled_by, 80) if len(places) == 1 else "tensors beside the factors"
        said.append(f"Alpha is {numbers.value(alphas.pop())} (from {where}).")
    elif alphas:
        said.append(f"Alpha runs from {numbers.value(min(alphas))} to {numbers.value(max(alphas))}.")
    known = [(adapter.relative, adapter) for adapter in fine if adapter.relative is not None]
    norms = [(adapter.delta_norm, adapter) for adapter in fine if adapter.delta_norm is not None]
    if known:
        most = max(known, key=lambda pair: pair[0])
        middle = statistics.median(share for share, _ in known)
        said.append(
            f"In the median layer the change is {numbers.percent(middle)} of the weight's norm, most in "
            f"{plain(most[1].target, 80)} ({numbers.percent(most[0])})."
        )
    elif norms and not any(norm for norm, _ in norms):
        said.append("No change yet: every product is zero, as at the start of training.")
    elif norms:
        far = max(norms, key=lambda pair: pair[0])
        said.append(f"The largest change is that of {plain(far[1].target, 80)} ({numbers.value(far[0])}).")
    return said


def _drawn(fine: Sequence[Adapter], index: Index, has: frozenset[str]) -> strip.Strip | None:
    """The changes over the layers in model order."""
    drawn = [adapter for adapter in fine if adapter.delta_norm is not None][:MOST_COLUMNS]
    if len(drawn) < 2 or not any(adapter.delta_norm for adapter in drawn):
        return None
    columns = []
    for adapter in drawn:
        note = [plain(adapter.target), f"rank {adapter.rank}, change {numbers.value(adapter.delta_norm)}"]
        if adapter.relative is not None:
            note.append(f"{numbers.percent(adapter.relative)} of the weight")
        note.append(f"effective rank {numbers.value(adapter.effective_rank)}")
        anchor = _anchor(adapter, index, has)
        columns.append(strip.Column("\n".join(note), f"#{anchor}" if anchor else None))
    if all(adapter.relative is not None for adapter in drawn):
        size = strip.Row(
            "Norm of the change over that of the weight, log scale", tuple(a.relative for a in drawn), "log"
        )
    else:
        size = strip.Row(
            "Norm of the change (Frobenius), log scale", tuple(a.delta_norm for a in drawn), "log"
        )
    used = strip.Row(
        "Effective rank of the change, share of its rank",
        tuple(a.effective_rank / a.rank if a.effective_rank and a.rank else None for a in drawn),
        "share",
    )
    alt = f"Changes of {len(drawn)} layers by low-rank adapters. {' '.join(_sentences(fine))}"
    return strip.depth_strip(columns, [size, used], groups([a.target for a in drawn]), alt)
