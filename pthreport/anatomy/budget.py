"""How a model's parameters and bytes divide: by kind of layer, by depth, by type of element."""

from collections.abc import Callable, Sequence

from pthreport.anatomy.layers import Entry, LayerFound, segments
from pthreport.document import Amount, Module

Sort = Callable[[LayerFound, Entry], str]


def by_kind(layers: Sequence[LayerFound]) -> dict[str, Amount]:
    """What each kind of layer holds, the one with most parameters first."""
    found = _divided(layers, lambda layer, _: layer.kind.kind)
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].parameters, pair[0])))


def by_dtype(layers: Sequence[LayerFound]) -> dict[str, Amount]:
    """What each type of element takes, the one with most bytes first."""
    found = _divided(layers, lambda _, entry: entry.dtype)
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].bytes, pair[0])))


def by_depth(layers: Sequence[LayerFound], modules: Sequence[Module]) -> dict[str, Amount]:
    """What each block holds, by its module's name, in the order of the tree."""
    blocks = _blocks(modules)
    found = _divided(layers, lambda layer, _: _block_of(layer.name, blocks))
    order = {module.name: position for position, module in enumerate(modules)}
    return dict(sorted(found.items(), key=lambda pair: order[pair[0]]))


def _divided(layers: Sequence[LayerFound], sort: Sort) -> dict[str, Amount]:
    """The sums of each sort; a tied tensor counts where it first stands."""
    seen: set[object] = set()
    sums: dict[str, list[int]] = {}
    owners: dict[str, set[str]] = {}
    for layer in layers:
        for entry in layer.entries.values():
            if entry.storage is not None:
                if entry.storage in seen:
                    continue
                seen.add(entry.storage)
            name = sort(layer, entry)
            amount = sums.setdefault(name, [0, 0, 0, 0])
            amount[0] += 1
            amount[2 if entry.role == "buffer" else 1] += entry.numel
            amount[3] += entry.nbytes
            owners.setdefault(name, set()).add(layer.name)
    return {
        name: Amount(
            layers=len(owners[name]), tensors=tensors, parameters=parameters, buffers=buffers, bytes=size
        )
        for name, (tensors, parameters, buffers, size) in sums.items()
    }


def _blocks(modules: Sequence[Module]) -> set[str]:
    """The modules that a model falls into: from the root down, one that holds more than half of all
    elements is replaced by what is in it, and so are a list of modules and one that is mostly such a
    list, unless they are themselves members of a list."""
    children: dict[str, list[Module]] = {}
    for module in modules:
        if module.name:
            children.setdefault(".".join(segments(module.name)[:-1]), []).append(module)
    whole = _elements(modules[0])

    def listed(module: Module) -> bool:
        inside = children.get(module.name, ())
        return len(inside) >= 2 and all(child.label.isdecimal() for child in inside)

    blocks: set[str] = set()
    stack = [(modules[0], False)]
    while stack:
        module, member = stack.pop()
        inside = children.get(module.name, [])
        large = 2 * _elements(module) > whole
        mostly = any(listed(child) and 2 * _elements(child) > _elements(module) for child in inside)
        if inside and (large or (not member and (mostly or listed(module)))):
            stack.extend((child, listed(module)) for child in inside)
        else:
            blocks.add(module.name)
    return blocks


def _elements(module: Module) -> int:
    return module.parameters + module.buffers


def _block_of(name: str, blocks: set[str]) -> str:
    """The block that the layer `name` lies in; its own name where it stands above the blocks."""
    parts = segments(name) if name else []
    prefixes = (".".join(parts[:depth]) for depth in range(len(parts) + 1))
    return next((prefix for prefix in prefixes if prefix in blocks), name)
