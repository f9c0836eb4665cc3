"""What the machine is given from outside: budgets, the table of names it understands, a log of problems."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pthreport.checkpoint.errors import Effect, FormatError, Problem, effect_of
from pthreport.checkpoint.imports import Imports
from pthreport.checkpoint.limits import Budget, Limits, met
from pthreport.checkpoint.values import Global, Record, Value


class NotUnderstood(Exception):  # noqa: N818 - no error: the call is kept as a record
    """A known name was called with arguments it does not take; the text, if any, is a problem."""


class Impossible(NotUnderstood):
    """The same with arguments that the real function does not take either."""


Rebuild = Callable[["Context", tuple[Value, ...]], Value]
"""What a known name makes of its arguments; raises `NotUnderstood`."""


Build = Callable[["Context", Record, Value], Value]
"""What setting a state on a record of a known name makes of it; raises `NotUnderstood`."""


def unknown_persistent(identity: Value) -> Value:
    """A persistent id that the container gives no meaning to, kept as it is."""
    return Record("pickle", "persistent_id", (identity,))


def no_files(content: Value) -> Value:
    """Torch files inside a pickle are not opened."""
    raise NotUnderstood


NOTES = 10_000
"""Problems of one pickle that are written down."""


@dataclass(slots=True)
class Context:
    """One pickle's surroundings. `persistent` resolves persistent ids, `nested` opens a torch file in a
    byte string, `rebuilds` holds the calls that are understood, `builds` the states; `problems` and
    `imports` collect what is found. `budget` is the file's, `derived` what is left of this pickle's own."""

    limits: Limits
    imports: Imports
    problems: list[Problem]
    rebuilds: Mapping[tuple[str, str], Rebuild]
    builds: Mapping[tuple[str, str], Build]
    budget: Budget
    persistent: Callable[[Value], Value] = unknown_persistent
    nested: Callable[[Value], Value] = no_files
    offset: int = 0
    derived: int = field(init=False)
    tuple_keys: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.derived = self.limits.derived_bytes

    def charge(self, objects: int) -> None:
        """Take from the budget of objects; raises `FormatError` when it is spent."""
        self.budget.objects -= objects
        if self.budget.objects < 0:
            most = self.limits.objects
            raise FormatError(f"more than {most:,} objects ({met('objects', most)})", kind="limit")

    def charge_bytes(self, count: int) -> None:
        """Take from the budget of bytes made from other values."""
        self.derived -= count
        if self.derived < 0:
            most = self.limits.derived_bytes
            raise FormatError(
                f"calls make more than {most:,} bytes out of others ({met('derived_bytes', most)})",
                kind="limit",
            )

    def charge_tensor(self) -> None:
        """Take one from the budget of tensors."""
        self.charge(1)
        self.budget.tensors -= 1
        if self.budget.tensors < 0:
            most = self.limits.tensors
            raise FormatError(f"more than {most:,} tensors ({met('tensors', most)})", kind="limit")

    def note(self, text: str, effect: Effect = "noted") -> None:
        """Write down a problem at the opcode being run."""
        if len(self.problems) < NOTES:
            self.problems.append(Problem(text, effect, offset=self.offset))

    def call(self, callee: Value, args: tuple[Value, ...]) -> Value:
        """What calling `callee` makes: a value where the name is understood, else a `Record`."""
        if not isinstance(callee, Global):
            self.charge(2)
            return Record("", "", (callee, *args[:64]), offset=self.offset)
        pair = (callee.module, callee.name)
        self.imports.called(pair)
        rebuild = self.rebuilds.get(pair)
        if rebuild is not None:
            try:
                return rebuild(self, args)
            except NotUnderstood as reason:
                if reason.args:
                    self.note(
                        f"{callee.module}.{callee.name}: {reason.args[0]}",
                        effect_of(partial=True, refused=isinstance(reason, Impossible)),
                    )
        return self.record(callee, args)

    def build(self, target: Record, state: Value) -> Value:
        """What setting `state` on a record makes: None where it just has it from then on."""
        pair = (target.module, target.name)
        self.imports.built(pair)
        build = self.builds.get(pair)
        if build is not None and target.state is None:
            try:
                return build(self, target, state)
            except NotUnderstood as reason:
                if reason.args:
                    self.note(
                        f"{target.module}.{target.name}: {reason.args[0]}",
                        effect_of(partial=True, refused=isinstance(reason, Impossible)),
                    )
        return None

    def record(self, callee: Global, args: tuple[Value, ...]) -> Record:
        """A call that stays one."""
        self.charge(2)
        return Record(
            callee.module,
            callee.name,
            args,
            offset=self.offset,
            source_file=callee.source_file,
            source=callee.source,
        )
