"""Names that loading the file would import and that do not belong to plain weights."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.document import Import, TableDetail

RUNS = frozenset({"called", "built", "set"})
"""Uses of a name that run code of its module beyond the import itself."""

ROWS = 60
"""Names listed in the finding; the rest is counted."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail on a dangerous name, and on an unknown one that loading would call; warn on one that it
    would only import."""
    dangerous = [i for i in facts.imports if i.verdict == "dangerous"]
    unknown = [i for i in facts.imports if i.verdict == "unknown"]
    if not dangerous and not unknown:
        count = len(facts.imports)
        evidence = (
            f"all {count:,} names it would import rebuild tensors and plain containers"
            if count
            else "it would import nothing"
        )
        return Outcome(status="pass", evidence=evidence)
    listed = [*dangerous, *unknown]
    table = TableDetail(
        head=("name", "verdict", "why"),
        rows=tuple((f"{i.module}.{i.name}", i.verdict, i.why) for i in listed[:ROWS]),
        left_out=max(0, len(listed) - ROWS),
    )
    where = tuple(dict.fromkeys(place for i in listed for place in i.places))
    if dangerous:
        evidence = f"{_names(dangerous)}: {dangerous[0].why}"
        if unknown:
            evidence += (
                f" {len(unknown):,} more {'name is' if len(unknown) == 1 else 'names are'} not known."
            )
        return Outcome(status="fail", evidence=evidence, where=where, details=(table,), severity="error")
    evidence = f"{len(unknown):,} of {len(facts.imports):,} names are not known: {_names(unknown)}"
    if any(set(i.uses) & RUNS for i in unknown):
        return Outcome(status="fail", evidence=evidence, where=where, details=(table,), severity="error")
    return Outcome(status="warn", evidence=evidence, where=where, details=(table,), severity="warning")


def _names(imports: list[Import]) -> str:
    shown = ", ".join(f"{i.module}.{i.name}" for i in imports[:3])
    return shown + (f" and {len(imports) - 3:,} more" if len(imports) > 3 else "")


UNKNOWN_IMPORTS = Check(
    id="unknown-imports",
    category="safety",
    passed="It would import only known names",
    failed="Loading it would run code that plain weights do not need",
    severity="error",
    judges="every (module, name) pair is on the list of those that rebuild tensors and plain containers",
    why=(
        "A checkpoint is a pickle, and a pickle is a program: unpickling imports every name in it and calls "
        "what it is told to call. A name outside the known ones means that loading the file runs code of "
        "whoever wrote it, or needs a class that only its author has."
    ),
    remedy=(
        "Load it with torch.load(path, weights_only=True), which refuses such names, or have the sender save "
        "the state dict alone, best as safetensors. Never load a file with a dangerous name outside a sandbox."
    ),
    reference="https://docs.pytorch.org/docs/stable/generated/torch.load.html; CWE-502",
    examine=examine,
)
