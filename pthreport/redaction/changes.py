"""A tree with other values in some of its places: containers are changed where they are, tuples made anew.

Each container is gone through once, however many of its values are changed and wherever it stands.
"""

from collections import Counter
from collections.abc import Iterable

from pthreport.checkpoint import Collection, Limits, Record, Tensor, Value, Visit, walk
from pthreport.checkpoint import Mapping as NamedMapping
from pthreport.checkpoint.walk import CONTAINERS


def with_changes(tree: Value, changes: Iterable[tuple[Visit, Value]], limits: Limits) -> Value:
    """`tree` with another value at the place of each visit of a walk with the same `limits`."""
    at: dict[str | None, Value] = {}
    held: dict[int, list[tuple[str | None, Value]]] = {}
    for visit in walk(tree, limits):
        if isinstance(visit.value, CONTAINERS) and visit.repeat_of is None:
            at[visit.path] = visit.value
        if isinstance(visit.value, tuple):
            held.setdefault(id(visit.value), []).append((visit.parent, visit.key))

    items: dict[int, list[Value]] = {}  # of the tuples that are made anew
    pairs: dict[int, tuple[Record, dict[tuple[int, int], Value]]] = {}
    found = list(changes)
    waiting = _inner_tuples(at, held, [visit.parent for visit, _ in found])
    ready: list[tuple[str | None, Value, Value, Value]] = [
        (visit.parent, visit.key, visit.value, new) for visit, new in found
    ]
    while ready:
        parent, key, old, new = ready.pop()
        if parent is None:
            tree = new
            continue
        holder = at[parent]
        if not isinstance(holder, tuple):
            if not _put(holder, key, old, new) and isinstance(holder, Record):
                pairs.setdefault(id(holder), (holder, {}))[1][id(key), id(old)] = new
            continue
        items.setdefault(id(holder), list(holder))[key] = new
        waiting[id(holder)] -= 1
        if not waiting[id(holder)]:
            made = tuple(items[id(holder)])
            ready.extend((above, own, holder, made) for above, own in held[id(holder)])
    for record, changed in pairs.values():
        record.pairs[:] = [
            (name, changed.get((id(name), id(value)), value)) for name, value in record.pairs
        ]
    return tree


def _inner_tuples(
    at: dict[str | None, Value],
    held: dict[int, list[tuple[str | None, Value]]],
    changed: Iterable[str | None],
) -> Counter[int]:
    """For each tuple in which something changes, by its id: how many of its places do."""
    places = Counter[int]()
    rising = list(changed)
    while rising:
        holder = at[parent] if (parent := rising.pop()) is not None else None
        if isinstance(holder, tuple):
            places[id(holder)] += 1
            if places[id(holder)] == 1:
                rising.extend(above for above, _ in held[id(holder)])
    return places


def _put(holder: Value, key: Value, old: Value, new: Value) -> bool:
    """Put `new` where `old` stands under `key`, unless it is one of a record's pairs."""
    if isinstance(holder, Collection):
        holder.items[key] = new
    elif isinstance(holder, list):
        holder[key] = new
    elif isinstance(holder, dict):
        if isinstance(holder, NamedMapping) and holder.get(key) is not old:
            holder.attributes[key] = new
        else:
            holder[key] = new
    elif isinstance(holder, Tensor):
        if isinstance(holder.attributes, dict):
            holder.attributes[key] = new
        else:
            holder.attributes = new
    elif isinstance(holder.state, dict) and key in holder.state and holder.state[key] is old:
        holder.state[key] = new
    elif holder.args is old:
        holder.args = new
    elif holder.state is old:
        holder.state = new
    elif type(key) is int and key < len(holder.items) and holder.items[key] is old:
        holder.items[key] = new
    else:
        return False
    return True
