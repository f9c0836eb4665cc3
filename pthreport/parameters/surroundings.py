"""What the rest of the file tells a scheme about one place in it; found once, and only when it is asked for."""

from collections.abc import Mapping
from functools import cached_property

from pthreport.checkpoint import Limits, Tensor, Value, walk
from pthreport.parameters.settings import Settings, settings_of

FLOAT_KINDS = ("float16", "bfloat16", "float32", "float64")


class Surroundings:
    """All stored tensors by path, the settings, and what follows from them."""

    def __init__(self, tensors: Mapping[str, Tensor], tree: Value, limits: Limits | None = None) -> None:
        self.tensors: Mapping[str, Tensor] = dict(tensors.items())
        self._tree = tree
        self._limits = limits
        leaves: dict[str, list[str]] = {}
        for path in tensors:
            leaves.setdefault(path.rpartition(".")[2], []).append(path)
        self.leaves: Mapping[str, list[str]] = leaves

    @cached_property
    def settings(self) -> Settings:
        """What the file says about its quantisation."""
        return settings_of(self._tree)

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """Plain values by path, the first of a place."""
        found: dict[str, Value] = {}
        for visit in walk(self._tree, self._limits):
            if not isinstance(visit.value, Tensor):
                found.setdefault(visit.path, visit.value)
        return found

    @cached_property
    def sizes(self) -> frozenset[int]:
        """Sizes of the dims of all unpacked weights, and the outputs of scales: what inputs and outputs of
        the model's other layers are."""
        return frozenset(
            size
            for tensor in self.tensors.values()
            if tensor.dtype.name in FLOAT_KINDS
            for size in tensor.shape
            if size > 1
        )

    def heights(self, leaf: str) -> frozenset[int]:
        """The first dims of all tensors whose name ends so."""
        return frozenset(
            self.tensors[path].shape[0] for path in self.leaves.get(leaf, ()) if self.tensors[path].shape
        )
