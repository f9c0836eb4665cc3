"""A file that is cut short, was changed, or does not hold what it names."""

from collections.abc import Mapping

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document.numbers import plural
from pthreport.document.report import ProblemKind

DAMAGE: Mapping[ProblemKind, str] = {
    "truncated": "cut short",
    "checksum": "changed since its checksum was taken",
    "missing-storage": "named, but not there",
    "malformed": "not as its format wants it",
}
"""Kinds of problems that are damage, in words."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail on every problem that means lost or altered content."""
    file = facts.checkpoint
    found = [p for p in file.problem_list if p.kind in DAMAGE and (p.partial or p.kind == "checksum")]
    if not found:
        checked = "" if facts.measured else "; checksums were not compared"
        return Outcome(status="pass", evidence=f"everything that the file names is there{checked}")
    rows = [
        (DAMAGE[p.kind], p.text, p.where or "", "" if p.offset is None else f"{p.offset:,}") for p in found
    ]
    more = f", and {plural(len(found) - 1, 'place')} more" if len(found) > 1 else ""
    where = f"{found[0].where}: " if found[0].where and found[0].where not in found[0].text else ""
    return Outcome(
        status="fail",
        evidence=f"{where}{found[0].text}{more}",
        where=tuple(dict.fromkeys(p.where for p in found if p.where)),
        details=(table(("it is", "what", "where", "at byte"), rows),),
    )


DAMAGED_FILE = Check(
    id="damaged-file",
    category="integrity",
    passed="The file is whole",
    failed="The file is truncated or damaged",
    severity="error",
    judges="0 places that are cut short, fail their checksum, are named and not there, or break the format",
    why=(
        "Values are missing or are not those that were saved. A download or a copy that broke off, a disk that was "
        "full while saving, or an edit by hand leave such files; what can still be read of one is no model."
    ),
    remedy=(
        "Compare the SHA-256 with the one its source gives, and fetch or copy the file again. If the job that saved "
        "it was killed, go back to the checkpoint before."
    ),
    reference="PKWARE APPNOTE 6.3 (CRC-32); https://docs.pytorch.org/docs/stable/notes/serialization.html",
    examine=examine,
)
