"""The one view of tables of figures: adapters, experts, spectra, precision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from pthreport.document import numbers

Kind = Literal["text", "figure", "picture"]


@dataclass(frozen=True)
class Column:
    """A head and what stands below it; a picture's column shows no head. `explained` names lead to the glossary."""

    name: str
    kind: Kind = "figure"
    explained: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell: what people read (markup where it is a picture), and the number that it sorts by and a hover shows."""

    text: str
    exact: str = ""


@dataclass(frozen=True)
class Row:
    """One row: a name with the anchor that it leads to, and a cell for each column."""

    name: str
    anchor: str | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class FiguresTable:
    """A table whose heads sort. `first` is the head over the names, `group` the part of the glossary that its columns
    are in; `left_out` more rows of `what` are in the JSON."""

    label: str
    caption: str
    first: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    group: str
    what: str
    left_out: int = 0

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the columns that the glossary explains."""
        return tuple(column.name for column in self.columns if column.explained)


def figures(names: Sequence[str]) -> tuple[Column, ...]:
    """Columns of figures."""
    return tuple(Column(name) for name in names)


def text_column(name: str) -> Column:
    """A column of texts."""
    return Column(name, "text", explained=False)


def picture_column(name: str) -> Column:
    """A column of pictures."""
    return Column(name, "picture", explained=False)


def picture(drawn: str) -> Cell:
    """A cell with a picture that is markup already."""
    return Cell(Markup(drawn))


NO_FIGURE = Cell(numbers.DASH)
"""Where there is none."""


def number(item: float | None, about: str = "", digits: int = 3, mark: str = "") -> Cell:
    """A figure with six digits on hover: the whole number is in the JSON. `about` stands before it ("≈ "), `mark`
    after it."""
    if item is None:
        return NO_FIGURE
    return Cell(f"{about}{numbers.value(item, digits)}{mark}", f"{item:.6g}")


def share(item: float | None, about: str = "") -> Cell:
    """A share as a percentage."""
    return NO_FIGURE if item is None else Cell(about + numbers.percent(item), f"{item:.6g}")
