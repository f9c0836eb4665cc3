"""How much of a large report is shown: on the page, and on paper. The rest is counted and said."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """The most of each thing; `pictures` is in characters of PNG data."""

    rows: int
    """Layers in the table of layers."""
    cards: int
    loose: int
    """Tensors outside the models."""
    loose_cards: int
    optimizer: int
    """Of those, tensors of optimizer state."""
    exhibits: int
    """Layers in the gallery of filters."""
    pictures: int
    modules: int
    nodes: int
    """Values of the object tree."""


PAGE = Bounds(
    rows=1000,
    cards=160,
    loose=200,
    loose_cards=100,
    optimizer=48,
    exhibits=40,
    pictures=900_000,
    modules=800,
    nodes=2500,
)
"""A page that a browser opens at once."""
