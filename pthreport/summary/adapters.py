"""What the low-rank adapters of a report say together."""

from collections.abc import Sequence
from statistics import median

from pthreport.document import Adapter, numbers
from pthreport.document.text import cut

NAME = 80


def adapter_sentences(adapters: Sequence[Adapter]) -> tuple[str, ...]:
    """Their ranks, where their scale comes from, and where they change most, a sentence each."""
    measured = [adapter for adapter in adapters if not adapter.problem]
    if not measured:
        return ()
    found = (_ranks(measured), _alphas(measured), _changes(measured))
    return tuple(said for said in found if said)


def _ranks(adapters: Sequence[Adapter]) -> str:
    ranks = sorted({adapter.rank for adapter in adapters if adapter.rank is not None})
    if not ranks:
        return ""
    return (
        f"All are of rank {ranks[0]}."
        if len(ranks) == 1
        else f"Their ranks run from {ranks[0]} to {ranks[-1]}."
    )


def _alphas(adapters: Sequence[Adapter]) -> str:
    stated = [adapter for adapter in adapters if adapter.scaled_by]
    alphas = {adapter.alpha for adapter in stated if adapter.alpha is not None}
    if not stated:
        return "The file states no alpha: a scale of 1 is assumed."
    if len(alphas) > 1:
        return f"Alpha runs from {numbers.value(min(alphas))} to {numbers.value(max(alphas))}."
    if not alphas:
        return ""
    places = {adapter.scaled_by for adapter in stated}
    where = cut(stated[0].scaled_by, NAME) if len(places) == 1 else "tensors next to the factors"
    return f"Alpha is {numbers.value(alphas.pop())} (from {where})."


def _changes(adapters: Sequence[Adapter]) -> str:
    shares = [(adapter.relative, adapter) for adapter in adapters if adapter.relative is not None]
    norms = [(adapter.delta_norm, adapter) for adapter in adapters if adapter.delta_norm is not None]
    if shares:
        most, where = max(shares, key=lambda pair: pair[0])
        return (
            f"In the median layer the change is {numbers.percent(median(share for share, _ in shares))} of the weight's "
            f"norm, most in {cut(where.target, NAME)} ({numbers.percent(most)})."
        )
    if not norms:
        return ""
    most, where = max(norms, key=lambda pair: pair[0])
    if most == 0:
        return "No change yet: every product is zero, as at the start of training."
    return f"The largest change is that of {cut(where.target, NAME)} ({numbers.value(most)})."
