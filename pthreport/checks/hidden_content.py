"""Content that loading does not reach: behind, before or between what the file's format accounts for."""

from collections.abc import Mapping

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document.numbers import plural
from pthreport.document.report import ProblemKind

HIDDEN: Mapping[ProblemKind, str] = {
    "second-pickle": "another pickle",
    "duplicate": "two things of one name",
    "overlap": "two things in one place",
    "trailing": "bytes that belong to nothing",
    "stray": "content that nothing leads to",
}
"""Kinds of problems that mean content beside what is loaded, the worst first, in words."""

LOADABLE = frozenset({"second-pickle", "duplicate", "overlap"})
"""Those that can be made to load as something else than what was looked at."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail where another reader may find other content; warn of content that nobody loads."""
    order = list(HIDDEN)
    found = sorted(
        (p for p in facts.checkpoint.problem_list if p.kind in HIDDEN), key=lambda p: order.index(p.kind)
    )
    if not found:
        return Outcome(
            status="pass", evidence="every byte that the container accounts for belongs to what is loaded"
        )
    rows = [
        (HIDDEN[p.kind], p.text, p.where or "", "" if p.offset is None else f"{p.offset:,}") for p in found
    ]
    more = f", and {plural(len(found) - 1, 'place')} more" if len(found) > 1 else ""
    where = f"{found[0].where}: " if found[0].where and found[0].where not in found[0].text else ""
    worse = found[0].kind in LOADABLE
    return Outcome(
        status="fail" if worse else "warn",
        evidence=f"{where}{found[0].text}{more}",
        where=tuple(dict.fromkeys(p.where for p in found if p.where)),
        details=(table(("it is", "what", "where", "at byte"), rows),),
        severity="error" if worse else "warning",
    )


HIDDEN_CONTENT = Check(
    id="hidden-content",
    category="safety",
    passed="Nothing is hidden beside what is loaded",
    failed="The file holds content that loading it does not show",
    severity="warning",
    judges=(
        "0 bytes, members, storages or values outside of what is loaded; an error where they are a second pickle, "
        "share a name or share a place, and another reader may load them instead"
    ),
    why=(
        "What torch.load gives is not all that the file carries. Content beside it can be a second file for another "
        "program (a polyglot), a payload that a later step picks up, data that was to be removed, or simply what an "
        "editing tool left: either way it travels with the weights and no one looks at it."
    ),
    remedy=(
        "Look at the places named here, by their byte. If you only need the weights, load the state dict with "
        "weights_only=True and save it anew: nothing but the tensors survives that."
    ),
    reference="Hugging Face, https://huggingface.co/docs/hub/security-pickle; CWE-506",
    examine=examine,
)
