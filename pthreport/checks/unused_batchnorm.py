"""Normalisations whose running statistics were never updated."""

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where running mean and variance are still zero and one."""
    norms = [layer for layer in facts.layers if layer.batchnorm is not None]
    if not norms:
        return Outcome(status="not-applicable", evidence="no running statistics were measured")
    found = [la for la in norms if la.batchnorm is not None and la.batchnorm.initial]
    if not found:
        return Outcome(
            status="pass",
            evidence=f"the running statistics of {plural(len(norms), 'layer')} have left zero and one",
        )
    return Outcome(
        status="warn",
        evidence=f"{of(len(found), len(norms), 'layer')} {verb(len(found), 'normalises', 'normalise')} with a mean of 0 and a variance of 1: {listed(la.name for la in found)}",
        where=tuple(p for la in found for p in la.tensors if p.endswith(("running_mean", "running_var"))),
    )


UNUSED_BATCHNORM = Check(
    id="unused-batchnorm",
    category="training",
    needs=("values",),
    passed="All running statistics were updated",
    failed="Running statistics were never updated",
    severity="warning",
    judges="running_mean = 0 and running_var = 1 in every channel (num_batches_tracked = 0 alone is no sign: converted files lack the count)",
    why=(
        "In evaluation such a layer does not normalise at all, though it did in training: the outputs of the model "
        "differ between train() and eval(). Either the layer was never run, or its buffers were not loaded."
    ),
    remedy=(
        "If the model was trained, look for buffers lost when the state dict was filtered or converted; the statistics "
        "can be made again with torch.optim.swa_utils.update_bn. Otherwise the layer is not used, or nothing was trained."
    ),
    reference="Ioffe and Szegedy 2015, arXiv:1502.03167; https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html",
    examine=examine,
)
