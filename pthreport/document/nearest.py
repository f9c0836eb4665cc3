"""Tensors by name: patterns, and suggestions for a name that does not exist."""

import difflib
import fnmatch
from collections.abc import Sequence


def nearest(wanted: str, names: Sequence[str], count: int = 3) -> str:
    """ "; nearest: a, b, c" for the names most like `wanted`, "" where nothing is like it.

    A name that ends in what was asked for ("conv1.weight" in "state_dict.conv1.weight") comes
    before one that is merely spelled alike.
    """
    ends = [n for n in names if n.endswith("." + wanted) or wanted.endswith("." + n)]
    within = [n for n in names if wanted.casefold() in n.casefold() and n not in ends]
    alike = difflib.get_close_matches(wanted, names[:20_000], n=count, cutoff=0.5)
    found = list(dict.fromkeys([*ends, *within, *alike]))[:count]
    return "; nearest: " + ", ".join(found) if found else ""


def fits(name: str, pattern: str | None) -> bool:
    """Whether a tensor's path or name fits a shell pattern (None fits all)."""
    return pattern is None or fnmatch.fnmatchcase(name, pattern)
