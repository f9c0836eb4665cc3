"""Words and tables that the findings of many checks are made of."""

from collections.abc import Sequence

from pthreport.document import TableDetail
from pthreport.document.numbers import plural

ROWS = 40
"""Rows of a finding's table; the rest is counted."""


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], most: int = ROWS) -> TableDetail:
    """A table of the first `most` rows, saying how many more there are."""
    return TableDetail(head=head, rows=tuple(rows[:most]), left_out=max(0, len(rows) - most))


def of(number: int, total: int, word: str, many: str | None = None) -> str:
    """ "1 of 46 layers": the noun goes with the whole, the verb with the number."""
    return f"{number:,} of {plural(total, word, many)}"
