"""What stands out in a model: a layer's figures for the depth strip, and the facts that captions tell."""

from collections.abc import Mapping
from statistics import median
from types import MappingProxyType

from pthreport.document import Highlight, Layer, Model, Profile, TensorRecord
from pthreport.measure.spectrum import LayerSpectra

OUTLIER = 4.0
"""How many times a layer's spread or norm must be the median of its siblings (layers of its kind) to
be worth a sentence; a figure for captions, not a threshold of a check."""

SIBLINGS = 4
"""Layers of one kind that are needed before one of them can stand out."""


def profile(
    layer: Layer,
    records: Mapping[str, TensorRecord],
    spectra: LayerSpectra | None = None,
    update_ratios: Mapping[str, float] = MappingProxyType({}),
) -> Profile:
    """The depth strip's figures of one layer, from its main weight, its spectrum, and the size of the
    last step beside that of the weight, by path."""
    record = records.get(layer.weight or "")
    if record is None or record.statistics is None or not record.statistics.count:
        return Profile()
    s = record.statistics
    whole = spectra.whole if spectra is not None else None
    return Profile(
        norm=s.rms,
        spread=s.std,
        zeros=s.zeros / s.count,
        stable_rank=whole.stable_rank if whole is not None else None,
        alpha=whole.alpha if whole is not None else None,
        kurtosis=s.kurtosis,
        update_ratio=update_ratios.get(record.path),
    )


def highlights(model: Model) -> tuple[Highlight, ...]:
    """The largest layer, and the layers farthest from their siblings where any is far."""
    layers = [la for la in model.layer_list if la.parameters]
    if not layers:
        return ()
    largest = max(layers, key=lambda la: la.parameters)
    found = [
        Highlight(
            kind="largest-layer",
            layer=largest.name,
            value=float(largest.parameters),
            typical=float(model.parameters),
        )
    ]
    found += _farthest(layers)
    zeros = [(la.profile.zeros, la) for la in layers if la.profile.zeros]
    if zeros:
        share, layer = max(zeros, key=lambda pair: pair[0] or 0.0)
        if share and share >= 0.01:
            found.append(Highlight(kind="most-zeros", layer=layer.name, value=share))
    return tuple(found)


def _farthest(layers: list[Layer]) -> list[Highlight]:
    kinds: dict[str, list[Layer]] = {}
    for layer in layers:
        if layer.profile.spread:
            kinds.setdefault(layer.kind, []).append(layer)
    high: tuple[float, Layer, float] | None = None
    low: tuple[float, Layer, float] | None = None
    for siblings in kinds.values():
        if len(siblings) < SIBLINGS:
            continue
        typical = median(la.profile.spread or 0.0 for la in siblings)
        if typical <= 0:
            continue
        for layer in siblings:
            ratio = (layer.profile.spread or 0.0) / typical
            if ratio >= OUTLIER and (high is None or ratio > high[0]):
                high = ratio, layer, typical
            if 0 < ratio <= 1 / OUTLIER and (low is None or ratio < low[0]):
                low = ratio, layer, typical
    found = []
    if high is not None:
        found.append(
            Highlight(
                kind="spread-high", layer=high[1].name, value=high[1].profile.spread or 0.0, typical=high[2]
            )
        )
    if low is not None:
        found.append(
            Highlight(
                kind="spread-low", layer=low[1].name, value=low[1].profile.spread or 0.0, typical=low[2]
            )
        )
    return found
