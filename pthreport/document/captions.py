"""What figures amount to: their places in the ranges of the checks, and the sentences made from them.

Made once by `pthreport.summary`, by the thresholds in force, so that no renderer compares a figure with anything.
A place is None, and a sentence empty, where there is nothing to say.
"""

from typing import Literal

from pthreport.document.base import Part

Range = Literal["below", "usual", "above"]
"""Where a figure lies against the thresholds of its check."""

Tail = Literal["unclear", "below", "usual", "above"]
"""Where the exponent of a power law lies; "unclear" where the fit is poor or the
tail short."""


class LayerStates(Part, frozen=True, kw_only=True, omit_defaults=True):
    """Where the figures of a layer lie, by the check of that figure: alpha (odd-tails), whether any singular value
    is above the edge of noise (random-layers), the last update over the weight (large-updates, small-updates), and
    whether channels need an int8 scale each (int8-outliers)."""

    tail: Tail | None = None
    spectrum: Literal["like noise", "above noise"] | None = None
    update: Range | None = None
    int8: Literal["no outliers", "outliers"] | None = None


class LayerCaptions(Part, frozen=True, kw_only=True, omit_defaults=True):
    """The sentence under the picture of a layer's spectrum."""

    spectrum: str = ""


class TensorCaptions(Part, frozen=True, kw_only=True, omit_defaults=True):
    """The sentences under the histogram of a tensor's values and under the norms of its units."""

    values: str = ""
    units: str = ""


class Band(Part, frozen=True, kw_only=True):
    """The range of a figure that its checks pass, from `low` to `high`, and what is said of it."""

    low: float
    high: float
    words: str


class ModelCaptions(Part, frozen=True, kw_only=True, omit_defaults=True):
    """The sentences of one model: what stands out over its `depth`, what its `spectra` amount to, where its
    `parameters` are, what narrower types would save (`savings`). `few_zeros` says that no layer has a share of zeros
    worth drawing. `alpha_range` and `update_range` are the usual ranges of the tails' exponents and of the last updates."""

    depth: tuple[str, ...] = ()
    few_zeros: str = ""
    spectra: str = ""
    alpha_range: Band | None = None
    update_range: Band | None = None
    parameters: str = ""
    savings: str = ""


class OptimizerCaptions(Part, frozen=True, kw_only=True, omit_defaults=True):
    """The sentences of one optimizer: its `rule`, how large its last `updates` were, their usual range,
    the parameters (by path) whose update was `unusual`, and `notes` on what its state shows."""

    rule: str = ""
    updates: str = ""
    update_range: Band | None = None
    unusual: dict[str, Range] = {}
    notes: tuple[str, ...] = ()


class Captions(Part, frozen=True, kw_only=True, omit_defaults=True):
    """The sentences of a report: `models` by key, `optimizers`, `schedulers` and `scalers` by path, `averages` by the
    key of the average, `histories` by the path of the series; of all models together those on `adapters`,
    `experts` and `precision`, with a note on how precision was measured. `imports` counts what loading would import."""

    imports: str = ""
    models: dict[str, ModelCaptions] = {}
    adapters: tuple[str, ...] = ()
    experts: tuple[str, ...] = ()
    precision: tuple[str, ...] = ()
    precision_note: str = ""
    optimizers: dict[str, OptimizerCaptions] = {}
    schedulers: dict[str, str] = {}
    scalers: dict[str, str] = {}
    averages: dict[str, str] = {}
    histories: dict[str, str] = {}
