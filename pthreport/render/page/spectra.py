"""The spectra of all layers: how they run with depth, and their figures in one table."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Layer, Model, Report, Spectrum, numbers
from pthreport.draw import strip
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.choose import by_interest
from pthreport.render.page.groups import groups
from pthreport.render.page.index import Index, captions_of, layer_key
from pthreport.render.page.spectrum import rank_words
from pthreport.render.page.strip import MOST_COLUMNS, column, place
from pthreport.render.page.table import (
    NO_FIGURE,
    Cell,
    FiguresTable,
    Row,
    figures,
    number,
    share,
    text_column,
)
from pthreport.render.page.text import plain

MOST_PROFILES = 6
HIGHEST = 12.0
"""Exponents above it are drawn at it, so that a single one does not flatten the others."""

HEAD = (
    "Spectral norm",
    "Stable rank",
    "Effective rank",
    "Rank",
    "Condition",
    "Beyond random",
    "Alpha",
    "Std err",
    "KS",
    "Tail",
)

MARKS = {"below": " ↓", "above": " ↑"}
"""What stands after a figure outside its usual range."""

Found = tuple[Layer, Spectrum]


@dataclass(frozen=True)
class SpectraProfile:
    """One model's spectra over its depth."""

    heading: str
    picture: Markup
    links: Markup
    caption: str


@dataclass(frozen=True)
class SpectraView:
    """The section; `total` layers have a spectrum, `estimated` of them not from all singular values."""

    profiles: tuple[SpectraProfile, ...]
    profiles_left_out: int
    table: FiguresTable
    total: int
    estimated: int


def spectra(report: Report, index: Index, has: frozenset[str], bounds: Bounds = PAGE) -> SpectraView | None:
    """The section of `report`, None where no layer has a spectrum; `has` are the anchors on the page."""
    of_models = [(model, _found(model)) for model in report.models]
    of_models = [(model, found) for model, found in of_models if found]
    if not of_models:
        return None
    several = len(report.models) > 1
    keyed = [(model, layer, item) for model, found in of_models for layer, item in found]
    profiles = [
        profile
        for model, found in of_models[:MOST_PROFILES]
        if (profile := _profile(report, model, found, index, has, several))
    ]
    return SpectraView(
        profiles=tuple(profiles),
        profiles_left_out=max(len(of_models) - MOST_PROFILES, 0),
        table=_table(report, keyed, index, has, bounds),
        total=len(keyed),
        estimated=sum(item.method == "estimated" for _, _, item in keyed),
    )


def _found(model: Model) -> list[Found]:
    return [(layer, layer.spectrum) for layer in model.layer_list if layer.spectrum is not None]


def _table(
    report: Report,
    keyed: Sequence[tuple[Model, Layer, Spectrum]],
    index: Index,
    has: frozenset[str],
    bounds: Bounds,
) -> FiguresTable:
    several = len(report.models) > 1
    pairs = [(layer_key(model, layer), layer) for model, layer, _ in keyed]
    kept = {key for key, _ in by_interest(pairs, index)[: bounds.figures]}
    rows = []
    for model, layer, item in keyed:
        if layer_key(model, layer) not in kept:
            continue
        anchor = index.layer_anchors[layer_key(model, layer)]
        texts = [model.label or model.key or "(root)"] * several + [numbers.shape(item.shape)]
        rows.append(
            Row(
                layer.name or "(root)",
                anchor if anchor in has else None,
                (*map(Cell, texts), *_cells(layer, item)),
            )
        )
    outside = any(layer.states.tail in MARKS for _, layer, _ in keyed)
    return FiguresTable(
        label="Figures of every spectrum",
        caption="Figures of every spectrum; norms are those of the reshaped matrix"
        + ("; ↓ ↑ below and above the usual range" if outside else ""),
        first="Layer",
        columns=(*map(text_column, ["Model"] * several + ["Matrix"]), *figures(HEAD)),
        rows=tuple(rows),
        group="Spectrum",
        what="spectra",
        left_out=len(keyed) - len(rows),
    )


def _cells(layer: Layer, item: Spectrum) -> tuple[Cell, ...]:
    about = "≈ " if item.method == "estimated" else ""
    return (
        number(item.spectral_norm, about),
        number(item.stable_rank, about),
        number(item.effective_rank, about),
        Cell(about + rank_words(item), str(item.rank) if item.rank is not None else ""),
        number(item.condition),
        share(item.random.outside, about) if item.random else NO_FIGURE,
        number(item.alpha, about, mark=MARKS.get(layer.states.tail or "", "")),
        number(item.alpha_stderr, digits=2),
        number(item.alpha_ks, digits=2),
        number(item.alpha_tail),
    )


def _profile(
    report: Report, model: Model, found: list[Found], index: Index, has: frozenset[str], several: bool
) -> SpectraProfile | None:
    drawn = found[:MOST_COLUMNS]
    if len(drawn) < 2:
        return None
    said = captions_of(report, model)
    columns = [
        column(report, model, layer, index, has, _facts(layer, item), marked=False) for layer, item in drawn
    ]
    rows = [
        strip.Row("Stable rank, share of the full rank", tuple(s.stable_share for _, s in drawn), "share"),
        strip.Row(
            "Singular values beyond random weights of the same size",
            tuple(item.random.outside if item.random else None for _, item in drawn),
            "share",
            ""
            if any(s.random and s.random.above + s.random.below for _, s in drawn)
            else "no layer has any",
        ),
    ]
    if any(item.alpha is not None for _, item in drawn):
        alphas = tuple(item.alpha for _, item in drawn)
        rows.insert(
            0,
            strip.Row("Alpha: exponent of the tail", alphas, "linear", band=said.alpha_range, most=HIGHEST),
        )
    first = f"The first {len(drawn)} of {len(found)} matrices, each a column." * (len(drawn) < len(found))
    alt = f"Spectra of {len(drawn)} layers in model order."
    picture = strip.depth_strip(columns, rows, groups([layer.name for layer, _ in drawn]), alt)
    return SpectraProfile(
        heading=plain(model.label or model.key or "Model") if several else "",
        picture=Markup(picture.picture),
        links=Markup(picture.links),
        caption=f"{first} {said.spectra}".strip(),
    )


def _facts(layer: Layer, item: Spectrum) -> list[str]:
    facts = []
    if item.alpha is not None:
        fit = " (no clear power law)" if layer.states.tail == "unclear" else place(layer.states.tail)
        facts.append(f"alpha {numbers.value(item.alpha)}{fit}")
    facts.append(f"stable rank {numbers.value(item.stable_rank)} of {min(item.shape)}")
    if item.random:
        facts.append(f"{numbers.percent(item.random.outside)} beyond random")
    return facts
