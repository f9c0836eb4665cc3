"""Names that loading the file would import and that nobody here knows."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of, table
from pthreport.document.numbers import verb
from pthreport.document.text import listed

RUNS = frozenset({"called", "built", "set"})
"""Uses of a name that run code of its module beyond the import itself."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail on an unknown name that loading would call; warn on one that it would only import."""
    found = [i for i in facts.imports if i.verdict == "unknown"]
    total = len(facts.imports)
    if not found:
        evidence = (
            verb(total, "the one name it would import is", f"all {total:,} names it would import are")
            + " known"
            if total
            else "it would import nothing"
        )
        return Outcome(status="pass", evidence=evidence)
    ran = [i for i in found if set(i.uses) & RUNS]
    shown = listed(f"{i.module}.{i.name}" for i in [*ran, *(i for i in found if i not in ran)])
    rows = [(f"{i.module}.{i.name}", ", ".join(i.uses), i.why) for i in found]
    return Outcome(
        status="fail" if ran else "warn",
        evidence=f"{of(len(found), total, 'name')} {verb(len(found), 'is', 'are')} not known, {len(ran):,} of them would be called: {shown}",
        where=tuple(dict.fromkeys(place for i in found for place in i.places)),
        details=(table(("name", "use", "why"), rows),),
        severity="error" if ran else "warning",
    )


UNKNOWN_IMPORTS = Check(
    id="unknown-imports",
    category="safety",
    passed="It would import no unknown names",
    failed="Loading it would import code that is not known",
    severity="error",
    judges=(
        "every (module, name) pair is known; an error where an unknown one would be called, a warning where it would "
        "only be imported"
    ),
    why=(
        "Weights need a handful of names, those that rebuild tensors and plain containers. Another one means that "
        "loading the file runs code of whoever wrote it, or needs a class that only its author has: the file cannot "
        "be opened without that package, in that version."
    ),
    remedy=(
        "Load it with torch.load(path, weights_only=True), which refuses such names, or have the sender save "
        "the state dict alone, best as safetensors. Where you know the package, look at what the named class does "
        "before you load the file with it."
    ),
    reference="https://docs.pytorch.org/docs/stable/notes/serialization.html; CWE-502",
    examine=examine,
)
