"""Names that run whatever their arguments say, once the file is unpickled."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document.numbers import plural
from pthreport.document.text import listed


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail where the file names anything that is known to be dangerous."""
    found = [i for i in facts.imports if i.verdict == "dangerous"]
    if not found:
        count = len(facts.imports)
        evidence = (
            f"none of {plural(count, 'name')} that it would import runs commands, reads files or loads more code"
            if count
            else "it would import nothing"
        )
        return Outcome(status="pass", evidence=evidence)
    rows = [(f"{i.module}.{i.name}", ", ".join(i.uses), i.why) for i in found]
    return Outcome(
        status="fail",
        evidence=f"{listed(f'{i.module}.{i.name}' for i in found)}: {found[0].why}",
        where=tuple(dict.fromkeys(place for i in found for place in i.places)),
        details=(table(("name", "use", "why"), rows),),
    )


EXECUTING_IMPORTS = Check(
    id="executing-imports",
    category="safety",
    passed="Nothing in it runs commands when it is loaded",
    failed="Loading it could run anything",
    severity="error",
    judges="no (module, name) pair is on the list of those that run commands, touch files or load more code",
    why=(
        "A checkpoint is a pickle, and a pickle is a program: unpickling imports every name in it and calls what it "
        "is told to call. A name such as os.system or builtins.eval has no place among weights; with it, opening the "
        "file runs what its writer wanted, with your rights."
    ),
    remedy=(
        "Do not load it, also not with weights_only=True, outside of a sandbox. Ask where it comes from, and get the "
        "weights as safetensors from a source that you trust."
    ),
    reference="https://docs.python.org/3/library/pickle.html; CWE-502; MITRE ATLAS AML.T0018",
    examine=examine,
)
