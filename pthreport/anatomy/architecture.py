"""A model of the file beside an architecture: what is missing, what is left over, what would make it load."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pthreport.anatomy.layers import segments
from pthreport.anatomy.models import ModelFound
from pthreport.document import Architecture, Rename, ShapePair
from pthreport.document.tensor import Role

Shape = tuple[int, ...]

LISTED = 500
"""Names listed of each kind; the counts say how many there are."""

LEAST_IN_ORDER = 8
"""Tensors that must stand in the same order with the same shapes to say that they correspond."""

TOLERATED = "num_batches_tracked"
"""What load_state_dict adds by itself where an old file lacks it (BatchNorm before torch 0.4.1)."""


@dataclass(frozen=True)
class Blueprint:
    """An architecture: `shapes` of its state dict by name, which of them are `parameters`, and `classes`
    of its modules with their settings. `spec` is how it was named, `library` where it is from."""

    spec: str
    library: str
    shapes: Mapping[str, Shape]
    parameters: frozenset[str]
    classes: Mapping[str, tuple[str, Mapping[str, str]]]


@dataclass(frozen=True)
class _Edit:
    # A change of names: what is taken off their front, what is put before them, what stands where in them.
    strip: str = ""
    add: str = ""
    drop: str = ""
    renames: tuple[tuple[str, str], ...] = ()

    def __call__(self, name: str) -> str:
        if self.drop:
            name = name.replace(self.drop, "")
        name = self.add + name.removeprefix(self.strip)
        for old, new in self.renames:
            name = _replaced(name, old, new)
        return name

    @property
    def changes(self) -> int:
        return bool(self.strip) + bool(self.add) + bool(self.drop) + len(self.renames)


def compare(models: Sequence[ModelFound], blueprint: Blueprint) -> Architecture:
    """The model of the file that is most like `blueprint`, and how they differ.

    Names are compared as `load_state_dict` would see them: as they stand in the file, wrappers and all.
    """
    best: tuple[int, int, ModelFound, _Edit] | None = None
    for model in models:
        own = names_in_file(model)
        for edit in _edits(own, blueprint.shapes):
            score = sum(blueprint.shapes.get(edit(name)) == shape for name, shape in own.items())
            if best is None or (score, -edit.changes) > (best[0], -best[3].changes):
                best = score, -edit.changes, model, edit
    if best is None:
        return _described(blueprint, "", {}, _Edit(), loads="not at all")
    _, _, model, edit = best
    own = names_in_file(model)
    edit = replace(edit, renames=_renames(own, blueprint.shapes, edit))
    found = _described(blueprint, model.key, own, edit, loads="in part")
    plain = _described(blueprint, model.key, own, _Edit(), loads="as it is")
    if _fits(plain):
        return plain
    if not found.matched:
        return _described(blueprint, model.key, own, _Edit(), loads="not at all")
    if _fits(found):
        return _described(blueprint, model.key, own, edit, loads="after the changes")
    return found


def read_classes(model: ModelFound, blueprint: Blueprint, found: Architecture) -> ModelFound:
    """`model` with the roles of the tensors and the classes of the modules that `found` says meet those of
    `blueprint`, under the model's own names. What the file itself names stays."""
    if model.classes:
        return model
    edit = _edit_of(found)
    classes: dict[str, tuple[str, Mapping[str, str]]] = {}
    entries = []
    for name, entry in zip(names_in_file(model), model.entries, strict=True):
        there = edit(name)
        met = blueprint.shapes.get(there) == entry.shape
        role: Role = "parameter" if there in blueprint.parameters else "buffer"
        entries.append(replace(entry, role=role) if met else entry)
        module = there.rpartition(".")[0]
        if met and module in blueprint.classes:
            classes[entry.name.rpartition(".")[0]] = blueprint.classes[module]
    return replace(model, entries=tuple(entries), classes=classes, classes_from=blueprint.spec)


def names_in_file(model: ModelFound) -> dict[str, Shape]:
    """The model's tensors by the names that a state dict made of it has."""
    inside = f"{model.key}." if model.key else ""
    # A module pickled whole has no such names: its state dict would have the model's.
    if model.classes:
        return {entry.name: entry.shape for entry in model.entries}
    found = {entry.path.removeprefix(inside): entry.shape for entry in model.entries}
    return found if len(found) == len(model.entries) else {e.name: e.shape for e in model.entries}


def _edits(own: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> list[_Edit]:
    """The identity, wrappers' segments taken out, and every prefix of either side taken off or put on."""
    fronts = _prefixes(own)
    found = [_Edit(), *(_Edit(strip=front) for front in fronts)]
    for word in ("module.", "_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."):
        if any(word in name for name in own):
            found += [_Edit(drop=word), *(_Edit(drop=word, strip=f) for f in _prefixes_of_many(own, word))]
    backs = _prefixes(wanted)
    found += [_Edit(add=back) for back in backs]
    found += [_Edit(strip=front, add=back) for front in fronts[:4] for back in backs[:4]]
    return found


def _prefixes(names: Mapping[str, Shape], most: int = 12) -> list[str]:
    """The leading segments that many names share, the most common first."""
    counts = Counter[str]()
    for name in names:
        parts = segments(name)[:-1][:3]
        counts.update(".".join(parts[: depth + 1]) + "." for depth in range(len(parts)))
    least = max(1, len(names) // 20)
    common = [(front, n) for front, n in counts.items() if n >= least]
    common.sort(key=lambda pair: (-pair[1], -len(pair[0]), pair[0]))
    return [front for front, _ in common[:most]]


def _prefixes_of_many(own: Mapping[str, Shape], word: str) -> list[str]:
    return _prefixes({name.replace(word, ""): shape for name, shape in own.items()}, 4)


def _renames(
    own: Mapping[str, Shape], wanted: Mapping[str, Shape], edit: _Edit
) -> tuple[tuple[str, str], ...]:
    """Segments that are called otherwise ("gamma" for "weight", "fc" for "head"), each told by pairs of
    left-over and missing names of one shape that stand in the same order, and each making names meet."""
    chosen: list[tuple[str, str]] = []
    for _ in range(8):
        now = replace(edit, renames=tuple(chosen))
        names = {now(name): shape for name, shape in own.items()}
        over = _by_shape({n: s for n, s in names.items() if n not in wanted})
        lack = _by_shape({n: s for n, s in wanted.items() if n not in names})
        votes = Counter[tuple[str, str]]()
        for shape, left in over.items():
            right = lack.get(shape, [])
            if len(left) == len(right):
                pairs = (_difference(a, b) for a, b in zip(left, right, strict=True))
                # Layers that are numbered otherwise make no rule that anybody would want to read.
                votes.update(pair for pair in pairs if not _numbered(pair))
        gains = []
        for rule, _ in votes.most_common(12):
            after = replace(edit, renames=(*chosen, rule))
            met = sum(wanted.get(after(name)) == shape for name, shape in own.items())
            met -= sum(wanted.get(now(name)) == shape for name, shape in own.items())
            if met > 0 and len({after(name) for name in own}) == len(own):
                gains.append((met, rule))
        if not gains:
            break
        chosen.append(max(gains, key=lambda pair: (pair[0], -len(pair[1][0]), pair[1]))[1])
    return tuple(chosen)


def _numbered(pair: tuple[str, str]) -> bool:
    return any(part.isdecimal() for text in pair for part in text.split("."))


def _by_shape(names: Mapping[str, Shape]) -> dict[Shape, list[str]]:
    found: dict[Shape, list[str]] = {}
    for name, shape in names.items():
        found.setdefault(shape, []).append(name)
    return found


def _difference(old: str, new: str) -> tuple[str, str]:
    """The segments in which two names differ, less those that they share at both ends."""
    a, b = segments(old), segments(new)
    while len(a) > 1 and len(b) > 1 and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while len(a) > 1 and len(b) > 1 and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return ".".join(a), ".".join(b)


def _replaced(name: str, old: str, new: str) -> str:
    """`name` with the segments `old` replaced by `new`, wherever they stand as whole segments."""
    return f".{name}.".replace(f".{old}.", f".{new}.").strip(".")


def _fits(found: Architecture) -> bool:
    return not (found.missing_count or found.unexpected_count or found.mismatched_count)


def _described(
    blueprint: Blueprint, key: str, own: Mapping[str, Shape], edit: _Edit, *, loads: str
) -> Architecture:
    names = {edit(name): shape for name, shape in own.items()}
    lack = [n for n in blueprint.shapes if n not in names and not n.endswith(TOLERATED)]
    over = [n for n in own if edit(n) not in blueprint.shapes]
    wrong = [
        ShapePair(name=n, file=s, model=blueprint.shapes[edit(n)])
        for n, s in own.items()
        if edit(n) in blueprint.shapes and blueprint.shapes[edit(n)] != s
    ]
    left = [own[n] for n in over if not n.endswith(TOLERATED)]
    wanted = [blueprint.shapes[n] for n in lack]
    both = min(len(left), len(wanted))
    counted = [
        Rename(old=old, new=new, count=sum(f".{old}." in f".{n}." for n in own))
        for old, new in edit.renames
    ]
    return Architecture(
        spec=blueprint.spec,
        library=blueprint.library,
        model=key,
        tensors=len(blueprint.shapes),
        matched=sum(blueprint.shapes.get(n) == s for n, s in names.items()),
        missing=tuple(lack[:LISTED]),
        missing_count=len(lack),
        unexpected=tuple(over[:LISTED]),
        unexpected_count=len(over),
        mismatched=tuple(wrong[:LISTED]),
        mismatched_count=len(wrong),
        strip=edit.strip,
        add=edit.add,
        drop=edit.drop,
        renames=tuple(counted),
        in_order=both if both >= LEAST_IN_ORDER and left[:both] == wanted[:both] else 0,
        loads=loads,  # type: ignore[arg-type]
    )


def _edit_of(found: Architecture) -> _Edit:
    return _Edit(found.strip, found.add, found.drop, tuple((r.old, r.new) for r in found.renames))
