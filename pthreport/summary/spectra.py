"""What spectra amount to: against noise of the same size and against a power law, of one layer and of a model."""

from collections.abc import Sequence
from statistics import median

from pthreport.checks.check import Limits
from pthreport.checks.odd_tails import HIGH, LOW
from pthreport.document import Band, Layer, Spectrum, Tail, numbers
from pthreport.document.text import cut
from pthreport.measure.spectrum.power_law import LEAST_TAIL

NAME = 80
"""Characters of a layer's name in a sentence."""

Found = Sequence[tuple[Layer, Spectrum]]


def alpha_band(limits: Limits) -> Band:
    """The usual range of alpha by the thresholds of odd-tails."""
    low, high = limits[LOW.name], limits[HIGH.name]
    return Band(low=low, high=high, words=f"{low:g} to {high:g}: usual")


def layer_caption(spectrum: Spectrum, tail: Tail | None, band: Band) -> str:
    """One sentence: how many singular values stand out of noise, and which power law the tail follows."""
    said = _against_noise(spectrum)
    if spectrum.alpha is None:
        return f"{said}; its tail fits no power law." if min(spectrum.shape) >= LEAST_TAIL else f"{said}."
    values = (
        numbers.plural(spectrum.alpha_tail, "value", short=True) if spectrum.alpha_tail else "its values"
    )
    follows = tail is not None and tail != "unclear"
    verb = "its tail follows a power law of" if follows else "the closest power law to its tail has"
    law = f"alpha {numbers.value(spectrum.alpha)} over {values}, KS {numbers.value(spectrum.alpha_ks, 2)}"
    edge = {"below": band.low, "above": band.high}.get(tail or "")
    return f"{said}; {verb} {law}{f', {tail} the usual {edge:g}' if edge is not None else ''}."


def _against_noise(spectrum: Spectrum) -> str:
    count, noise = min(spectrum.shape), spectrum.random
    of = f"of the {numbers.plural(count, 'singular value', short=True)}"
    if noise is None:
        return "All values are zero"
    if noise.above + noise.below == 0:
        return f"None {of} lies beyond what random weights of this size would have"
    verb = "lies" if noise.above + noise.below == 1 else "lie"
    return (
        f"{numbers.percent(noise.outside)} {of} {verb} beyond what random weights of this size would have, "
        f"{numbers.count(noise.above)} above and {numbers.count(noise.below)} below"
    )


def model_caption(layers: Found, band: Band) -> str:
    """What the spectra of one model's layers say together."""
    sentences = [*_noise_sentences(layers), *_alpha_sentences(layers, band)]
    return " ".join(sentences)


def _noise_sentences(layers: Found) -> list[str]:
    shares = [(spectrum.random.outside, layer) for layer, spectrum in layers if spectrum.random]
    if not shares:
        return []
    most, where = max(shares, key=lambda pair: pair[0])
    if most == 0:
        said = "No layer has a singular value beyond what random weights would have."
    else:
        said = (
            f"In the median layer {numbers.percent(median(share for share, _ in shares))} of the singular values lie "
            f"beyond what random weights would have, most in {cut(where.name, NAME)} ({numbers.percent(most)})."
        )
    judged = [layer.states.spectrum for layer, _ in layers if layer.states.spectrum is not None]
    alike = judged.count("like noise")
    if not alike:
        return [said]
    return [
        said,
        f"{alike:,} of {numbers.plural(len(judged), 'matrix', 'matrices')} {'has' if alike == 1 else 'have'} none above "
        "the edge of noise.",
    ]


def _alpha_sentences(layers: Found, band: Band) -> list[str]:
    """Of the tails that follow a power law: the median, and how many lie outside the usual range."""
    fitting = [
        (spectrum.alpha, layer)
        for layer, spectrum in layers
        if spectrum.alpha is not None and layer.states.tail not in (None, "unclear")
    ]
    if not fitting:
        return []
    if len(fitting) == 1:
        (alpha, layer) = fitting[0]
        edge = {"below": band.low, "above": band.high}.get(layer.states.tail or "")
        place = f"in the usual range of {band.low:g} to {band.high:g}"
        if edge is not None:
            place = f"{layer.states.tail} the usual {edge:g}"
        return [
            f"One tail follows a power law, that of {cut(layer.name, NAME)}, with alpha {numbers.value(alpha)}, {place}."
        ]
    places = [layer.states.tail for _, layer in fitting]
    low, high = places.count("below"), places.count("above")
    if not low and not high:
        usual = f"all lie in the usual range of {band.low:g} to {band.high:g}"
    else:
        outside = [f"{low:,} below {band.low:g}"] * bool(low) + [f"{high:,} above {band.high:g}"] * bool(
            high
        )
        usual = f"outside the usual range are {' and '.join(outside)}"
    most, where = max(fitting, key=lambda pair: pair[0])
    return [
        f"Alpha is {numbers.value(median(alpha for alpha, _ in fitting))} in the median of "
        f"{numbers.plural(len(fitting), 'layer')} whose tail follows a power law, highest in {cut(where.name, NAME)} "
        f"({numbers.value(most)}); {usual}."
    ]
