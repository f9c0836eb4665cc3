"""Words and tables that the findings of many checks are made of."""

from collections.abc import Iterable, Sequence

from pthreport.document import TableDetail

ROWS = 40
"""Rows of a finding's table; the rest is counted."""


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], most: int = ROWS) -> TableDetail:
    """A table of the first `most` rows, saying how many more there are."""
    return TableDetail(head=head, rows=tuple(rows[:most]), left_out=max(0, len(rows) - most))


def count(number: int, word: str, plural: str | None = None) -> str:
    """ "1 layer", "1,024 layers"."""
    return f"{number:,} {word if number == 1 else plural or word + 's'}"


def names(items: Iterable[str], most: int = 3) -> str:
    """ "a, b, c and 5 more"."""
    all_of_them = list(items)
    rest = len(all_of_them) - most
    shown = ", ".join(all_of_them[:most])
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def of(number: int, total: int, word: str, plural: str | None = None) -> str:
    """ "1 of 46 layers": the noun goes with the whole, the verb with the number."""
    return f"{number:,} of {count(total, word, plural)}"


def verb(number: int, one: str, many: str) -> str:
    """The verb that goes with a number."""
    return one if number == 1 else many
