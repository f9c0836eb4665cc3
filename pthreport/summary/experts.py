"""What the mixtures of experts of a report say together."""

from collections.abc import Sequence
from itertools import islice

from pthreport.document import Experts, numbers
from pthreport.document.text import cut

NAME = 80
PROBLEMS = 8
LISTED = 8


def expert_sentences(mixtures: Sequence[Experts]) -> tuple[str, ...]:
    """How alike the experts are, which are missing, and what their routers add, a sentence each."""
    found = (
        _cosines(mixtures),
        _duplicates(mixtures),
        _missing(mixtures),
        _biases(mixtures),
        _sampled(mixtures),
    )
    problems = [f"{cut(one.at, NAME)}: {one.problem}." for one in mixtures if one.problem]
    return (*(said for said in found if said), *problems[:PROBLEMS])


def _cosines(mixtures: Sequence[Experts]) -> str:
    means = [one.cosine_mean for one in mixtures if one.cosine_mean is not None]
    if not means:
        return ""
    return (
        f"The mean cosine between two experts' weights is {_between(min(means), max(means))}; experts that were "
        "trained apart from random weights have one near 0, copies of one layer one near 1."
    )


def _duplicates(mixtures: Sequence[Experts]) -> str:
    pairs = [(one, pair) for one in mixtures for pair in one.duplicates[:1]]
    if not pairs:
        return ""
    one, pair = pairs[0]
    total = sum(one.duplicate_pairs for one in mixtures)
    return (
        f"There {'is' if total == 1 else 'are'} {numbers.plural(total, 'pair')} of near-duplicate experts: "
        f"{pair.first} and {pair.second} of {cut(one.at, NAME)} (cosine {numbers.value(pair.cosine, 4)})"
        f"{', …' if total > 1 else ''}."
    )


def _missing(mixtures: Sequence[Experts]) -> str:
    one = next((one for one in mixtures if len(one.numbers) < one.count), None)
    if one is None:
        return ""
    held = set(one.numbers)
    gone = list(islice((str(number) for number in range(one.count) if number not in held), LISTED + 1))
    listed = ", ".join(gone[:LISTED]) + (", …" if len(gone) > LISTED else "")
    return (
        f"The router of {cut(one.at, NAME)} chooses among {numbers.plural(one.count, 'expert')}; "
        f"{'expert' if len(gone) == 1 else 'experts'} {listed} {'is' if len(gone) == 1 else 'are'} not in the file or of "
        "another shape."
    )


def _biases(mixtures: Sequence[Experts]) -> str:
    biases = [bias for one in mixtures for bias in one.router_biases]
    return (
        f"The router adds a bias to each expert's score, {_between(min(biases), max(biases))}."
        if biases
        else ""
    )


def _sampled(mixtures: Sequence[Experts]) -> str:
    sampled = [one.sampled for one in mixtures if one.cosine_basis == "estimated"]
    if not sampled:
        return ""
    return (
        f"Figures marked ≈ are estimated from {numbers.count(min(sampled))} or more weights of each expert."
    )


def _between(low: float, high: float) -> str:
    one, other = numbers.value(low, 2), numbers.value(high, 2)
    return one if one == other else f"{one} to {other}"
