"""How many heads an attention has, where a configuration in the file says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pthreport.anatomy.outline import Outline
from pthreport.checkpoint import Record

MOST = 1024

_HEADS = ("num_attention_heads", "num_heads", "n_head", "n_heads", "nhead", "nheads")
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


def _count(settings: Mapping[Any, object], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = settings.get(name)
        if isinstance(value, str) and value.isdecimal() and len(value) <= len(str(MOST)):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
            return value
    return None
