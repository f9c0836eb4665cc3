"""A layer's figures for the depth strip, and where they lie by the thresholds in force."""

from pthreport.checks import Examination
from pthreport.checks.int8_outliers import INT8_OUTLIERS, outliers
from pthreport.checks.odd_tails import ODD_TAILS, tail
from pthreport.checks.random_layers import like_noise
from pthreport.document import LayerStates, Profile, Spectrum, TensorRecord
from pthreport.summary.updates import Step


def profile(
    record: TensorRecord | None, spectrum: Spectrum | None = None, step: Step | None = None
) -> Profile:
    """The depth strip's figures of one layer: from its main weight, that weight's spectrum and its last update."""
    if record is None or record.statistics is None or not record.statistics.count:
        return Profile()
    s = record.statistics
    return Profile(
        norm=s.rms,
        spread=s.std,
        zeros=s.zeros_share,
        stable_rank=spectrum.stable_rank if spectrum is not None else None,
        alpha=spectrum.alpha if spectrum is not None else None,
        kurtosis=s.kurtosis,
        update_ratio=step.ratio if step is not None else None,
    )


def layer_states(
    kind: str,
    record: TensorRecord | None,
    spectrum: Spectrum | None,
    step: Step | None,
    examination: Examination,
) -> LayerStates:
    """Where the figures of a layer of this kind lie. What no check judges has no state: `record` is the layer's main
    weight."""
    noise = like_noise(kind, spectrum) if spectrum is not None else None
    channels = outliers(record, examination.limits(INT8_OUTLIERS)) if record is not None else None
    return LayerStates(
        tail=tail(kind, spectrum, examination.limits(ODD_TAILS)) if spectrum is not None else None,
        spectrum=None if noise is None else "like noise" if noise else "above noise",
        update=step.state if step is not None else None,
        int8=None if channels is None else "outliers" if channels else "no outliers",
    )
