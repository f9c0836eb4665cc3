"""How many heads an attention has, where the file itself says so: weights for any number have the same shapes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pthreport.anatomy.outline import Outline
from pthreport.checkpoint import Record

MOST = 1024

_HEADS = ("num_attention_heads", "num_heads", "n_head", "n_heads", "nhead", "nheads")
_WIDTHS = ("hidden_size", "n_embd", "d_model", "embed_dim", "n_embed", "dim", "width")
_GROUPS = ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_kv_head", "n_head_kv")


@dataclass(frozen=True)
class Heads:
    """Heads of the queries, and those of keys and values (fewer where queries share them: Ainslie et
    al. 2023, arXiv 2305.13245)."""

    queries: int
    keys: int


def heads_in(settings: Mapping[Any, object]) -> Heads | None:
    """What one mapping of settings says, by the names that the common libraries use."""
    queries = _count(settings, _HEADS)
    keys = _count(settings, _GROUPS)
    if queries is None or (keys is not None and queries % keys):
        return None
    return Heads(queries, keys or queries)


def heads(tree: Outline) -> Heads | None:
    """What all configurations of the file agree on; None where none says it or several differ."""
    found: set[Heads] = set()
    for place in tree.places:
        value = place.value.state if isinstance(place.value, Record) else place.value
        if isinstance(value, dict) and (said := heads_in(value)) is not None:
            found.add(said)
    return found.pop() if len(found) == 1 else None


def heads_of_width(
    tree: Outline, classes: Mapping[str, tuple[str, Mapping[str, str]]], width: int
) -> tuple[int, str] | None:
    """The heads of a transformer of `width` and where they are said: in configurations of the same width, or in the
    settings of its own modules (`classes`). None where nothing says them, or two things do differently."""
    said: dict[int, str] = {}
    for place in tree.places:
        value = place.value.state if isinstance(place.value, Record) else place.value
        if isinstance(value, dict) and any(value.get(key) == width for key in _WIDTHS):
            found = heads_in(value)
            if found is not None:
                said.setdefault(
                    found.queries, f"said in {place.path}" if place.path else "said in the file"
                )
    for name, (kind, settings) in classes.items():
        found = heads_in(settings)
        if found is not None and settings.get("embed_dim", str(width)) == str(width):
            said.setdefault(found.queries, f"said by {name}, {kind}")
    heads, where = next(iter(said.items()), (0, ""))
    return (heads, where) if len(said) == 1 and width % heads == 0 else None


def _count(settings: Mapping[Any, object], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = settings.get(name)
        if isinstance(value, str) and value.isdecimal() and len(value) <= len(str(MOST)):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
            return value
    return None
