"""What a container's reader is given and what it gives back."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pthreport.checkpoint.errors import FormatError, Problem, one_line, summed
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.limits import Budget, Limits, met
from pthreport.checkpoint.machine import Context, Outcome, run
from pthreport.checkpoint.nested import Inside, load
from pthreport.checkpoint.rebuild import BUILDS, REBUILDS
from pthreport.checkpoint.source import Held, Scratch, Source, Stretch
from pthreport.checkpoint.values import Record, Value
from pthreport.document.numbers import plural
from pthreport.document.report import ProblemKind

FRAME_REACH = 16
"""Bytes behind a crossed frame's end at which another reader may go on: an opcode's argument."""


PROBLEMS = 20_000
"""Problems of one file that are written down."""


def _nowhere() -> None:
    """No pickle is being run."""


class Room:
    """What the compressed members of one file, and of all files inside it, may still expand to."""

    def __init__(self, limits: Limits, size: int) -> None:
        self._limit = limits.inflated_bytes
        self._most = max(limits.inflated_bytes, limits.inflated_ratio * size)
        self._taken = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Take room for `size` bytes; raises `FormatError` where there is not as much."""
        with self._lock:
            self._taken += size
            taken = self._taken
        if taken > self._most:
            which = met("inflated_bytes", self._limit)
            raise FormatError(
                f"compressed members expand to more than {self._most:,} bytes ({which})", kind="limit"
            )


@dataclass(slots=True)
class Reading:
    """One file being read: its bytes and limits, and what was found so far.

    `container` is the word of CONTRACT.md; `format` holds facts in words; `scratch` takes what
    has to be unpacked; `verify` compares the container's checksums. `pickles` are those that
    torch.load reads, in order: the bytes, where they begin, the length of a storage's persistent id.
    `inside`, `room` and `budget` are shared with the files inside this one, `depth` is how far inside this
    one is. `at` gives the byte of the file at which a pickle is being run. `broken` is set once a member
    could not be unpacked in a way that torch's reader notices.
    """

    path: Path
    source: Source
    limits: Limits
    container: str = ""
    format: dict[str, str] = field(default_factory=dict)
    tree: Value = None
    imports: Imports = field(default_factory=Imports)
    problems: list[Problem] = field(default_factory=list)
    scratch: Scratch = field(default_factory=Scratch)
    verify: Callable[[], list[Problem]] = list
    pickles: list[tuple[Stretch, int, int]] = field(default_factory=list)
    inside: Inside = field(default_factory=Inside)
    depth: int = 0
    at: Callable[[], int | None] = _nowhere
    broken: bool = False
    room: Room = field(default=None)  # type: ignore[assignment]  # made of the others below
    budget: Budget = field(default=None)  # type: ignore[assignment]  # likewise

    def __post_init__(self) -> None:
        if self.room is None:
            self.room = Room(self.limits, self.source.length)
        if self.budget is None:
            self.budget = Budget.of(self.limits)

    def problem(
        self,
        text: str,
        offset: int | None = None,
        where: str | None = None,
        partial: bool = False,
        refused: bool = False,
        *,
        kind: ProblemKind = "malformed",
    ) -> None:
        """Write down a problem, at the instruction of the pickle being run unless another place is given."""
        if len(self.problems) > PROBLEMS:
            return
        if len(self.problems) == PROBLEMS:
            text, where, partial, kind = (
                f"more than {PROBLEMS:,} problems: not all are listed",
                None,
                True,
                "limit",
            )
        offset = self.at() if offset is None else offset
        self.problems.append(Problem(one_line(text), offset, where, partial, refused, kind))

    def unpickle(
        self,
        source: Source | Stretch | Held,
        start: int = 0,
        *,
        where: str | None = None,
        persistent: Callable[[Value], Value] | None = None,
        shift: int = 0,
    ) -> Outcome:
        """Run one pickle with this file's limits and notebooks.

        `where` names the member it is in; `shift` is added to its offsets to make them the file's.
        """
        noted: list[Problem] = []
        context = Context(self.limits, self.imports, noted, REBUILDS, BUILDS, self.budget)
        context.nested = partial(load, self)
        context.derived += source.length
        if persistent is not None:
            context.persistent = persistent
        before, self.at = self.at, lambda: context.offset + shift
        try:
            outcome = run(source, start, context)
        finally:
            self.at = before
        for one in summed(noted):
            offset = None if one.offset is None else one.offset + shift
            self.problem(one.text, offset, one.where or where, one.partial, one.refused, kind=one.kind)
        if outcome.error is not None:
            offset = (outcome.error.offset or 0) + shift
            self.problem(
                f"the pickle breaks off: {outcome.error.text}",
                offset,
                where,
                partial=True,
                kind=outcome.error.kind,
            )
            if outcome.crossed is not None:
                self._probe_behind(source, outcome.crossed)
        elif outcome.left_over:
            self.problem(
                f"the pickle leaves {plural(outcome.left_over, 'value')} unused",
                outcome.end + shift,
                where,
                kind="stray",
            )
        return outcome

    def probe(self, source: Source | Stretch | Held, start: int, imports: Imports | None = None) -> Outcome:
        """Run what may be a pickle for its imports only, which are this file's unless given."""
        found = self.imports if imports is None else imports
        return run(source, start, Context(self.limits, found, [], REBUILDS, BUILDS, self.budget))

    def _probe_behind(self, source: Source | Stretch | Held, start: int) -> None:
        """List what a reader would import that goes on behind a frame's end, wherever it stands."""
        before = len(self.imports)
        for offset in range(start, min(start + FRAME_REACH, source.length)):
            self.probe(source, offset)
            if len(self.imports) > before:
                return

    def clear(self) -> None:
        """Forget what a reader found that was not the right one."""
        self.container, self.tree = "", None
        self.format.clear()
        self.pickles.clear()
        self.problems.clear()
        self.imports = Imports(self.limits.names)

    def worth_keeping(self) -> bool:
        """Whether anything was read that a person should see."""
        tree = self.tree
        empty = tree is None or (isinstance(tree, dict | list | tuple | str | bytes) and not tree)
        return not empty or len(self.imports) > 0


def protocol_text(protocol: int) -> str:
    """A pickle protocol in words: 0 and 1 do not declare themselves."""
    return str(protocol) if protocol else "0 or 1"


def plain_value(value: Value) -> bool:
    """Whether a value is a single number, text or None: what random bytes often give."""
    return value is None or isinstance(value, bool | int | float | str | bytes | Record)
