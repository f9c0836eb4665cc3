"""Parameters of a model that its optimizer does not hold."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note the parameters that no optimizer of a matched model steps."""
    matched = [o for o in facts.training.optimizers if o.matched and o.model is not None]
    if not matched:
        return Outcome(
            status="not-applicable", evidence="no optimizer's parameters are known by their names"
        )
    absent: set[str] = set()
    for model in {o.model for o in matched}:
        # Two optimizers may share the parameters of one model between them.
        absent |= set.intersection(*(set(o.absent) for o in matched if o.model == model))
    frozen = [t for t in facts.tensors.values() if t.path in absent]
    if not frozen:
        return Outcome(
            status="pass", evidence=f"it steps every parameter ({sum(o.matched for o in matched):,})"
        )
    elements = sum(t.numel for t in frozen)
    whole = sum(m.parameters for m in facts.models if m.key in {o.model for o in matched})
    tops = dict.fromkeys(".".join(t.name.split(".")[:2]) for t in frozen)
    return Outcome(
        status="info",
        evidence=f"{plural(len(frozen), 'parameter')} ({elements / max(1, whole):.0%} of the elements) {verb(len(frozen), 'is', 'are')} in no optimizer: {listed(tops)}",
        where=tuple(t.path for t in frozen),
    )


FROZEN_PARTS = Check(
    id="frozen-parts",
    category="training",
    needs=("models", "optimizers"),
    passed="Every parameter was given to an optimizer",
    failed="Parts of the model were frozen",
    severity="info",
    judges="parameters of the optimizer's model that none of its groups names (where the file tells names, or holds the tensors themselves)",
    why=(
        "What no optimizer holds stays as it was loaded. That is meant in transfer learning and with adapters, and a "
        "mistake where a part was added after the optimizer was made."
    ),
    remedy="Compare the list with what was meant to be trained; give the rest to the optimizer with add_param_group.",
    reference="https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.add_param_group.html",
    examine=examine,
)
