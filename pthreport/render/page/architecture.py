"""A checkpoint and an architecture that the user named: what matches, what does not, how it can be loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from pthreport.document import Report, numbers

MOST_NAMES = 200
FEW = 12
"""Names up to which a list stands open."""

_LOADS = {
    "as it is": "It loads as it is.",
    "after the changes": "It loads after these changes of names.",
    "in part": "It loads in part.",
    "not at all": "Nothing in the file has its names and shapes.",
}


@dataclass(frozen=True)
class Names:
    """Names that only one side has: the first ones, and how many more."""

    title: str
    names: tuple[str, ...]
    left_out: int
    open: bool


@dataclass(frozen=True)
class Mismatch:
    """A tensor whose shape differs."""

    name: str
    file: str
    model: str


@dataclass(frozen=True)
class ArchitectureView:
    """The section."""

    spec: str
    library: str
    matched: str
    model: str
    loads: str
    changes: tuple[str, ...]
    in_order: int
    lists: tuple[Names, ...]
    mismatched: tuple[Mismatch, ...]
    mismatched_left_out: int


def architecture(report: Report) -> ArchitectureView | None:
    """The section of `report`, None where no architecture was named."""
    found = report.architecture
    if found is None:
        return None
    lists = (
        _names("Missing from the file", found.missing, found.missing_count),
        _names("Unexpected in the file", found.unexpected, found.unexpected_count),
    )
    shown = found.mismatched[:MOST_NAMES]
    return ArchitectureView(
        spec=found.spec,
        library=found.library,
        matched=f"{numbers.count(found.matched)} of its {numbers.plural(found.tensors, 'tensor')} match",
        model=found.model,
        loads=_LOADS[found.loads],
        changes=tuple(found.changes),
        in_order=found.in_order,
        lists=tuple(one for one in lists if one is not None),
        mismatched=tuple(
            Mismatch(pair.name, numbers.shape(pair.file), numbers.shape(pair.model)) for pair in shown
        ),
        mismatched_left_out=found.mismatched_count - len(shown),
    )


def _names(title: str, names: Sequence[str], count: int) -> Names | None:
    if not count:
        return None
    shown = tuple(names[:MOST_NAMES])
    return Names(f"{title}: {numbers.plural(count, 'tensor')}", shown, count - len(shown), count <= FEW)
