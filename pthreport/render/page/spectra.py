"""The spectra of all layers: how they run with depth, and their figures in one table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Layer, Model, Report, numbers
from pthreport.document.spectrum import Spectrum
from pthreport.draw import strip
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.choose import by_interest
from pthreport.render.page.index import Index, layer_key
from pthreport.render.page.spectrum import rank_words, stable_share
from pthreport.render.page.strip import MOST_COLUMNS, column, groups
from pthreport.render.page.text import plain

MOST_PROFILES = 6
USUAL_ALPHA = (2.0, 6.0)


@dataclass(frozen=True)
class Number:
    """A cell: text for people, the number for sorting and a hover."""

    text: str
    exact: str = ""


@dataclass(frozen=True)
class SpectrumRow:
    """One layer's spectrum in figures."""

    name: str
    model: str
    anchor: str | None
    shape: str
    cells: tuple[Number, ...]


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
    rows: tuple[SpectrumRow, ...]
    total: int
    estimated: int
    several: bool


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

Found = tuple[Layer, Spectrum]


def spectra(report: Report, index: Index, has: frozenset[str], bounds: Bounds = PAGE) -> SpectraView | None:
    """The section of `report`, None where no layer has a spectrum; `has` are the anchors on the page."""
    of_models = [(model, _found(model)) for model in report.models]
    of_models = [(model, found) for model, found in of_models if found]
    if not of_models:
        return None
    several = len(report.models) > 1
    keyed = [(model, layer, item) for model, found in of_models for layer, item in found]
    pairs = [(layer_key(model, layer), layer) for model, layer, _ in keyed]
    kept = {key for key, _ in by_interest(pairs, index)[: bounds.figures]}
    rows = [
        _row(model, layer, item, index, has, several)
        for model, layer, item in keyed
        if layer_key(model, layer) in kept
    ]
    profiles = [
        profile
        for model, found in of_models[:MOST_PROFILES]
        if (profile := _profile(report, model, found, index, has, several))
    ]
    return SpectraView(
        profiles=tuple(profiles),
        profiles_left_out=max(len(of_models) - MOST_PROFILES, 0),
        rows=tuple(rows),
        total=len(keyed),
        estimated=sum(item.method == "estimated" for _, _, item in keyed),
        several=several,
    )


def _found(model: Model) -> list[Found]:
    return [(layer, layer.spectrum) for layer in model.layer_list if layer.spectrum is not None]


def _row(
    model: Model, layer: Layer, item: Spectrum, index: Index, has: frozenset[str], several: bool
) -> SpectrumRow:
    anchor = index.layer_anchors[layer_key(model, layer)]
    noise = item.random
    about = "≈ " if item.method == "estimated" else ""
    return SpectrumRow(
        name=layer.name or "(root)",
        model=(model.label or model.key or "(root)") if several else "",
        anchor=anchor if anchor in has else None,
        shape=numbers.shape(item.shape),
        cells=(
            number(item.spectral_norm, about),
            number(item.stable_rank, about),
            number(item.effective_rank, about),
            Number(about + rank_words(item), str(item.rank) if item.rank is not None else ""),
            number(item.condition),
            Number(about + numbers.percent(noise.outside), f"{noise.outside:.6g}")
            if noise
            else Number("–"),
            number(item.alpha, about),
            number(item.alpha_stderr, digits=2),
            number(item.alpha_ks, digits=2),
            number(item.alpha_tail),
        ),
    )


def number(item: float | None, about: str = "", digits: int = 3) -> Number:
    """A cell with six digits on hover: the whole number is in the JSON."""
    if item is None:
        return Number(numbers.value(None))
    return Number(about + numbers.value(item, digits), f"{item:.6g}")


def _profile(
    report: Report, model: Model, found: list[Found], index: Index, has: frozenset[str], several: bool
) -> SpectraProfile | None:
    drawn = found[:MOST_COLUMNS]
    if len(drawn) < 2:
        return None
    columns = [
        column(report, model, layer, index, has, _facts(item), marked=False) for layer, item in drawn
    ]
    alphas = tuple(item.alpha for _, item in drawn)
    rows = [
        strip.Row("Stable rank, share of the full rank", tuple(stable_share(s) for _, s in drawn), "share"),
        strip.Row(
            "Singular values beyond random weights of the same size",
            tuple(item.random.outside if item.random else None for _, item in drawn),
            "share",
            "" if any(s.random and s.random.outside for _, s in drawn) else "no layer has any",
        ),
    ]
    if any(alpha is not None for alpha in alphas):
        rows.insert(
            0,
            strip.Row(
                "Alpha: exponent of the tail",
                tuple(min(alpha, _HIGHEST) if alpha is not None else None for alpha in alphas),
                "linear",
                band=USUAL_ALPHA,
                band_word="2 to 6: usual for trained layers"
                + (f"; drawn up to {_HIGHEST:g}" if any(a and a > _HIGHEST for a in alphas) else ""),
            ),
        )
    caption = profile_sentence(drawn)
    first = f"The first {len(drawn)} of {len(found)} matrices" if len(drawn) < len(found) else ""
    alt = f"Spectra of {len(drawn)} layers in model order. {caption}"
    picture = strip.depth_strip(columns, rows, groups([layer.name for layer, _ in drawn]), alt)
    return SpectraProfile(
        heading=plain(model.label or model.key or "Model") if several else "",
        picture=Markup(picture.picture),
        links=Markup(picture.links),
        caption=f"{first}, each a column. {caption}" if first else caption,
    )


_HIGHEST = 12.0


def _facts(item: Spectrum) -> list[str]:
    facts = [f"alpha {numbers.value(item.alpha)}"] if item.alpha is not None else []
    facts.append(f"stable rank {numbers.value(item.stable_rank)} of {min(item.shape)}")
    if item.random:
        facts.append(f"{numbers.percent(item.random.outside)} beyond random")
    return facts


def profile_sentence(found: Sequence[Found]) -> str:
    """What the spectra of one model say together."""
    said = []
    shares = [(item.random.outside, layer) for layer, item in found if item.random]
    if shares:
        none = sum(share == 0 for share, _ in shares)
        middle = statistics.median(share for share, _ in shares)
        most, where = max(shares, key=lambda pair: pair[0])
        if none == len(shares):
            said.append("No layer has a singular value beyond what random weights would have")
        else:
            said.append(
                f"In the median layer {numbers.percent(middle)} of the singular values lie beyond what random "
                f"weights would have, most in {plain(where.name, 80)} ({numbers.percent(most)})"
                + (f"; {none} of {len(shares)} layers have none" if none else "")
            )
    alphas = [(item.alpha, layer) for layer, item in found if item.alpha is not None]
    if alphas:
        usual = sum(USUAL_ALPHA[0] <= alpha <= USUAL_ALPHA[1] for alpha, _ in alphas)
        middle = statistics.median(alpha for alpha, _ in alphas)
        high, where = max(alphas, key=lambda pair: pair[0])
        said.append(
            f"Alpha is {numbers.value(middle)} in the median and between 2 and 6 in {usual} of the {len(alphas)} "
            f"{numbers.verb(len(alphas), 'layer whose tail fits', 'layers whose tails fit')} a power law, highest in "
            f"{plain(where.name, 80)} ({numbers.value(high)})"
        )
    return ". ".join(said) + "." if said else ""
