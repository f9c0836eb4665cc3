"""The captions of one model: its depth strip, its spectra, its parameters, what narrower types would save."""

from collections.abc import Sequence

from pthreport.checks import Examination
from pthreport.checks.int8_outliers import INT8_OUTLIERS
from pthreport.checks.odd_tails import ODD_TAILS
from pthreport.checks.outlying_spread import OUTLYING_SPREAD
from pthreport.document import Layer, Model, ModelCaptions, numbers
from pthreport.document.text import cut
from pthreport.summary.highlights import highlight_sentence
from pthreport.summary.savings import savings_caption
from pthreport.summary.spectra import alpha_band, model_caption
from pthreport.summary.trends import trend_sentences
from pthreport.summary.updates import Step, band

FEW_ZEROS = 0.001
"""Share of exact zeros below which in every layer their row of the depth strip would be a flat line, and a sentence
stands in its place (a choice of drawing)."""

NAME = 80


def model_captions(model: Model, steps: Sequence[Step], examination: Examination) -> ModelCaptions:
    """The sentences of `model`; `steps` are the last updates of its parameters."""
    spectra = [(layer, layer.spectrum) for layer in model.layer_list if layer.spectrum is not None]
    alpha = alpha_band(examination.limits(ODD_TAILS))
    gains = examination.limits(OUTLYING_SPREAD)
    standing_out = [said for one in model.highlights if (said := highlight_sentence(one, gains))]
    return ModelCaptions(
        depth=(*standing_out, *trend_sentences(model.trends)),
        few_zeros=_few_zeros(model.layer_list),
        spectra=model_caption(spectra, alpha),
        alpha_range=alpha if any(spectrum.alpha is not None for _, spectrum in spectra) else None,
        update_range=band(steps, examination),
        parameters=_parameters(model),
        savings=savings_caption(model.savings, model.bytes, examination.limits(INT8_OUTLIERS)),
    )


def _few_zeros(layers: Sequence[Layer]) -> str:
    drawn = [layer for layer in layers if layer.weight is not None and layer.parameters]
    most = max((layer.profile.zeros or 0.0 for layer in drawn), default=0.0)
    if most >= FEW_ZEROS:
        return ""
    return f"no layer has more than {FEW_ZEROS:.1%}".replace("%", " %") if most else "no layer has any"


def _parameters(model: Model) -> str:
    """The largest layer's share, and that of the most frequent kind."""
    if not model.parameters:
        return ""
    said = [
        f"The largest layer, {cut(one.layer, NAME)}, holds {numbers.percent(one.value / model.parameters)} of the "
        "parameters"
        for one in model.highlights
        if one.kind == "largest-layer"
    ]
    for kind, amount in list(model.by_kind.items())[:1]:
        said.append(
            f"{numbers.plural(amount.layers, f'{kind} layer')} {'holds' if amount.layers == 1 else 'hold'} "
            f"{numbers.percent(amount.parameters / model.parameters)}"
        )
    return f"{'; '.join(said)}." if said else ""
