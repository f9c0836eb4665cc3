"""A container that torch's own reader does not take, though it could be read here."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.damaged_file import DAMAGE
from pthreport.checks.listing import table
from pthreport.document.numbers import plural

COVERED = frozenset({*DAMAGE, "sizes-disagree"})
"""Kinds of problems that are lost values first of all: other checks tell of them."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn of what torch refuses though all values are there."""
    found = [p for p in facts.checkpoint.problem_list if p.refused and p.kind not in COVERED]
    if not found:
        return Outcome(
            status="pass", evidence="nothing about the container that torch's own reader refuses"
        )
    rows = [(p.text, p.where or "", "" if p.offset is None else f"{p.offset:,}") for p in found]
    more = f", and {plural(len(found) - 1, 'thing')} more" if len(found) > 1 else ""
    return Outcome(
        status="warn",
        evidence=f"{found[0].text}{more}",
        where=tuple(dict.fromkeys(p.where for p in found if p.where)),
        details=(table(("what", "where", "at byte"), rows),),
    )


REFUSED_CONTAINER = Check(
    id="refused-container",
    category="safety",
    passed="The container is as torch's own reader wants it",
    failed="torch refuses the container",
    severity="warning",
    judges="0 deviations for which torch's own reader would not open the file",
    why=(
        "No version of torch.save writes such a file. Tools that read it differently from torch see other contents "
        "than the one who loads it: that is how files are built to pass a scanner, and also what a faulty converter "
        "leaves."
    ),
    remedy=(
        "Get the file again from its source. Where it is your own, load it with what wrote it and save it anew with "
        "torch.save or as safetensors."
    ),
    reference="https://docs.pytorch.org/docs/stable/notes/serialization.html; PKWARE APPNOTE 6.3",
    examine=examine,
)
