"""How much of a large report is shown: on the page, and on paper. The rest is counted and said."""

import sys
from dataclasses import dataclass, fields, replace

from pthreport.document import Report


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
    children: int
    """Values of one container."""
    figures: int
    """Layers in the tables of spectra and of precision."""
    on_card: int
    """Tensors of a layer beside its weight."""
    parts: int
    """Parts of one layer's matrix."""
    places: int = 12
    """Places of one finding."""
    details: int = 50
    """Its other details."""
    evidence: int = 20
    """Rows of each of its tables."""
    imports: int = 300
    models: int = 200
    """Models with a section of their own."""
    sources: int = 1000
    """Texts of source code."""
    code: int = 5000
    """Lines of one of them."""
    groups: int = 12
    """Groups of an optimizer."""
    optimizer_cards: int = 0
    """Cards of tensors of optimizer state that have no finding."""
    cards_of_many: int = 80
    """Cards where not even every layer has a row: a card takes the room of thirty rows."""
    download: int = 1_400_000
    """Characters of the packed numbers: browsers follow data addresses of up to 2 MiB."""


PAGE = Bounds(
    rows=500,
    cards=160,
    loose=200,
    loose_cards=100,
    optimizer=48,
    exhibits=40,
    pictures=900_000,
    modules=500,
    nodes=2500,
    children=400,
    figures=250,
    on_card=24,
    parts=16,
)
"""A page that a browser opens at once."""

PAPER = Bounds(
    rows=200,
    cards=12,
    loose=40,
    loose_cards=3,
    optimizer=8,
    exhibits=12,
    pictures=300_000,
    modules=64,
    nodes=110,
    children=40,
    figures=120,
    on_card=10,
    parts=8,
    places=8,
    details=10,
    evidence=10,
    imports=40,
    models=4,
    groups=6,
    sources=4,
    code=16,
)
"""A document that a person leafs through; all the rest is attached to it."""

WHOLE = replace(Bounds(**{field.name: sys.maxsize for field in fields(Bounds)}), download=PAGE.download)
"""Everything, however long the page; but no address that browsers do not follow."""


def page_bounds(report: Report) -> Bounds:
    """What is shown of `report` on a page: all of it where it was asked for in full."""
    return WHOLE if report.provenance.options.get("depth") == "full" else PAGE
