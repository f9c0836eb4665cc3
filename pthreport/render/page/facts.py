"""What one layer is, and what its tensors say together, as figures on its card."""

from collections.abc import Iterator

from pthreport.document import BatchNormFacts, Layer, NormFacts, RowFacts, numbers
from pthreport.document.definitions import (
    LARGE_VARIANCE,
    LARGE_WEIGHT,
    SMALL_GAMMA,
    SMALL_VARIANCE,
    SMALL_WEIGHT,
)
from pthreport.render.page.tensor import Figure


def facts_of_layer(layer: Layer) -> tuple[Figure, ...]:
    """Kind, settings, size, and the figures of a normalisation or an embedding."""
    facts = [
        Figure(
            "Kind", f"{layer.kind}, {layer.basis} from {layer.evidence}" if layer.evidence else layer.kind
        )
    ]
    facts += [Figure(key, value) for key, value in layer.settings.items()]
    facts.append(Figure("Parameters", f"{layer.parameters:,}"))
    if layer.buffers:
        facts.append(Figure("Buffer elements", f"{layer.buffers:,}"))
    facts.append(Figure("Size", numbers.size(layer.bytes), numbers.plural(layer.bytes, "byte")))
    if layer.batchnorm is not None:
        facts += _batchnorm(layer.batchnorm)
    if layer.norm is not None:
        facts += _norm(layer.norm)
    if layer.rows is not None:
        facts += _rows(layer.rows)
    return tuple(facts)


def _batchnorm(facts: BatchNormFacts) -> Iterator[Figure]:
    if facts.batches is not None:
        lost = (
            ""
            if facts.batches or facts.initial
            else " (the count was lost: the statistics have left 0 and 1)"
        )
        yield Figure("Batches seen", f"{facts.batches:,}{lost}")
    if facts.initial:
        yield Figure(
            "Running statistics", "never updated: the mean is 0 and the variance 1 in all channels"
        )
    elif facts.var_min is not None:
        yield Figure("Running variance", _span(facts.var_min, facts.var_max))
    for count, words in (
        (facts.var_bad, "zero, negative or NaN"),
        (facts.var_small, f"below {numbers.value(SMALL_VARIANCE, 2)}: collapsed"),
        (facts.var_large, f"above {numbers.value(LARGE_VARIANCE, 2)}"),
    ):
        if count:
            yield Figure("Channels with a variance", f"{_of(count, facts.channels)} {words}")
    if facts.gain_min is not None:
        middle = f", median {numbers.value(facts.gain_median)}"
        yield Figure("Gain |weight| / sqrt(var + eps)", _span(facts.gain_min, facts.gain_max) + middle)
    if facts.gamma_small:
        yield Figure(
            "Small weights",
            f"{_of(facts.gamma_small, facts.channels)} channels with |weight| < {SMALL_GAMMA:g}",
        )


def _norm(facts: NormFacts) -> Iterator[Figure]:
    if facts.initial:
        yield Figure(
            "Weights", "as at the start: all 1" + (", biases 0" if facts.bias_max is not None else "")
        )
        return
    yield Figure(
        "|weight|",
        f"{_span(facts.weight_min, facts.weight_max)}, median {numbers.value(facts.weight_median)}",
    )
    if facts.small:
        yield Figure(
            "Small weights",
            f"{_of(facts.small, facts.channels)} channels below {SMALL_WEIGHT:g} of the median",
        )
    if facts.large:
        listed = ", ".join(str(channel) for channel in facts.large_channels[:8])
        more = ", …" if facts.large > 8 else ""
        yield Figure(
            "Large weights",
            f"{_of(facts.large, facts.channels)} channels above {LARGE_WEIGHT:g} times the median: {listed}{more}",
        )
    if facts.negative:
        yield Figure("Negative weights", _of(facts.negative, facts.channels))
    if facts.bias_max is not None:
        yield Figure("Largest |bias|", numbers.value(facts.bias_max), numbers.exact(facts.bias_max))


def _rows(facts: RowFacts) -> Iterator[Figure]:
    if facts.zero:
        yield Figure("Rows of zeros", _listed(facts.zero, facts.zero_rows))
    if facts.unchanged:
        yield Figure(
            "Rows consistent with never used",
            f"{_listed(facts.unchanged, facts.unchanged_rows)}; their norms are those of {facts.unchanged_law}",
        )


def _listed(count: int, rows: tuple[int, ...]) -> str:
    listed = ", ".join(str(row) for row in rows[:8])
    return f"{count:,}: {listed}{', …' if count > 8 else ''}"


def _of(count: int, total: int) -> str:
    return f"{count:,} of {total:,}"


def _span(low: float | None, high: float | None) -> str:
    return f"{numbers.value(low)} to {numbers.value(high)}"
