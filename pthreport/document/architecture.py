"""A checkpoint beside an architecture that the user named."""

from typing import Literal

from pthreport.document.base import Part


class ShapePair(Part, frozen=True, kw_only=True):
    """A tensor whose shape in the `file` is not that in the `model`; `name` as the file calls it."""

    name: str
    file: tuple[int, ...]
    model: tuple[int, ...]


class Rename(Part, frozen=True, kw_only=True):
    """Segments that `count` names of the file have and the architecture calls otherwise."""

    old: str
    new: str
    count: int


class Architecture(Part, frozen=True, kw_only=True):
    """What `load_state_dict` would say: the model at `model` beside the architecture `spec` of `library`.

    `matched` of the architecture's `tensors` have the same name and shape. `missing` are names that the
    file lacks, `unexpected` ones that only the file has, `mismatched` differ in shape (the first ones of
    each, and how many there are). They count after these changes of the file's names, which the
    shapes suggest: `drop` taken out wherever it stands, `strip` taken off the front, `add` put before,
    then `renames`. `in_order` of the missing have, in their order, the shapes of those left over, under
    names that no change of words explains. `loads` says whether all of it fits. BatchNorm's num_batches_tracked may be missing.
    """

    spec: str
    library: str = ""
    model: str
    tensors: int
    matched: int
    missing: tuple[str, ...] = ()
    missing_count: int = 0
    unexpected: tuple[str, ...] = ()
    unexpected_count: int = 0
    mismatched: tuple[ShapePair, ...] = ()
    mismatched_count: int = 0
    strip: str = ""
    add: str = ""
    drop: str = ""
    renames: tuple[Rename, ...] = ()
    in_order: int = 0
    loads: Literal["as it is", "after the changes", "in part", "not at all"]

    @property
    def changes(self) -> list[str]:
        """The changes of names as lines of Python, `k` a name."""
        lines = []
        if self.drop:
            lines.append(f"k = k.replace({self.drop!r}, '')")
        if self.strip:
            lines.append(f"k = k.removeprefix({self.strip!r})")
        if self.add:
            lines.append(f"k = {self.add!r} + k")
        lines += [
            f"k = f'.{{k}}.'.replace({f'.{r.old}.'!r}, {f'.{r.new}.'!r}).strip('.')" for r in self.renames
        ]
        return lines
