"""Fewer and smaller choices that still show a fault."""

from collections.abc import Callable, Iterator

ROUNDS = 40
"""Times that a batch of simpler lists is tried."""

TRIED = 24
"""Lists in a batch: the jail forks for each."""


def shrink(choices: list[int], still: Callable[[list[list[int]]], list[bool]]) -> list[int]:
    """A list for which `still` holds, as short and as small as some hundred attempts find.

    `still` is asked of several lists at once. Spans are left out, the longest first, then numbers are lowered.
    """
    best = choices
    for _ in range(2):
        for simpler in (_shorter, _lower):
            best = _improved(best, simpler, still)
    return best


def _improved(
    best: list[int],
    simpler: Callable[[list[int], int], Iterator[list[int]]],
    still: Callable[[list[list[int]]], list[bool]],
) -> list[int]:
    skip = 0
    for _ in range(ROUNDS):
        tried = [one for one in _some(simpler(best, skip)) if one != best]
        if not tried:
            break
        hold = still(tried)
        if True in hold:
            best = tried[hold.index(True)]
            skip += hold.index(True)
        else:
            skip += len(tried)
    return best


def _some(lists: Iterator[list[int]]) -> Iterator[list[int]]:
    for _, one in zip(range(TRIED), lists, strict=False):
        yield one


def _shorter(choices: list[int], skip: int) -> Iterator[list[int]]:
    """Without a span: half of all, then quarters, down to single choices."""
    size, at = max(1, len(choices) // 2), 0
    while size:
        for start in range(0, len(choices), size):
            if at >= skip:
                yield choices[:start] + choices[start + size :]
            at += 1
        size //= 2


def _lower(choices: list[int], skip: int) -> Iterator[list[int]]:
    """With one number 0, or half of it."""
    for at, number in enumerate(choices[skip:], skip):
        if number:
            yield [*choices[:at], 0, *choices[at + 1 :]]
            if number > 1:
                yield [*choices[:at], number // 2, *choices[at + 1 :]]
