"""The verdict at the top: three answers and the counts, from what was found."""

from collections.abc import Sequence

from pthreport.document import CheckpointFacts, Finding, Import, Statement, Summary, TensorRecord
from pthreport.document.base import Basis
from pthreport.document.numbers import plural
from pthreport.document.text import listed

WORST = 5

HEALTH = frozenset({"integrity", "training", "spectra", "other"})
"""Categories of findings that bear on whether a model works; the others are about the file and its use."""


def summarise(
    sentence: str,
    basis: Basis,
    checkpoint: CheckpointFacts,
    imports: Sequence[Import],
    findings: Sequence[Finding],
    tensors: Sequence[TensorRecord],
    looked: bool,
) -> Summary:
    """The summary of a report. `findings` are in their final order, worst first."""
    open_ones = [i for i, f in enumerate(findings) if f.status in ("fail", "warn", "error")]
    errors = sum(
        f.status == "error" or (f.status in ("fail", "warn") and f.severity == "error") for f in findings
    )
    warnings = sum(f.status in ("fail", "warn") and f.severity == "warning" for f in findings)
    notes = sum(
        f.status == "info" or (f.status in ("fail", "warn") and f.severity == "info") for f in findings
    )
    return Summary(
        what=sentence,
        basis=basis,
        safety=_safety(checkpoint, imports, findings),
        health=_health(findings, tensors, looked),
        examined=_examined(checkpoint, tensors, looked),
        errors=errors,
        warnings=warnings,
        notes=notes,
        passed=sum(f.status == "pass" for f in findings),
        worst=tuple(open_ones[:WORST]),
    )


def _safety(
    checkpoint: CheckpointFacts, imports: Sequence[Import], findings: Sequence[Finding]
) -> Statement:
    dangerous = [i for i in imports if i.verdict == "dangerous"]
    unknown = [i for i in imports if i.verdict == "unknown"]
    if dangerous:
        names = listed(f"{i.module}.{i.name}" for i in dangerous)
        return Statement(state="bad", text=f"No. Unpickling it would import {names}.")
    if unknown:
        names = listed(f"{i.module}.{i.name}" for i in unknown)
        return Statement(
            state="caution",
            text=f"Not unpickled in full: it would import code that is not known, {names}.",
        )
    if not checkpoint.complete:
        return Statement(
            state="caution", text="Nothing dangerous in what could be read; parts of the file could not be."
        )
    odd = [f for f in findings if f.category == "safety" and f.status in ("fail", "warn")]
    if odd:
        return Statement(
            state="caution",
            text=f"It would import nothing unknown, but look closer. {_in_brief(odd[0])}",
        )
    if not imports:
        return Statement(state="good", text="Yes. Loading it imports nothing.")
    count = plural(len(imports), "name") if len(imports) != 1 else "one name"
    return Statement(
        state="good",
        text=f"Yes. It would import {count}, all of which rebuild tensors and plain containers.",
    )


def _health(findings: Sequence[Finding], tensors: Sequence[TensorRecord], looked: bool) -> Statement:
    about_weights = [
        f
        for f in findings
        if f.category in HEALTH
        and f.status in ("fail", "warn")
        # What is only warned of there, bytes that are wasted or stored twice, is no fault of the weights.
        and (f.category != "integrity" or f.severity == "error")
    ]
    failed = [f for f in about_weights if f.severity == "error"]
    if failed:
        return Statement(state="bad", text=f"No. {_in_brief(failed[0])}")
    if about_weights:
        return Statement(state="caution", text=_in_brief(about_weights[0]))
    if not any(tensor.numel for tensor in tensors):
        return Statement(state="unknown", text="There are no weights to judge.")
    if not looked:
        return Statement(state="unknown", text="Not looked at: no tensor data was read.")
    judged = [f for f in findings if f.category in HEALTH and f.status == "pass"]
    if not judged:
        return Statement(state="unknown", text="There are no weights to judge.")
    return Statement(
        state="good",
        text=f"Nothing wrong was found by {plural(len(judged), 'check')} of the weights.",
    )


def _in_brief(finding: Finding) -> str:
    """What was found, without the places: the finding itself, which follows, names them."""
    evidence, colon, _ = finding.evidence.partition(": ")
    # A colon after less than a sentence stands behind a place: what is said comes after it.
    if not colon or len(evidence.split()) < 4:
        evidence = finding.evidence
    return f"{finding.title}: {evidence}."


def _examined(checkpoint: CheckpointFacts, tensors: Sequence[TensorRecord], looked: bool) -> Statement:
    skipped = [t for t in tensors if t.status == "skipped"]
    total = plural(len(tensors), "tensor")
    if not looked:
        return Statement(state="unknown", text=f"Structure only: {total} listed, no values read.")
    if not checkpoint.complete:
        return Statement(
            state="bad",
            text=f"Partial: {len(tensors) - len(skipped):,} of {total} measured, {plural(len(checkpoint.problems), 'problem')} in the file.",
        )
    if skipped:
        return Statement(
            state="caution",
            text=f"{len(tensors) - len(skipped):,} of {total} measured; {skipped[0].reason or 'skipped'}.",
        )
    elements = sum(t.numel for t in tensors)
    read = f"Complete: every value of {total} ({plural(elements, 'element')}) was read and measured"
    if checkpoint.problems:
        odd = len(checkpoint.problems)
        words = (
            "one thing about the container is" if odd == 1 else f"{odd:,} things about the container are"
        )
        return Statement(state="caution", text=f"{read}, but {words} odd: {checkpoint.problems[0]}.")
    return Statement(state="good", text=f"{read}.")
