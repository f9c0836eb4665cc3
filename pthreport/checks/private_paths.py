"""Absolute paths, users and hosts in what was saved with the weights."""

from collections import Counter

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document.numbers import plural

_PLURALS = {"home folder": "home folders", "e-mail address": "e-mail addresses"}


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note every text that tells of the machine or the person that wrote the file."""
    found = facts.discretion.private
    if not found:
        return Outcome(status="pass", evidence="no absolute path, user or host among its values")
    kinds = Counter(one.kind for one in found)
    said = ", ".join(plural(number, kind, _PLURALS.get(kind)) for kind, number in kinds.items())
    rows = [(one.path or "(root)", one.kind, one.text or "(hidden)") for one in found]
    return Outcome(
        status="info",
        evidence=said,
        where=tuple(dict.fromkeys(one.path for one in found)),
        details=(table(("at", "kind", "text"), rows),),
    )


PRIVATE_PATHS = Check(
    id="private-paths",
    category="hygiene",
    passed="It tells nothing of the machine that wrote it",
    failed="It tells of the machine or the person that wrote it",
    severity="info",
    judges="0 home folders, other absolute paths, user names, host names and e-mail addresses among the values",
    why=(
        "Paths in saved arguments name people, projects and servers, and travel with the weights. They also do not "
        "exist on the machine that loads the file: code that takes them from the checkpoint fails there."
    ),
    remedy=(
        "Save relative paths, or leave the arguments out of a release. --redact-paths hides them in this report; the "
        "file itself keeps them."
    ),
    reference="CWE-200; CWE-497",
    examine=examine,
)
