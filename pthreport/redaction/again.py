"""Secrets and people that were found where they stand, found again in other texts: in names, places and
messages, also where those were cut within one.

The time is linear in the text, however many there are to be found.
"""

import re
from collections.abc import Callable, Iterator, Mapping

_TELLING = 12
"""First characters by which a secret is known again where a text was cut within it."""

_ALIKE = 16
"""Secrets with the same first characters that are told apart."""

_RUN = re.compile(r"[A-Za-z0-9_-]*")

_FIRST = 3
"""Characters of the shortest name of a user or a host that is looked for."""

LONGEST_PERSON = 64
"""Characters of the longest one."""

_EDGE = re.compile(r"(?<![A-Za-z0-9])\S")


def secrets_again(labels: Mapping[str, str]) -> Callable[[str], str]:
    """What replaces the secrets that are the keys of `labels`, or as much of them as stands in a text."""
    known: dict[str, list[str]] = {}
    for raw in labels:
        if len(raw) > _TELLING:
            known.setdefault(raw[:_TELLING], []).append(raw)
    if not known:
        return lambda text: text
    first = re.compile(f"[{''.join(map(re.escape, sorted({start[0] for start in known})))}]")

    def found(text: str) -> Iterator[tuple[int, int, str]]:
        at = 0
        while begin := first.search(text, at):
            at = begin.start()
            alike = known.get(text[at : at + _TELLING])
            if alike is None:
                at += 1
                continue
            stop, raw = max((_common(text, at, raw), raw) for raw in alike[:_ALIKE])
            if len(alike) > _ALIKE:
                run = _RUN.match(text, stop)
                stop = run.end() if run else stop
            yield at, stop, labels[raw]
            at = stop

    return lambda text: replaced(text, found(text))


def _common(text: str, at: int, raw: str) -> int:
    """Where what stands in `text` at `at` ceases to be the beginning of `raw`."""
    if text.startswith(raw, at):
        return at + len(raw)
    stop = at + _TELLING
    while stop < len(text) and stop - at < len(raw) and text[stop] == raw[stop - at]:
        stop += 1
    return stop


def people_again(names: Mapping[str, str]) -> Callable[[str], str]:
    """What replaces the names of users and hosts that are the keys of `names`, in small letters (`casefold`),
    wherever one stands as a word."""
    lengths: dict[str, set[int]] = {}
    for name in names:
        if _FIRST <= len(name) <= LONGEST_PERSON:
            lengths.setdefault(name[:_FIRST], set()).add(len(name))
    if not lengths:
        return lambda text: text
    longest_first = {start: sorted(all_of_it, reverse=True) for start, all_of_it in lengths.items()}

    def found(text: str) -> Iterator[tuple[int, int, str]]:
        done = 0
        for edge in _EDGE.finditer(text):
            at = edge.start()
            if at < done:
                continue
            for length in longest_first.get(text[at : at + _FIRST].casefold(), ()):
                stop = at + length
                label = names.get(text[at:stop].casefold())
                if label is not None and not (stop < len(text) and _is_of_word(text[stop])):
                    yield at, stop, label
                    done = stop
                    break

    return lambda text: replaced(text, found(text))


def _is_of_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


def replaced(text: str, places: Iterator[tuple[int, int, str]]) -> str:
    """`text` with another text from `start` to `stop` of each of `places`, which come in order."""
    parts: list[str] = []
    done = 0
    for start, stop, new in places:
        parts += (text[done:start], new)
        done = stop
    return "".join([*parts, text[done:]]) if parts else text
