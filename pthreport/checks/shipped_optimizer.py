"""An optimizer's state beside the weights."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document import BytesDetail
from pthreport.document.numbers import plural


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note the bytes that optimizers' states take, and their share of those and the models' together."""
    optimizers = [o for o in facts.training.optimizers if o.slots]
    if not optimizers:
        return Outcome(status="pass", evidence="no optimizer state beside the weights")
    spent = sum(slot.bytes for o in optimizers for slot in o.slots)
    share = spent / max(1, spent + sum(model.bytes for model in facts.models))
    kinds = ", ".join(dict.fromkeys(o.kind for o in optimizers))
    rows = [
        (
            o.path or "(root)",
            o.kind,
            ", ".join(s.name for s in o.slots),
            f"{sum(s.bytes for s in o.slots):,}",
        )
        for o in optimizers
    ]
    return Outcome(
        status="info",
        evidence=f"{plural(len(optimizers), 'optimizer')} ({kinds}) with {share:.0%} of the bytes of weights and state",
        where=tuple(o.path for o in optimizers),
        details=(
            BytesDetail(label="optimizer state", value=spent),
            table(("at", "kind", "state", "bytes"), rows),
        ),
    )


SHIPPED_OPTIMIZER = Check(
    id="shipped-optimizer",
    category="hygiene",
    needs=("models",),
    passed="No optimizer state beside the weights",
    failed="Optimizer state is saved with the model",
    severity="info",
    judges="0 bytes of optimizer state in a file that holds a model",
    why=(
        "To go on with training it is needed; for a release it is dead weight. Adam keeps two values for every "
        "weight, so that two thirds of such a file are of no use to whoever loads the model, and it tells of "
        "gradients that the training data left."
    ),
    remedy=(
        "Keep this file for resuming. For a release save the model's state dict alone, best as safetensors: "
        "torch.save(checkpoint['model'], path), with the key that holds the model here."
    ),
    reference="https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html",
    examine=examine,
)
