"""What every part of a report shares."""

from typing import Literal

import msgspec

Basis = Literal["read", "computed", "estimated", "inferred"]
"""How sure a statement is: it stands in the file; it follows from all values; it follows from some
of them, with an error; it was concluded from names and shapes."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a report: immutable, compared by value, built with keywords only."""
