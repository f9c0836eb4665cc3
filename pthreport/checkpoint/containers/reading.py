"""What a container's reader is given, and what it finds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pthreport.checkpoint.errors import Effect, Problem, one_line, summed
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.limits import Budget, InflationBudget, Limits, met
from pthreport.checkpoint.machine import Context, Impossible, NotUnderstood, Outcome, run
from pthreport.checkpoint.rebuild import BUILDS, REBUILDS
from pthreport.checkpoint.source import Held, Scratch, Source, Stretch
from pthreport.checkpoint.values import LongBytes, Record, Value
from pthreport.document.numbers import plural
from pthreport.document.report import ProblemKind

FRAME_REACH = 16
"""Bytes behind a crossed frame's end at which another reader may go on: an opcode's argument."""


PROBLEMS = 20_000
"""Problems of one file that are written down."""

LOAD = ("torch.storage", "_load_from_bytes")

_OPENED = "Loads a torch file inside this one; it was opened here too, and what it imports is listed."


NestedReader = Callable[["Reading", bytes | LongBytes, str], tuple[Value, bool]]
"""Reads a file inside of the one being read, under a name for it: its tree, and whether it is complete.
Raises `NotUnderstood` where it cannot be read."""


@dataclass(slots=True)
class Nesting:
    """What a file and all files in it share: how many were opened, and what they gave.

    `opened` keeps each content with its value, by identity: a byte string that is loaded a thousand
    times is read once. `refused` says that one could not be read. `budgets` are those of a folder's
    files by name.
    """

    opened: dict[int, tuple[Value, Value]] = field(default_factory=dict)
    refused: bool = False
    probes: int = 0
    budgets: dict[str, Budget] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class InputFile:
    """What a container's reader is given: one file, and how much it may ask for.

    `read_nested` opens the files inside it, `scratch` takes what has to be unpacked. `nesting`, `inflation`
    and `budget` are shared with the files inside this one; `depth` is how far inside another this one is.
    """

    path: Path
    source: Source
    limits: Limits
    read_nested: NestedReader
    scratch: Scratch
    nesting: Nesting
    inflation: InflationBudget
    budget: Budget
    depth: int = 0

    @classmethod
    def outermost(
        cls, path: Path, source: Source, limits: Limits, read_nested: NestedReader
    ) -> "InputFile":
        """A file by itself, with all that its limits allow."""
        return cls(
            path,
            source,
            limits,
            read_nested,
            Scratch(),
            Nesting(),
            InflationBudget(limits, source.length),
            Budget.of(limits),
        )


@dataclass(slots=True, eq=False)
class Result:
    """What a container's reader found.

    `container` is the word of CONTRACT.md; `format` holds facts in words; `verify` compares the
    container's checksums. `pickles` are those that torch.load reads, in order: the bytes, where they begin,
    the length of a storage's persistent id. `cannot_unpack` is set once a member could not be unpacked in a
    way that torch's reader notices.
    """

    container: str = ""
    format: dict[str, str] = field(default_factory=dict)
    tree: Value = None
    imports: Imports = field(default_factory=Imports)
    problems: list[Problem] = field(default_factory=list)
    verify: Callable[[], list[Problem]] = list
    pickles: list[tuple[Stretch, int, int]] = field(default_factory=list)
    cannot_unpack: bool = False

    def worth_keeping(self) -> bool:
        """Whether anything was read that a person should see."""
        tree = self.tree
        empty = tree is None or (isinstance(tree, dict | list | tuple | str | bytes) and not tree)
        return not empty or len(self.imports) > 0


def _nowhere() -> None:
    """No pickle is being run."""


class Reading:
    """One file being read: what is given, and what was found so far."""

    __slots__ = ("_at", "file", "result")

    def __init__(self, file: InputFile, result: Result | None = None) -> None:
        self.file = file
        self.result = result or Result(imports=Imports(file.limits.names))
        self._at: Callable[[], int | None] = _nowhere

    def problem(
        self,
        text: str,
        effect: Effect = "noted",
        *,
        offset: int | None = None,
        where: str | None = None,
        kind: ProblemKind = "malformed",
    ) -> None:
        """Log a problem, at the instruction of the pickle being run unless another offset is given."""
        problems = self.result.problems
        if len(problems) > PROBLEMS:
            return
        if len(problems) == PROBLEMS:
            text, where, effect, kind = (
                f"more than {PROBLEMS:,} problems: not all are listed",
                None,
                "partial",
                "limit",
            )
        offset = self._at() if offset is None else offset
        problems.append(Problem(one_line(text), effect, offset, where, kind))

    def unpickle(
        self,
        source: Source | Stretch | Held,
        start: int = 0,
        *,
        where: str | None = None,
        persistent: Callable[[Value], Value] | None = None,
        shift: int = 0,
    ) -> Outcome:
        """Run one pickle with this file's limits; what it imports and what is wrong goes to the result.

        `where` names the member it is in; `shift` is added to its offsets to make them the file's.
        """
        file, result = self.file, self.result
        noted: list[Problem] = []
        context = Context(file.limits, result.imports, noted, REBUILDS, BUILDS, file.budget)
        context.nested = self._load_from_bytes
        context.derived += source.length
        if persistent is not None:
            context.persistent = persistent
        before, self._at = self._at, lambda: context.offset + shift
        try:
            outcome = run(source, start, context)
        finally:
            self._at = before
        for one in summed(noted):
            offset = None if one.offset is None else one.offset + shift
            self.problem(one.text, one.effect, offset=offset, where=one.where or where, kind=one.kind)
        if outcome.error is not None:
            self.problem(
                f"the pickle breaks off: {outcome.error.text}",
                "partial",
                offset=(outcome.error.offset or 0) + shift,
                where=where,
                kind=outcome.error.kind,
            )
            if outcome.crossed is not None:
                self._probe_behind(source, outcome.crossed)
        elif outcome.left_over:
            self.problem(
                f"the pickle leaves {plural(outcome.left_over, 'value')} unused",
                offset=outcome.end + shift,
                where=where,
                kind="stray",
            )
        return outcome

    def probe(self, source: Source | Stretch | Held, start: int, imports: Imports | None = None) -> Outcome:
        """Run what may be a pickle for its imports only, which are this file's unless given."""
        file = self.file
        found = self.result.imports if imports is None else imports
        return run(source, start, Context(file.limits, found, [], REBUILDS, BUILDS, file.budget))

    def _probe_behind(self, source: Source | Stretch | Held, start: int) -> None:
        """List what a reader would import that goes on behind a frame's end, at whatever byte."""
        imports = self.result.imports
        before = len(imports)
        for offset in range(start, min(start + FRAME_REACH, source.length)):
            self.probe(source, offset)
            if len(imports) > before:
                return

    def nested(self, data: Stretch, name: str) -> Value:
        """What the torch file in `data`, a member called `name`, holds; raises `NotUnderstood` where it
        cannot be read."""
        self._count_nested()
        value, _complete = self.file.read_nested(self, LongBytes(data), name)
        self.file.nesting.opened[id(data)] = (data, value)
        return value

    def _load_from_bytes(self, content: Value) -> Value:
        """What torch.storage._load_from_bytes makes of `content`: a storage outside of torch.save pickles
        itself as a whole torch file. Raises `NotUnderstood` where it cannot be read."""
        nesting, imports = self.file.nesting, self.result.imports
        known = nesting.opened.get(id(content))
        if known is not None:
            return known[1]
        try:
            if not isinstance(content, bytes | LongBytes):
                raise Impossible("its content is no byte string")
            self._count_nested()
            deepest = self.file.limits.nested_depth
            if self.file.depth >= deepest:
                raise NotUnderstood(
                    f"more than {deepest} within each other ({met('nested_depth', deepest)})"
                )
            name = f"torch file {len(nesting.opened) + 1} inside the pickle"
            value, complete = self.file.read_nested(self, content, name)
        except NotUnderstood:
            nesting.refused = True
            imports.distrust(LOAD)
            raise
        nesting.opened[id(content)] = (content, value)
        if complete and not nesting.refused:
            imports.explain(LOAD, _OPENED)
        elif not complete:
            nesting.refused = True
            imports.distrust(LOAD)
        return value

    def _count_nested(self) -> None:
        most = self.file.limits.nested_files
        if len(self.file.nesting.opened) >= most:
            raise NotUnderstood(f"more than {most:,} torch files inside ({met('nested_files', most)})")

    def clear(self) -> None:
        """Forget what a reader found that was not the right one."""
        self.result = Result(imports=Imports(self.file.limits.names))


def protocol_text(protocol: int) -> str:
    """A pickle protocol in words: 0 and 1 do not declare themselves."""
    return str(protocol) if protocol else "0 or 1"


def plain_value(value: Value) -> bool:
    """Whether a value is a single number, text or None: what random bytes often give."""
    return value is None or isinstance(value, bool | int | float | str | bytes | Record)
