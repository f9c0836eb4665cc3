"""A checkpoint that does not load into the architecture that the user named."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of, table
from pthreport.document import Architecture, Detail, TextDetail
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail where tensors are missing or of another shape, warn where names differ or are left over."""
    found = facts.architecture
    assert found is not None
    if found.loads == "as it is":
        return Outcome(
            status="pass",
            evidence=f"the file holds all of {plural(found.tensors, 'tensor')} of {found.spec} under {verb(found.tensors, 'its name', 'their names')}",
        )
    words = []
    if found.missing_count:
        words.append(f"{found.missing_count:,} missing ({listed(found.missing)})")
    if found.mismatched_count:
        shown = listed(f"{m.name} {m.file}, wanted {m.model}" for m in found.mismatched)
        words.append(f"{found.mismatched_count:,} of another shape ({shown})")
    if found.unexpected_count:
        words.append(f"{found.unexpected_count:,} unexpected ({listed(found.unexpected)})")
    evidence = f"{of(found.matched, found.tensors, 'tensor')} of {found.spec} {verb(found.matched, 'matches', 'match')}"
    if found.changes:
        evidence += f" after {plural(len(found.changes), 'change')} of names"
    if words:
        evidence += f"; {', '.join(words)}"
    bad = found.missing_count or found.mismatched_count or not found.matched
    inside = f"{found.model}." if found.model else ""
    return Outcome(
        status="fail" if bad else "warn",
        severity="error" if bad else "warning",
        evidence=evidence,
        where=tuple(inside + m.name for m in found.mismatched)
        or tuple(inside + n for n in found.unexpected),
        details=_details(found),
    )


def _details(found: Architecture) -> tuple[Detail, ...]:
    details: list[Detail] = []
    if found.changes:
        changed = "; ".join(found.changes)
        details.append(
            TextDetail(text=f"Names that meet those of the architecture (Python, k a name): {changed}")
        )
    if found.in_order:
        details.append(
            TextDetail(
                text=f"The first {found.in_order:,} left-over tensors have the shapes of the first missing ones, in the same order: "
                "the same layers may be numbered otherwise, and could be loaded by position"
            )
        )
    rows = [("missing", n, "", "") for n in found.missing]
    rows += [("other shape", m.name, str(m.file), str(m.model)) for m in found.mismatched]
    rows += [("unexpected", n, "", "") for n in found.unexpected]
    if rows:
        details.append(table(("", "tensor", "in the file", "wanted"), rows, 200))
    return tuple(details)


MISMATCHED_ARCHITECTURE = Check(
    id="mismatched-architecture",
    category="integrity",
    needs=("architecture",),
    passed="It loads into the architecture",
    failed="It does not load into the architecture",
    severity="error",
    judges=(
        "every name of the architecture's state_dict stands in the file with its shape, and no other (BatchNorm's "
        "num_batches_tracked may be missing); a warning where names alone differ or tensors are left over"
    ),
    why=(
        "load_state_dict(strict=True) refuses such a file; with strict=False it leaves what does not fit as it was "
        "initialised, without a word, and the model works a little or not at all."
    ),
    remedy=(
        "Change the names as shown and load again. Where shapes differ the architecture was made with other "
        "settings (classes, width, vocabulary): make it with those of the file, or drop these tensors and train them."
    ),
    reference="https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html",
    examine=examine,
)
