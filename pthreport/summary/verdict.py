"""The verdict at the top: three answers and the counts, from what was found."""

from collections.abc import Sequence
from typing import NamedTuple

from pthreport.document import CheckpointFacts, Finding, Import, Statement, Summary, TensorRecord
from pthreport.document.base import Basis
from pthreport.document.numbers import plural
from pthreport.document.report import State
from pthreport.document.text import listed

WORST = 5
LONGEST_WORD = 36
"""Characters of an opening that is set apart from the rest of its answer."""

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
        safety=_statement(_safety(checkpoint, imports, findings), "Safe to load", "Load with care"),
        health=_statement(_health(findings, tensors, looked), "Healthy", "Look closer"),
        examined=_statement(_examined(checkpoint, tensors, looked), "Complete", "In part"),
        errors=errors,
        warnings=warnings,
        notes=notes,
        passed=sum(f.status == "pass" for f in findings),
        worst=tuple(open_ones[:WORST]),
    )


class Answer(NamedTuple):
    """How good an answer is, and what it says."""

    state: State
    text: str


def _statement(answer: Answer, good: str, caution: str) -> Statement:
    """The answer with a word of its own: its short opening ("Yes. It would ...", "Complete: every ..."), else a word
    for its state."""
    words: dict[State, str] = {"good": good, "caution": caution, "bad": "No", "unknown": "Not known"}
    for end in (". ", ": "):
        opening, found, _ = answer.text.partition(end)
        if found and len(opening) <= LONGEST_WORD and ". " not in opening:
            return Statement(state=answer.state, text=answer.text, word=opening)
    return Statement(state=answer.state, text=answer.text, word=words[answer.state])


def _safety(checkpoint: CheckpointFacts, imports: Sequence[Import], findings: Sequence[Finding]) -> Answer:
    dangerous = [i for i in imports if i.verdict == "dangerous"]
    unknown = [i for i in imports if i.verdict == "unknown"]
    if dangerous:
        names = listed(f"{i.module}.{i.name}" for i in dangerous)
        return Answer("bad", f"No. Unpickling it would import {names}.")
    if unknown:
        names = listed(f"{i.module}.{i.name}" for i in unknown)
        return Answer(
            "caution",
            f"Not unpickled in full: it would import code that is not known, {names}.",
        )
    if not checkpoint.complete:
        return Answer("caution", "Nothing dangerous in what could be read; parts of the file could not be.")
    odd = [f for f in findings if f.category == "safety" and f.status in ("fail", "warn")]
    if odd:
        return Answer(
            "caution",
            f"It would import nothing unknown, but look closer. {_in_brief(odd[0])}",
        )
    if not imports:
        return Answer("good", "Yes. Loading it imports nothing.")
    count = plural(len(imports), "name") if len(imports) != 1 else "one name"
    return Answer(
        "good",
        f"Yes. It would import {count}, all of which rebuild tensors and plain containers.",
    )


def _health(findings: Sequence[Finding], tensors: Sequence[TensorRecord], looked: bool) -> Answer:
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
        return Answer("bad", f"No. {_in_brief(failed[0])}")
    if about_weights:
        return Answer("caution", _in_brief(about_weights[0]))
    if not any(tensor.numel for tensor in tensors):
        return Answer("unknown", "There are no weights to judge.")
    if not looked:
        return Answer("unknown", "Not looked at: no tensor data was read.")
    judged = [f for f in findings if f.category in HEALTH and f.status == "pass"]
    if not judged:
        return Answer("unknown", "There are no weights to judge.")
    return Answer(
        "good",
        f"Nothing wrong was found by {plural(len(judged), 'check')} of the weights.",
    )


def _in_brief(finding: Finding) -> str:
    """What was found, without the places: the finding itself, which follows, names them."""
    evidence, colon, _ = finding.evidence.partition(": ")
    # A colon after less than a sentence stands behind a place: what is said comes after it.
    if not colon or len(evidence.split()) < 4:
        evidence = finding.evidence
    return f"{finding.title}: {evidence}."


def _examined(checkpoint: CheckpointFacts, tensors: Sequence[TensorRecord], looked: bool) -> Answer:
    skipped = [t for t in tensors if t.status == "skipped"]
    total = plural(len(tensors), "tensor")
    if not looked:
        return Answer("unknown", f"Structure only: {total} listed, no values read.")
    if not checkpoint.complete:
        return Answer(
            "bad",
            f"Partial: {len(tensors) - len(skipped):,} of {total} measured, {plural(len(checkpoint.problems), 'problem')} in the file.",
        )
    if skipped:
        return Answer(
            "caution",
            f"{len(tensors) - len(skipped):,} of {total} measured; {skipped[0].reason or 'skipped'}.",
        )
    elements = sum(t.numel for t in tensors)
    read = f"Complete: every value of {total} ({plural(elements, 'element')}) was read and measured"
    if checkpoint.problems:
        odd = len(checkpoint.problems)
        words = (
            "one thing about the container is" if odd == 1 else f"{odd:,} things about the container are"
        )
        return Answer("caution", f"{read}, but {words} odd: {checkpoint.problems[0]}.")
    return Answer("good", f"{read}.")
