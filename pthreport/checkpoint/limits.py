"""How much a file may ask of the reader.

Every limit is far above what real checkpoints need and low enough that no file, however made, holds
the reader for more than some ten seconds or a gibibyte. Wherever the file's size bounds a number
too, the smaller of the two counts. `--limit NAME=VALUE` and `Limits(NAME=VALUE)` set one.
"""

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pthreport.checkpoint.errors import FormatError
from pthreport.document.nearest import nearest

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

_UNITS = {"": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB}
_NUMBER = re.compile(r"([0-9][0-9_,]{0,20}) ?([KMG]iB)?")

MOST = 2**63 - 1
"""The largest value of a limit."""


class LimitError(Exception):
    """A limit that does not exist, or a value that is none: one line."""


def limit(default: int, what: str, most: int = MOST) -> Any:
    """A field of `Limits`: its default, what it bounds, and the largest value that can work."""
    return field(default=default, metadata={"what": what, "most": most})


@dataclass(frozen=True, slots=True)
class Limits:
    """The budgets of one file; each says in its `metadata["what"]` what it bounds."""

    opcodes: int = limit(20_000_000, "instructions of all pickles in the file")
    objects: int = limit(1_500_000, "containers, tensors and calls that its pickles build")
    memo: int = limit(6_000_000, "values that one pickle keeps to use again")
    pickle_bytes: int = limit(
        512 * MIB,
        "bytes of all pickles that are held at some time, without byte strings of a mebibyte or more",
    )
    string_bytes: int = limit(256 * MIB, "bytes of one string")
    integer_bytes: int = limit(64 * KIB, "bytes of one integer")
    derived_bytes: int = limit(16 * MIB, "bytes that calls make of other values, beyond the pickle's size")
    line_bytes: int = limit(64 * KIB, "bytes of one line of a text pickle (a number, a name)")
    depth: int = limit(1_000, "levels of containers within each other that are walked")
    nodes: int = limit(
        1_200_000, "values that are walked; a container counts for four, a long path for more"
    )
    path_characters: int = limit(1_000, "characters of a path, before it is shortened")
    key_characters: int = limit(400, "characters of one key in a path, before it is shortened")
    rank: int = limit(64, "dimensions of a tensor", most=64)  # numpy has no more
    tensors: int = limit(40_000, "tensors of the file's pickles, or of one table or header")
    imports: int = limit(1_000, "imports that are listed")
    names: int = limit(200_000, "different names that are imported")
    header_bytes: int = limit(16 * MIB, "bytes of a JSON header, index or table")
    members: int = limit(500_000, "members of a zip archive")
    directory_bytes: int = limit(256 * MIB, "bytes of a zip archive's directory")
    inflated_bytes: int = limit(512 * MIB, "bytes that compressed members may expand to in any case")
    inflated_ratio: int = limit(4, "the same as a multiple of the file's size, where that is more")
    trailing_bytes: int = limit(
        4 * MIB, "bytes at a file's end that are searched for a directory or pickles"
    )
    nested_files: int = limit(1_000, "torch files inside of a file that are opened")
    nested_depth: int = limit(8, "torch files within each other", most=32)  # each takes Python's stack

    def __post_init__(self) -> None:
        for name, (_, most) in KNOWN.items():
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= most:
                raise LimitError(f"the limit {name} is a number from 0 to {most:,}, not {value!s:.40}")

    def changed(self) -> dict[str, str]:
        """The limits that are not the default, as the options that set them so."""
        usual = Limits()
        return {
            f"limit {name}": f"{getattr(self, name):,}"
            for name in KNOWN
            if getattr(self, name) != getattr(usual, name)
        }


KNOWN: dict[str, tuple[str, int]] = {
    one.name: (one.metadata["what"], one.metadata["most"]) for one in fields(Limits)
}
"""Each limit's name, what it bounds, and its largest value."""


def met(name: str, value: int) -> str:
    """What a message says where a limit is met: which, how much it is, how to raise it."""
    return f"limit {name} is {value:,}: --limit {name}=N raises it"


def with_settings(settings: Iterable[str], limits: Limits | None = None) -> Limits:
    """The limits, changed by texts such as "opcodes=50000000" or "header_bytes=100MiB".

    Raises `LimitError` that says what is wrong with one.
    """
    changed: dict[str, int] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if name not in KNOWN:
            raise LimitError(
                f"there is no limit {name!r}{nearest(name, list(KNOWN))} (--limit help lists them)"
            )
        found = _NUMBER.fullmatch(value.strip())
        if not equals or found is None:
            raise LimitError(f"the limit {name} needs a whole number: {name}=1000, or with KiB, MiB or GiB")
        changed[name] = int(found[1].replace("_", "").replace(",", "")) * _UNITS[found[2] or ""]
    return replace(limits or Limits(), **changed)


def listing() -> list[tuple[str, int, str]]:
    """Each limit's name, default, and what it bounds."""
    defaults = Limits()
    return [(name, getattr(defaults, name), what) for name, (what, _) in KNOWN.items()]


@dataclass(slots=True)
class Budget:
    """What is left of a file's limits: one for all of its pickles, however they are nested, hidden or
    overlap."""

    opcodes: int
    objects: int
    tensors: int
    held: int

    @classmethod
    def of(cls, limits: Limits) -> "Budget":
        """The whole budget of a file."""
        return cls(limits.opcodes, limits.objects, limits.tensors, limits.pickle_bytes)


class InflationBudget:
    """What the compressed members of one file, and of all files inside it, may still expand to."""

    def __init__(self, limits: Limits, size: int) -> None:
        self._limit = limits.inflated_bytes
        self._most = max(limits.inflated_bytes, limits.inflated_ratio * size)
        self._taken = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Take `size` bytes; raises `FormatError` where not as many are left."""
        with self._lock:
            self._taken += size
            taken = self._taken
        if taken > self._most:
            which = met("inflated_bytes", self._limit)
            raise FormatError(
                f"compressed members expand to more than {self._most:,} bytes ({which})", kind="limit"
            )
