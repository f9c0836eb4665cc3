"""The names a file would import, and what it would do with them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.limits import Limits, met
from pthreport.checkpoint.values import Global
from pthreport.checkpoint.verdicts import Verdict, judge
from pthreport.document.text import encodable

PLACES = 5
"""Places in the tree that are listed for one import."""


@dataclass(frozen=True, slots=True)
class ImportUse:
    """One name, the verdict on it, and the reason in words.

    `uses` tells what loading would do with it, of "imported", "called", "built" (a state is set on
    what the call made), "set" (a state is set on the imported thing itself) and "inside bytes" (named
    by a pickle in a byte string, which loading by itself leaves alone). `count` is how often
    it is named or called, `places` the first tree paths where it still is, `offset` the byte of
    the pickle at which it is named first.
    """

    module: str
    name: str
    verdict: Verdict
    why: str
    uses: tuple[str, ...]
    count: int
    places: tuple[str, ...]
    offset: int


@dataclass(slots=True)
class _Use:
    value: Global
    offset: int
    named: int = 0
    called: int = 0
    built: int = 0
    changed: int = 0
    inside: int = 0
    places: list[str] = field(default_factory=list)


class Imports:
    """Collects the names of one file, in order of first sight; one `Global` per name."""

    def __init__(self, limit: int = Limits().names) -> None:
        self._limit = limit
        self._uses: dict[tuple[str, str], _Use] = {}
        self._explained: dict[tuple[str, str], tuple[Verdict, str]] = {}

    def __len__(self) -> int:
        return len(self._uses)

    def _use(self, pair: tuple[str, str], offset: int) -> _Use:
        use = self._uses.get(pair)
        if use is None:
            if len(self._uses) >= self._limit:
                raise FormatError(
                    f"more than {self._limit:,} different names ({met('names', self._limit)})", kind="limit"
                )
            use = self._uses[pair] = _Use(Global(*pair), offset)
        return use

    def named(self, module: str, name: str, offset: int) -> Global:
        """The name is imported."""
        use = self._use((module, name), offset)
        use.named += 1
        return use.value

    def called(self, pair: tuple[str, str]) -> None:
        """What was imported is called."""
        self._use(pair, 0).called += 1

    def built(self, pair: tuple[str, str]) -> None:
        """A state is set on what the call made."""
        if pair in self._uses:
            self._uses[pair].built += 1

    def changed(self, pair: tuple[str, str]) -> None:
        """A state is set on the imported thing itself."""
        self._use(pair, 0).changed += 1

    def place(self, module: str, name: str, path: str) -> None:
        """The name, or what its call made, is at `path`."""
        use = self._uses.get((module, name))
        if use is not None and len(use.places) < PLACES and path not in use.places:
            use.places.append(path)

    def add(self, pairs: Iterable[tuple[str, str, int]]) -> None:
        """Names that another pickle of the file names."""
        for module, name, offset in pairs:
            self.named(module, name, offset)

    def pairs(self) -> list[tuple[str, str]]:
        """Every (module, name), in order of first sight."""
        return list(self._uses)

    def explain(self, pair: tuple[str, str], why: str, verdict: Verdict = "known") -> None:
        """The container defines the name itself: a verdict of its own, whatever it would be elsewhere."""
        self._explained[pair] = verdict, why

    def distrust(self, pair: tuple[str, str]) -> None:
        """Take back what `explain` said."""
        self._explained.pop(pair, None)

    def absorb(self, other: "Imports", like: "re.Pattern[str] | None" = None) -> None:
        """Take over what was collected elsewhere in the same checkpoint: all, or the names that look `like`
        names."""
        for pair, theirs in other._uses.items():
            if like is not None and not all(like.fullmatch(one) for one in pair):
                continue
            ours = self._use(pair, theirs.offset)
            ours.named += theirs.named
            ours.called += theirs.called
            ours.built += theirs.built
            ours.changed += theirs.changed
            ours.inside += theirs.inside
        self._explained.update(other._explained)

    def inside(self, other: "Imports", path: str) -> None:
        """What a pickle in the byte string at `path` names."""
        for pair, theirs in other._uses.items():
            self._use(pair, theirs.offset).inside += 1
            self.place(*pair, path)

    def listing(self, limit: int) -> tuple[list[ImportUse], int]:
        """At most `limit` imports in the file's order, and how many were left out; the dangerous ones
        are left out last."""
        found = [self._judged(use) for use in self._uses.values()]
        left_out = max(0, len(found) - limit)
        if left_out:
            rank = {"dangerous": 0, "unknown": 1, "known": 2}
            chosen = sorted(range(len(found)), key=lambda at: (rank[found[at].verdict], at))[:limit]
            found = [found[at] for at in sorted(chosen)]
        return found, left_out

    def _judged(self, use: _Use) -> ImportUse:
        module, name = use.value.module, use.value.name
        explained = self._explained.get((module, name))
        verdict, why = judge(module, name) if explained is None else explained
        uses = [
            word
            for word, times in (
                ("imported", use.named or not use.inside),
                ("called", use.called),
                ("built", use.built),
                ("set", use.changed),
                ("inside bytes", use.inside),
            )
            if times
        ]
        if use.inside and not use.named:
            why = f"{why} It is inside a byte string: only unpickling that string imports it."
        if use.changed and verdict != "dangerous":
            verdict = "dangerous"
            why = "Loading would change the imported class or function itself, for the whole process."
        return ImportUse(
            encodable(module),
            encodable(name),
            verdict,
            why,
            tuple(uses),
            max(use.named, use.called, use.inside, 1),
            tuple(use.places),
            use.offset,
        )
