"""What the file itself says about how its weights were quantised."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pthreport.checkpoint import Record, Tensor, Value

KEYS = ("quantization_config", "compression_config", "quantize_config", "quant_config")
"""Where configurations keep it (transformers, AutoGPTQ, AutoAWQ, compressed-tensors)."""

CONFIGURATIONS = ("config", "hyper_parameters", "args", "cfg", "__metadata__")
"""Places below the root that are looked into."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The quantisation's settings by name; empty where the file has none. Each `number` and `word` is what
    the file says, of the type asked for, or None."""

    given: Mapping[str, Value] = field(default_factory=dict)

    def number(self, name: str) -> int | None:
        """A positive integer."""
        value = self.given.get(name)
        return value if type(value) is int and 0 < value < 1 << 31 else None

    def word(self, name: str) -> str:
        """A short text in lower case; "" where there is none."""
        value = self.given.get(name)
        return value.casefold() if isinstance(value, str) and len(value) < 100 else ""

    def numbers(self, name: str) -> tuple[int, ...]:
        """A short list of positive integers."""
        value = self.given.get(name)
        if not isinstance(value, list | tuple) or len(value) > 8:
            return ()
        return tuple(value) if all(type(one) is int and one > 0 for one in value) else ()

    @property
    def weight_bits(self) -> int | None:
        """The bits that all of compressed-tensors' groups have; None where they differ or none is there."""
        groups = self.given.get("config_groups")
        found: set[object] = set()
        for group in groups.values() if isinstance(groups, dict) else ():
            weights = group.get("weights") if isinstance(group, dict) else None
            found.add(weights.get("num_bits") if isinstance(weights, dict) else None)
        one = found.pop() if len(found) == 1 else None
        return one if type(one) is int else None

    @property
    def method(self) -> str:
        """The method's name ("gptq", "awq", "bitsandbytes", "fp8", ...); "" where none is named."""
        return self.word("quant_method")


def settings_of(tree: Value) -> Settings:
    """The one quantisation configuration at the root of `tree` or in a configuration beside it; nothing
    where there is none."""
    root = _mapping(tree)
    places = [root, *(_mapping(root.get(name)) for name in CONFIGURATIONS)]
    for place in places:
        for key in KEYS:
            found = _mapping(place.get(key))
            if found:
                return Settings(found)
    for name in KEYS:
        found = _mapping(root.get(name))
        if found:
            return Settings(found)
    return Settings()


def _mapping(value: Value) -> Mapping[str, Value]:
    if isinstance(value, dict):
        return value
    if isinstance(value, Record) and isinstance(value.state, dict):
        return value.state
    return {}


def json_in(tensor: Tensor, most: int = 65_536) -> Value:
    """The JSON text that is kept as bytes in a tensor; None where it is none. Raises `ReadError`."""
    import json

    if tensor.dtype.name != "uint8" or not 0 < tensor.numel <= most:
        return None
    try:
        return json.loads(bytes(tensor.read(0, tensor.numel)))
    except (ValueError, RecursionError):
        return None
