"""A check of one's own: models that are too large for where they are to run."""

from pthreport.checks import Check, Facts, Limits, Outcome, Threshold
from pthreport.document import BytesDetail, LayerDetail

MEGABYTE = 1024 * 1024

MOST = Threshold(
    name="most-megabytes",
    value=100.0,
    unit="MiB of parameters and buffers",
    source="what our devices keep free for a model",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where the models of the file together are larger than allowed."""
    size = sum(model.bytes for model in facts.models)
    evidence = (
        f"the file's models take {size / MEGABYTE:,.1f} MiB, of {limits[MOST.name]:,.0f} that are allowed"
    )
    if size <= limits[MOST.name] * MEGABYTE:
        return Outcome(status="pass", evidence=evidence)
    layers = [layer for layer in facts.layers if layer.weight is not None]
    largest = max(layers, key=lambda layer: layer.bytes, default=None)
    return Outcome(
        status="warn",
        evidence=evidence,
        where=() if largest is None else (largest.weight or "",),
        details=(
            BytesDetail(label="size of the models", value=size),
            *(
                ()
                if largest is None
                else (LayerDetail(path=largest.weight or "", note="the largest layer"),)
            ),
        ),
    )


LARGE_MODEL = Check(
    id="large-model",
    category="other",
    needs=("models",),
    passed="The models are small enough",
    failed="The models are too large",
    severity="warning",
    judges="parameters and buffers of all models together above {most-megabytes:,.0f} MiB",
    thresholds=(MOST,),
    why="A model that does not fit the memory of its device is killed when it is loaded.",
    remedy="Store it in 16 bits, quantise it, or leave optimizer state and copies out of what is deployed.",
    reference="our deployment guide",
    examine=examine,
)

CHECKS = (LARGE_MODEL,)
