"""One model of the file: its layers, its module tree, what stands out."""

from collections.abc import Iterator, Sequence
from typing import Literal, overload

import msgspec

from pthreport.document.base import Basis, Part


class Profile(Part, frozen=True, kw_only=True):
    """What the depth strip draws for one layer; None where it does not apply or was not measured.

    All of the layer's main weight: `norm` is its RMS (L2 / sqrt n, so that layers of different size
    compare), `spread` its standard deviation, `zeros` the share of exact zeros.
    """

    norm: float | None = None
    spread: float | None = None
    zeros: float | None = None
    stable_rank: float | None = None
    update_ratio: float | None = None


class Layer(Part, frozen=True, kw_only=True):
    """One module that owns tensors.

    `kind` is a word of `pthreport.anatomy.kinds` ("conv2d", "linear", "batchnorm", ...); `basis`
    says whether it was read from the file or inferred, `evidence` from what. `weight` is the path of
    the tensor that stands for the layer in the table and the depth strip.
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
    spectrum: None = None


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


class RemovedPrefix(Part, frozen=True, kw_only=True):
    """A wrapper's prefix that was taken off the names: which, from how many, who puts it there."""

    prefix: str
    count: int
    wrapper: str


class Tie(Part, frozen=True, kw_only=True):
    """Tensors of one model that are the same values in the same storage."""

    paths: tuple[str, ...]


class Highlight(Part, frozen=True, kw_only=True):
    """A fact worth a sentence under a picture: `layer` has `value` where its siblings have `typical`."""

    kind: Literal["largest-layer", "spread-high", "spread-low", "most-zeros", "norm-high", "norm-low"]
    layer: str
    value: float
    typical: float | None = None


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
    `parameters`, `buffers` count elements and `bytes` their size, tied tensors once.
    """

    key: str
    label: str
    role: str = ""
    parameters: int
    buffers: int
    bytes: int
    layer_list: tuple[Layer, ...] = msgspec.field(name="layers")
    modules: tuple[Module, ...] = ()
    prefixes: tuple[RemovedPrefix, ...] = ()
    ties: tuple[Tie, ...] = ()
    highlights: tuple[Highlight, ...] = ()

    @property
    def layers(self) -> Named:
        """The layers, by position or by name: `report.models[0].layers["conv1"]`."""
        return Named(self.layer_list)
