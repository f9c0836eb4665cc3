"""One model of the file: its layers, its module tree, what stands out."""

from collections.abc import Iterator, Sequence
from typing import Literal, overload

import msgspec

from pthreport.document.base import Basis, Part
from pthreport.document.captions import LayerCaptions, LayerStates
from pthreport.document.components import Adapter, Experts
from pthreport.document.spectrum import Spectrum


class Profile(Part, frozen=True, kw_only=True):
    """What the depth strip draws for one layer; None where it does not apply or was not measured.

    All of the layer's main weight: `norm` is its RMS (L2 / sqrt n, so that layers of different size
    compare), `spread` its standard deviation, `zeros` the share of exact zeros, `kurtosis` the excess,
    `alpha` the exponent of the spectrum's tail.
    """

    norm: float | None = None
    spread: float | None = None
    zeros: float | None = None
    stable_rank: float | None = None
    alpha: float | None = None
    kurtosis: float | None = None
    update_ratio: float | None = None


class BatchNormFacts(Part, frozen=True, kw_only=True):
    """What a normalisation with running statistics shows, over its channels.

    Variances: the least and largest, how many are zero, below it or NaN (`var_bad`), positive
    and below 1e-6 (`var_small`), above 1e6 (`var_large`). `batches` is num_batches_tracked. `initial`: the mean
    is 0 and the variance 1 everywhere. Gains are |weight| / sqrt(var + eps)
    (a weight of 1 where there is none), what the layer multiplies a channel by: least, median, largest. `gamma_small`
    counts weights with |weight| < 1e-3. `eps` is read or torch's default of 1e-5.
    """

    channels: int
    var_min: float | None
    var_max: float | None
    var_bad: int
    var_small: int
    var_large: int
    batches: int | None
    initial: bool
    gain_min: float | None
    gain_median: float | None
    gain_max: float | None
    gamma_small: int
    eps: float


class Smoothness(Part, frozen=True, kw_only=True):
    """How alike neighbouring values are in the `kernels` of the layer that sees the input: the magnitude of
    their lag-1 `correlation` along the spatial axes, the mean over the kernels, beside what independent
    values would give, `noise`, and the standard error of that."""

    kernels: int
    correlation: float
    noise: float
    error: float


class NormFacts(Part, frozen=True, kw_only=True):
    """What a normalisation without running statistics shows, over its channels.

    Of |weight|: least, median, largest; `zeros` counts exact ones, `small` those below 1e-3 of the median
    (zeros included), `large` those above 10 times it, `large_channels` the first of them, largest first. `negative` counts
    weights below zero, `bias_max` is the largest |bias|. `initial`: all weights are 1 and all biases 0. Weights that a
    model adds 1 to (Gemma) lie around 0, and their shares of the median say little.
    """

    channels: int
    weight_min: float | None
    weight_median: float | None
    weight_max: float | None
    zeros: int
    small: int
    large: int
    large_channels: tuple[int, ...] = ()
    negative: int
    bias_max: float | None
    initial: bool


class RowFacts(Part, frozen=True, kw_only=True):
    """An embedding's rows beside what its weight's `Units` tell: `zero` rows are all zero (padding, or never used),
    `unchanged` ones have the norm that `unchanged_law` gives them, in a heap that stands out from the
    others: consistent with never having been used. Both list the first ones."""

    rows: int
    zero: int
    zero_rows: tuple[int, ...] = ()
    unchanged: int = 0
    unchanged_rows: tuple[int, ...] = ()
    unchanged_law: str = ""


class Layer(Part, frozen=True, kw_only=True):
    """One module that owns tensors.

    `kind` is a word of `pthreport.anatomy.kinds` ("conv2d", "linear", "batchnorm", ...); `basis`
    says whether it was read from the file or inferred, `evidence` from what. `weight` is the path of
    the tensor that stands for the layer in the table and the depth strip. `spectrum` is that of the
    weight's whole matrix, `spectra` those of its parts (fused projections, gates, heads, the matrices of a
    stack) and of the layer's other matrices under their names, `spectrum_reason` why there is none where one was asked for.
    `states` say where its figures lie, by the thresholds in force.
    """

    name: str
    kind: str
    basis: Basis
    evidence: str
    tensors: tuple[str, ...]
    weight: str | None
    parameters: int
    buffers: int
    bytes: int
    settings: dict[str, str] = {}
    profile: Profile = Profile()
    spectrum: Spectrum | None = None
    spectra: tuple[Spectrum, ...] = ()
    spectrum_reason: str | None = None
    batchnorm: BatchNormFacts | None = None
    smoothness: Smoothness | None = None
    norm: NormFacts | None = None
    rows: RowFacts | None = None
    states: LayerStates = LayerStates()
    captions: LayerCaptions = LayerCaptions()


class Module(Part, frozen=True, kw_only=True):
    """One node of the module tree, in the order of the file, parents before children.

    `layer` is true where the node itself owns tensors; `parameters`, `buffers` and `bytes` count it
    with everything below it; tied tensors are counted once, where they first stand.
    """

    name: str
    label: str
    depth: int
    layer: bool
    layers: int
    parameters: int
    buffers: int
    bytes: int


class ModuleClass(Part, frozen=True, kw_only=True):
    """A module as the file itself describes it, whether or not it owns tensors: its class, and the
    settings that it keeps as plain attributes (`kernel_size`, `eps`, ...), in words."""

    name: str
    class_name: str
    settings: dict[str, str] = {}


class RemovedPrefix(Part, frozen=True, kw_only=True):
    """A wrapper's prefix that was taken off the names: which, from how many, who puts it there."""

    prefix: str
    count: int
    wrapper: str


class Tie(Part, frozen=True, kw_only=True):
    """Tensors of one model that are the same values in the same storage."""

    paths: tuple[str, ...]


class Highlight(Part, frozen=True, kw_only=True):
    """A fact worth a sentence under a picture: `layer` has `value` where its siblings have `typical` (the median of
    the layers of its kind). A gain is the root mean square of the weight times the root of its fan-in;
    "gain-usual" names the farthest of gains that are all in the usual range."""

    kind: Literal[
        "largest-layer", "gain-high", "gain-low", "gain-usual", "most-zeros",
        # Of reports that were made before gains were compared:
        "spread-high", "spread-low", "norm-high", "norm-low",
    ]  # fmt: skip
    layer: str
    value: float
    typical: float | None = None


Quantity = Literal["spread", "zeros", "stable_rank", "alpha", "kurtosis"]


class Trend(Part, frozen=True, kw_only=True):
    """A quantity of a `Profile` that rises or falls with depth over `count` like layers: `layers` is their
    name, the number of the block replaced by "*". `correlation` is Spearman's rank correlation with the
    block's number, `first` and `last` the medians of the first and the last third of them."""

    layers: str
    quantity: Quantity
    count: int
    correlation: float
    first: float
    last: float


class Saving(Part, frozen=True, kw_only=True):
    """What storing a model's floating weights in another form would save.

    `form` is "float16", "bfloat16", "fp8-e4m3", "fp8-e5m2", "int8-tensor", "int8-channel" or "int4-group"; `bytes` what
    the weights would take (scales of 4 bytes included, of 2 for int4 groups; tensors of fewer than
    two dims and types no wider stay as they are), `saved` how many fewer. `lossless`: every value is exact in it. `worst` is the tensor with the
    least signal-to-noise ratio `worst_sqnr` (dB), `median_sqnr` the median tensor's; for 16-bit
    floats `overflow` and `vanish` count values lost. `label` names the form and `cost` what it loses in words;
    `left` is the size of the whole model in it, `share` the part of its bytes that is saved.
    """

    form: str
    bytes: int
    saved: int
    tensors: int
    lossless: bool = False
    worst: str | None = None
    worst_sqnr: float | None = None
    median_sqnr: float | None = None
    overflow: int = 0
    vanish: int = 0
    label: str = ""
    cost: str = ""
    left: int = 0
    share: float = 0.0


class Family(Part, frozen=True, kw_only=True):
    """A published architecture that a model, or the module `at` in it, has the structure of.

    `name` is the family ("ResNet"), `variant` what a sentence calls it ("ResNet-50"). `facts` are what
    the shapes tell, as far as they do: "depth", "width", "input channels", "classes" (outputs of the head that the
    family has), "vocabulary" and "positions" (rows of their tables), "heads" with "heads known by" and
    others by their usual names. `evidence` says from what the family was concluded.
    """

    name: str
    variant: str
    basis: Basis = "inferred"
    evidence: str
    at: str = ""
    facts: dict[str, str] = {}


class Amount(Part, frozen=True, kw_only=True):
    """What is of one sort: tensors, the layers that own them, their elements as parameters and as
    buffers, their bytes; tied tensors once, where they first stand."""

    layers: int
    tensors: int
    parameters: int
    buffers: int
    bytes: int


class Named(Sequence[Layer]):
    """A sequence of layers that also answers to a layer's name."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self._layers = layers

    @overload
    def __getitem__(self, key: int | str) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Layer, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Layer | tuple[Layer, ...]:
        if not isinstance(key, str):
            return self._layers[key]
        for layer in self._layers:
            if layer.name == key:
                return layer
        from pthreport.document.nearest import nearest

        raise KeyError(f"no layer is called {key!r}{nearest(key, [la.name for la in self._layers])}")

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._layers)


class Model(Part, frozen=True, kw_only=True):
    """One model: `key` is the path of its mapping or module ("" where it is the whole file).

    `role` labels a copy of another model in the file ("raw", "ema", ...), "" where it stands alone.
    `parameters`, `buffers` count elements and `bytes` their size, tied tensors once. `family` is None
    where the structure is none that is known for sure. `classes` are the modules that the file itself describes
    (a module pickled whole, TorchScript, an exported program), parents before children. `by_kind` (a layer's kind), `by_depth` (modules
    in the order of the tree; lists of modules, and one that holds more than half of everything, are
    replaced by what is in them) and `by_dtype` (a type of element) each divide all of the model's tensors.
    """

    key: str
    label: str
    role: str = ""
    family: Family | None = None
    parameters: int
    buffers: int
    bytes: int
    layer_list: tuple[Layer, ...] = msgspec.field(name="layers")
    modules: tuple[Module, ...] = ()
    classes: tuple[ModuleClass, ...] = ()
    prefixes: tuple[RemovedPrefix, ...] = ()
    ties: tuple[Tie, ...] = ()
    adapters: tuple[Adapter, ...] = ()
    experts: tuple[Experts, ...] = ()
    by_kind: dict[str, Amount] = {}
    by_depth: dict[str, Amount] = {}
    by_dtype: dict[str, Amount] = {}
    highlights: tuple[Highlight, ...] = ()
    trends: tuple[Trend, ...] = ()
    savings: tuple[Saving, ...] = ()

    @property
    def layers(self) -> Named:
        """The layers, by position or by name: `report.models[0].layers["conv1"]`."""
        return Named(self.layer_list)
