"""Content for which `torch.load` with its default of weights_only=True refuses the file."""

from pthreport.checks.check import Check, Facts, Limits, Outcome

TORCH_LOADS = frozenset({"torch-zip", "torch-legacy"})
"""Containers that torch.load reads with weights_only=True."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where only harmless names stand in the way; note it where the checks of safety tell of the name."""
    torch = facts.checkpoint.torch
    if torch is None:
        return Outcome(status="not-applicable", evidence="nobody gives such a file to torch.load")
    if facts.checkpoint.container not in TORCH_LOADS:
        return Outcome(status="not-applicable", evidence=torch.refuses_container or "it holds no pickle")
    if torch.stops_at is None:
        return Outcome(status="pass", evidence=f"torch {torch.version} would unpickle all of it")
    known = next((i for i in facts.imports if f"{i.module}.{i.name}" == torch.stops_at), None)
    harmless = known is not None and known.verdict == "known"
    return Outcome(
        status="warn" if harmless else "info",
        evidence=f"torch {torch.version} with weights_only=True stops at {torch.stops_at}",
        where=known.places if known is not None else (),
        severity="warning" if harmless else "info",
    )


WEIGHTS_ONLY_REFUSAL = Check(
    id="weights-only-refusal",
    category="hygiene",
    passed="torch.load takes it with weights_only=True",
    failed="torch.load refuses it with weights_only=True",
    severity="warning",
    judges=(
        "no name or instruction that torch's restricted unpickler refuses; a warning where it is one that this "
        "project knows to be harmless, such as a numpy scalar"
    ),
    why=(
        "Since torch 2.6 weights_only=True is the default, so that torch.load(path) fails on this file. Whoever wants "
        "to load it has to allow the names one by one, or to switch the protection off for the whole file."
    ),
    remedy=(
        "Turn numpy numbers and other objects into plain Python ones (float(x), vars(args)) before saving, and save "
        "it again. To load this one: torch.serialization.safe_globals([...]) with the name given here, once you know "
        "what it does."
    ),
    reference="https://docs.pytorch.org/docs/stable/notes/serialization.html#weights-only",
    examine=examine,
)
