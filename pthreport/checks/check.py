"""What a check is: a description of itself, and one pure function from facts to an outcome."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pthreport.document import Detail, Finding, Import, Layer, Model, TensorRecord, Training
from pthreport.document.finding import Severity, Status


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that a check may look at: what the reader saw, what the file holds, what was measured.

    `tensors` maps paths to records in the order of the file. `measured` is false where values were
    not asked for (`--depth summary`), so that a check can tell "nothing found" from "not looked".
    """

    container: str
    complete: bool
    problems: Sequence[str]
    imports: Sequence[Import]
    models: Sequence[Model]
    tensors: Mapping[str, TensorRecord]
    training: Training
    measured: bool = True

    def layer_of(self) -> dict[str, Layer]:
        """The layer that owns each tensor path."""
        return {
            path: layer for model in self.models for layer in model.layer_list for path in layer.tensors
        }


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

    `passed` and `failed` are its titles, seen in the report's list of findings; `threshold` is the
    figure it judges by, in words and units; `why`, `remedy` and `reference` stand under the finding.
    """

    id: str
    passed: str
    failed: str
    severity: Severity
    threshold: str
    why: str
    remedy: str
    reference: str
    examine: Callable[[Facts], Outcome]


def run(check: Check, facts: Facts) -> Finding:
    """The finding of `check`. A check that raises becomes a finding of status "error"."""
    try:
        outcome = check.examine(facts)
    except Exception as error:  # a check, also somebody's plug-in, never takes the report down
        outcome = Outcome(
            status="error", evidence=f"the check itself failed: {type(error).__name__}: {error}"
        )
    return Finding(
        check=check.id,
        title=check.failed if outcome.status in ("fail", "warn") else check.passed,
        status=outcome.status,
        severity=outcome.severity or check.severity,
        evidence=outcome.evidence,
        threshold=check.threshold,
        why=check.why,
        remedy=check.remedy,
        reference=check.reference,
        where=outcome.where,
        details=outcome.details,
    )
