"""First-layer filters that look like noise."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import table
from pthreport.document.numbers import plural
from pthreport.document.text import listed

CORRELATION = Threshold(
    name="correlation",
    value=0.15,
    unit="magnitude of the lag-1 autocorrelation above what noise has",
    source="calibrated: first layers of good models have 0.5 to 0.9 more than noise, random kernels 0.00 to 0.02",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where neighbouring values of the first layer's kernels are hardly alike."""
    looked = [la for la in facts.layers if la.smoothness is not None]
    if not looked:
        return Outcome(
            status="not-applicable",
            evidence="no first layer with kernels large enough to have a form was measured",
        )
    limit = limits[CORRELATION.name]
    rows, noisy = [], []
    for layer in looked:
        s = layer.smoothness
        assert s is not None
        if s.correlation - s.noise < limit:
            noisy.append(layer)
            rows.append(
                (layer.name, f"{s.kernels:,}", f"{s.correlation:.3f}", f"{s.noise:.3f} ± {3 * s.error:.3f}")
            )
    if not noisy:
        words = listed(
            f"{la.name} {la.smoothness.correlation:.2f}" for la in looked if la.smoothness is not None
        )
        return Outcome(status="pass", evidence=f"neighbouring values of its kernels are alike: {words}")
    s = noisy[0].smoothness
    assert s is not None
    return Outcome(
        status="warn",
        evidence=f"neighbouring values in the {plural(s.kernels, 'kernel')} of {noisy[0].name} correlate by ±{s.correlation:.2f}, those of noise by ±{s.noise:.2f}",
        where=tuple(la.weight for la in noisy if la.weight),
        details=(table(("layer", "kernels", "correlation", "of noise"), rows),),
    )


NOISY_FILTERS = Check(
    id="noisy-filters",
    category="training",
    needs=("values",),
    passed="The first filters are smooth",
    failed="The first filters look like noise",
    severity="warning",
    judges="magnitude of the lag-1 autocorrelation of the kernels of a model's first convolution (5 or more values a side, 64 where they have one dimension) less than {correlation:g} above that of independent values",
    thresholds=(CORRELATION,),
    why=(
        "Filters that see images or sound become smooth when they are trained: edges, colours, waves. Noisy ones mean "
        "that training was too short, regularisation too weak, or that the layer never learnt."
    ),
    remedy=(
        "Look at the filters in the gallery. Train longer, add weight decay, or see whether the layer is frozen; inputs "
        "that are themselves noise (encrypted, shuffled) give such filters, too."
    ),
    reference="Krizhevsky et al. 2012; Karpathy, CS231n, https://cs231n.github.io/understanding-cnn/",
    examine=examine,
)
