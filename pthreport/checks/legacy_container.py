"""A container that torch no longer writes."""

from pthreport.checks.check import Check, Facts, Limits, Outcome

OLD = {
    "torch-legacy": "pickles one behind the other, as torch.save wrote them before 1.6",
    "torch-tar": "a tar archive, as torch.save wrote it before 0.1.10",
}


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note the containers of before torch 1.6."""
    words = OLD.get(facts.checkpoint.container)
    if words is None:
        return Outcome(status="pass", evidence=f"the container is {facts.checkpoint.container}")
    return Outcome(status="info", evidence=words)


LEGACY_CONTAINER = Check(
    id="legacy-container",
    category="hygiene",
    passed="The container is one that is still written",
    failed="The container is one that torch no longer writes",
    severity="info",
    judges="not one of torch's two old containers",
    why=(
        "It carries no checksums, so that damage goes unnoticed, and its tensors cannot be found without running "
        "through the pickle: it can neither be mapped (mmap=True) nor read in part. The oldest needs "
        "weights_only=False."
    ),
    remedy=(
        "Load it once with weights_only=True and save it anew, with torch.save of today or as safetensors. The values "
        "stay the same to the bit."
    ),
    reference="https://docs.pytorch.org/docs/stable/generated/torch.save.html",
    examine=examine,
)
