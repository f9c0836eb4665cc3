"""Layers whose values look as an initialisation left them."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.document import Layer, TensorRecord
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

LEAST_VALUES = Threshold(
    name="least-values",
    value=500,
    unit="values in the layer's weight",
    source=(
        "calibrated: among good models, weights of fewer values pass the tests of a distribution by chance "
        "(a 64-value regression head, a 128-value 1 x 1 kernel)"
    ),
)

FLAT = ("norm", "layernorm", "rmsnorm", "groupnorm", "batchnorm", "instancenorm")


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where a layer's weight and bias are consistent with an initialisation; note norm layers at theirs."""
    found: list[tuple[Layer, TensorRecord]] = []
    norms: list[tuple[Layer, TensorRecord]] = []
    looked = 0
    for layer in facts.layers:
        weight = facts.tensors.get(layer.weight or "")
        if weight is None or weight.initialisation is None:
            continue
        looked += 1
        judged = [facts.tensors[p] for p in layer.tensors if p in facts.tensors]
        judged = [t for t in judged if t.initialisation is not None and t.role == "parameter"]
        if not judged or not all(t.initialisation and t.initialisation.consistent for t in judged):
            continue
        if layer.kind in FLAT:
            norms.append((layer, weight))
        elif weight.numel >= limits[LEAST_VALUES.name] and _telling(layer, weight, judged):
            found.append((layer, weight))
    if not looked:
        return Outcome(
            status="not-applicable", evidence="no layer with a usual initialisation was measured"
        )
    if not found:
        return _norms_alone(norms, looked)
    share = sum(w.numel for _, w in found) / max(1, sum(m.parameters for m in facts.models))
    evidence = (
        f"{of(len(found), looked, 'layer')} ({share:.1%} of the parameters) "
        f"{verb(len(found), 'is', 'are')} consistent with an initialisation: {listed(la.name for la, _ in found)}"
    )
    if norms:
        evidence += f"; so are {plural(len(norms), 'norm layer')}"
    untrained = [*found, *norms]
    return Outcome(
        status="warn",
        evidence=evidence,
        where=tuple(w.path for _, w in untrained),
        details=(table(("layer", "kind", "values", "consistent with"), [_row(*one) for one in untrained]),),
    )


def _telling(layer: Layer, weight: TensorRecord, judged: list[TensorRecord]) -> bool:
    """Whether the match can hardly be chance. Training makes many a weight bell-shaped, and one of a dozen
    usual spreads is soon met: a normal law needs a second witness, a bias at its start or a spectrum of noise."""
    assert weight.initialisation is not None
    if weight.initialisation.family == "uniform":
        return True
    if weight.initialisation.family == "constant":
        return False  # the check of constant tensors names it
    spectrum = layer.spectrum
    noise = spectrum is not None and spectrum.random is not None and spectrum.random.above == 0
    return len(judged) > 1 or (noise and min(spectrum.shape if spectrum else (0,)) >= 32)


def _norms_alone(norms: list[tuple[Layer, TensorRecord]], looked: int) -> Outcome:
    big = [(la, w) for la, w in norms if w.numel >= 8]
    if not big:
        return Outcome(
            status="pass", evidence=f"none of {plural(looked, 'layer')} is as an initialisation leaves it"
        )
    return Outcome(
        status="info",
        severity="info",
        evidence=f"the scale and shift of {plural(len(big), 'norm layer')} are still one and zero: {listed(la.name for la, _ in big)}",
        where=tuple(w.path for _, w in big),
        details=(table(("layer", "kind", "values", "consistent with"), [_row(*one) for one in big]),),
    )


def _row(layer: Layer, weight: TensorRecord) -> tuple[str, ...]:
    assert weight.initialisation is not None
    return layer.name, layer.kind, f"{weight.numel:,}", weight.initialisation.law


UNTRAINED_LAYERS = Check(
    id="untrained-layers",
    category="training",
    needs=("values",),
    passed="Every layer has moved from where it started",
    failed="Layers look untrained",
    severity="warning",
    judges=(
        "all of a layer's weights and biases hold the bound, mean and spread of a usual initialisation and a "
        "Kolmogorov-Smirnov test at 0.1 %; at least {least-values:,.0f} values; a normal law needs a second witness"
    ),
    thresholds=(LEAST_VALUES,),
    why=(
        "A layer that training never reached adds noise where it is used and dead weight where it is not: a head "
        "that was replaced, a branch that the forward pass skips, or a checkpoint that was saved before training."
    ),
    remedy=(
        "Look whether the layer takes part in the forward pass and its parameters were given to the optimizer. "
        "A frozen layer or a very small learning rate look the same."
    ),
    reference="https://docs.pytorch.org/docs/stable/nn.init.html; He et al. 2015, arXiv:1502.01852",
    examine=examine,
)
