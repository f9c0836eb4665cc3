"""What a check is: a description of itself, and one pure function from facts to an outcome."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pthreport.document import (
    Architecture,
    CheckpointFacts,
    Copies,
    Detail,
    Discretion,
    Finding,
    Import,
    Layer,
    Model,
    StorageUse,
    TensorRecord,
    Training,
)
from pthreport.document.finding import Category, Severity, Status

Need = Literal["values", "weights", "models", "optimizers", "spectra", "architecture"]
"""What a check cannot do without; where the file lacks it, the check does not apply."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that a check may look at: what the reader saw, what the file holds, what was measured.

    `tensors` maps paths to records in the order of the file; `storages`, `copies` and `discretion` are as in
    the `Report`. `measured` is false where values were
    not asked for (`--depth summary`), so that a check can tell "nothing found" from "not looked".
    `adjusted` are the thresholds that a user replaced, by check, for one that leaves to another what that one judges.
    """

    checkpoint: CheckpointFacts
    imports: Sequence[Import]
    models: Sequence[Model]
    tensors: Mapping[str, TensorRecord]
    training: Training
    storages: Sequence[StorageUse] = ()
    copies: Sequence[Copies] = ()
    architecture: Architecture | None = None
    discretion: Discretion = field(default_factory=Discretion)
    measured: bool = True
    adjusted: Mapping[str, "Limits"] = field(default_factory=dict)

    @cached_property
    def layer_of(self) -> Mapping[str, Layer]:
        """The layer that owns each tensor path."""
        return {path: layer for layer in self.layers for path in layer.tensors}

    @cached_property
    def layers(self) -> Sequence[Layer]:
        """The layers of all models, in the order of the file."""
        return [layer for model in self.models for layer in model.layer_list]

    @cached_property
    def weights(self) -> Sequence[TensorRecord]:
        """The models' parameters and buffers whose values were measured."""
        return [t for t in self.tensors.values() if t.role in ("parameter", "buffer") and t.statistics]


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A figure that a check judges by: `name` as settings call it, `unit` in words, `source` a paper or
    what it was calibrated on."""

    name: str
    value: float
    unit: str
    source: str


Limits = Mapping[str, float]
"""The thresholds of one check as they are in force, by name."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a check found. `evidence` is one sentence with the figures; `where` are paths."""

    status: Status
    evidence: str
    where: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    severity: Severity | None = None
    """Where one check knows two degrees, the one that holds here."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check. `id` is the failing adjective-noun ("nonfinite-weights"), also its file's name.

    `passed` and `failed` are its titles, seen in the report's list of findings; `judges` says in words and
    units what it judges by, with `{name}` (and a format, `{name:.0%}`) for each of its `thresholds`;
    `why`, `remedy` and `reference` stand under the finding. `examine` gets the facts and the thresholds
    in force; it is called only where the file has all that the check `needs`.
    """

    id: str
    category: Category
    passed: str
    failed: str
    severity: Severity
    judges: str
    why: str
    remedy: str
    reference: str
    examine: Callable[[Facts, Limits], Outcome]
    needs: tuple[Need, ...] = ()
    thresholds: tuple[Threshold, ...] = ()

    def limits(self, adjusted: Limits | None = None) -> dict[str, float]:
        """The thresholds in force, where some are `adjusted`."""
        return {t.name: (adjusted or {}).get(t.name, t.value) for t in self.thresholds}

    def judged_by(self, limits: Limits) -> str:
        """What it judges by in words, with the thresholds in force and which of them were adjusted."""
        words = self.judges.format_map(limits)
        changed = [
            f"{t.name} {limits[t.name]:g}, usually {t.value:g}"
            for t in self.thresholds
            if limits[t.name] != t.value
        ]
        return f"{words} (adjusted: {'; '.join(changed)})" if changed else words


def run(check: Check, facts: Facts, adjusted: Limits | None = None) -> Finding:
    """The finding of `check`. A check that raises becomes a finding of status "error"."""
    limits = check.limits(adjusted)
    judges = check.judges
    try:
        judges = check.judged_by(limits)
        missing = next((words for need in check.needs if (words := _lacks(facts, need))), None)
        if missing:
            outcome = Outcome(status="not-applicable", evidence=missing)
        else:
            outcome = check.examine(facts, limits)
    except Exception as error:  # a check, also somebody's plug-in, never takes the report down
        outcome = Outcome(
            status="error", evidence=f"the check itself failed: {type(error).__name__}: {error}"
        )
    return Finding(
        check=check.id,
        category=check.category,
        title=_title(check, outcome.status),
        status=outcome.status,
        severity=outcome.severity or check.severity,
        evidence=outcome.evidence,
        threshold=judges,
        why=check.why,
        remedy=check.remedy,
        reference=check.reference,
        where=outcome.where,
        details=outcome.details,
    )


def _title(check: Check, status: Status) -> str:
    if status == "pass":
        return check.passed
    if status in ("fail", "warn", "info"):
        return check.failed
    return check.id.replace("-", " ").capitalize()  # neither was found out


def _lacks(facts: Facts, need: Need) -> str | None:
    """Why the facts do not serve a check that needs `need`; None where they do."""
    if need == "values" and not facts.measured:
        return "no tensor data was read"
    if need == "weights" and not facts.weights:
        return "the file holds no measured weights" if facts.measured else "no tensor data was read"
    if need == "models" and not facts.models:
        return "the file holds no model"
    if need == "optimizers" and not facts.training.optimizers:
        return "the file holds no optimizer state"
    if need == "architecture" and facts.architecture is None:
        return "no architecture was named to compare with (--model)"
    if need == "spectra" and not any(layer.spectrum for layer in facts.layers):
        return "no spectrum was measured"
    return None
