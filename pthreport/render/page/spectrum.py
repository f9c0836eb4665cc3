"""The spectrum of one layer on its card: picture, figures, the sentence that reads them."""

from dataclasses import dataclass

from markupsafe import Markup

from pthreport.document import Layer, numbers
from pthreport.document.spectrum import Spectrum
from pthreport.draw import spectrum as draw
from pthreport.render.page.bounds import PAGE, Bounds
from pthreport.render.page.tensor import Drawing, Figure
from pthreport.render.page.text import plain


@dataclass(frozen=True)
class PartView:
    """The spectrum of a part of the matrix (query, a head, a gate) as a row of a table."""

    part: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class SpectrumView:
    """Everything a card says of a layer's singular values."""

    basis: str
    drawing: Drawing | None
    caption: str
    figures: tuple[Figure, ...]
    parts: tuple[PartView, ...]
    parts_left_out: int
    reason: str


PART_HEAD = ("Shape", "Spectral norm", "Stable rank", "Effective rank", "Rank", "Alpha")


def spectrum_view(layer: Layer, bounds: Bounds = PAGE) -> SpectrumView | None:
    """The spectrum of `layer`, None where it has none and nothing says why."""
    found = layer.spectrum
    if found is None and not layer.spectra:
        reason = layer.spectrum_reason or ""
        return SpectrumView("", None, "", (), (), 0, reason) if reason else None
    parts = layer.spectra[: bounds.parts]
    return SpectrumView(
        basis=found.method if found else "",
        drawing=_drawing(layer, found) if found else None,
        caption=layer.captions.spectrum,
        figures=_figures(layer, found) if found else (),
        parts=tuple(PartView(part.part, _cells(part)) for part in parts),
        parts_left_out=len(layer.spectra) - len(parts),
        reason=layer.spectrum_reason or "",
    )


def _drawing(layer: Layer, found: Spectrum) -> Drawing | None:
    if found.points is None or not any(found.points.counts):
        return None
    law = None
    if found.alpha is not None and found.alpha_xmin is not None and found.alpha_tail:
        law = draw.PowerLaw(found.alpha, found.alpha_xmin, found.alpha_tail)
    said = layer.captions.spectrum
    alt = f"Eigenvalues of {plain(layer.name, 80)} in bins, on logarithmic scales. {said}"
    picture = draw.density(found.points, min(found.shape), found.random, law, alt)
    return Drawing("Eigenvalues σ², how many where (both scales logarithmic)", Markup(picture), said)


def _figures(layer: Layer, found: Spectrum) -> tuple[Figure, ...]:
    rows, columns = found.shape
    errors = found.errors
    reshaped = "conv" in layer.kind
    figures = [
        Figure("Matrix", f"{rows} × {columns}" + (", the kernel reshaped" if reshaped else "")),
        _figure(
            "Spectral norm (of the reshaped matrix)" if reshaped else "Spectral norm",
            found.spectral_norm,
            errors.spectral_norm if errors else None,
        ),
        _figure("Stable rank", found.stable_rank, errors.stable_rank if errors else None),
        _figure("Effective rank", found.effective_rank, errors.effective_rank if errors else None),
        Figure("Numerical rank", rank_words(found), f"above {found.rank_threshold:.3g}"),
        _figure("Condition", found.condition, None),
    ]
    if found.alpha is not None:
        error = found.alpha_stderr
        figures.append(_figure("Alpha", found.alpha, error))
        figures.append(_figure("Tail from σ² =", found.alpha_xmin, None))
    pooled = found.pooled
    # Of a 1 x 1 kernel the only slice is the whole matrix.
    if pooled is not None and pooled.alpha is not None and pooled.count != min(found.shape):
        figures.append(
            Figure(
                "Alpha, kernel slices pooled",
                _near(pooled.alpha, pooled.alpha_stderr),
                f"{pooled.alpha!r} over {pooled.alpha_tail} of {pooled.count} values, KS {numbers.value(pooled.alpha_ks, 2)}",
            )
        )
    return tuple(figures)


def rank_words(found: Spectrum) -> str:
    """ "60 of 64"."""
    return f"{numbers.count(found.rank)} of {numbers.count(min(found.shape))}"


def _figure(label: str, item: float | None, error: float | None) -> Figure:
    return Figure(label, _near(item, error), numbers.exact(item))


def _near(item: float | None, error: float | None) -> str:
    return numbers.value(item) + (f" ± {numbers.value(error, 2)}" if error and item is not None else "")


def _cells(part: Spectrum) -> tuple[str, ...]:
    errors = part.errors
    return (
        numbers.shape(part.shape),
        _near(part.spectral_norm, errors.spectral_norm if errors else None),
        _near(part.stable_rank, errors.stable_rank if errors else None),
        _near(part.effective_rank, errors.effective_rank if errors else None),
        rank_words(part),
        _near(part.alpha, part.alpha_stderr),
    )
