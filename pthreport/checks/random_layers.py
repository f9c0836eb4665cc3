"""Matrices whose spectrum is that of noise."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.checks.spectra import LARGE_ENOUGH, judged, spectra
from pthreport.document import Spectrum
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

LARGE_SHARE = Threshold(
    name="large-share",
    value=0.5,
    unit="share of the matrices of the file",
    source="calibrated: at most 0.2 in good models",
)


def like_noise(kind: str, spectrum: Spectrum) -> bool | None:
    """Whether no singular value of a layer of this kind is above the edge of noise; None where that is not judged."""
    if spectrum.random is None or not judged(kind, spectrum):
        return None
    return spectrum.random.above == 0


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note matrices without a singular value above the edge of noise; warn where most are."""
    looked = [(la, s) for la, s in spectra(facts) if like_noise(la.kind, s) is not None]
    if not looked:
        return Outcome(status="not-applicable", evidence="no matrix is large enough to judge")
    found = [(la, s) for la, s in looked if like_noise(la.kind, s)]
    if not found:
        return Outcome(
            status="pass",
            evidence=f"each of {plural(len(looked), 'matrix', 'matrices')} has singular values above the edge of noise",
        )
    large = len(found) >= max(2, limits[LARGE_SHARE.name] * len(looked))
    return Outcome(
        status="warn" if large else "info",
        severity="warning" if large else "info",
        evidence=f"{of(len(found), len(looked), 'matrix', 'matrices')} {verb(len(found), 'has', 'have')} no singular value above the edge of noise: {listed(la.name for la, _ in found)}",
        where=tuple(la.weight for la, _ in found if la.weight),
        details=(
            table(
                ("layer", "matrix", "largest", "edge of noise"),
                [
                    (
                        la.name,
                        f"{s.shape[0]:,} x {s.shape[1]:,}",
                        f"{s.spectral_norm:.4g}",
                        f"{s.random.high_margin:.4g}",
                    )
                    for la, s in found
                    if s.random
                ],
            ),
        ),
    )


RANDOM_LAYERS = Check(
    id="random-layers",
    category="spectra",
    needs=("values", "spectra"),
    passed="Every matrix stands out from noise",
    failed="Matrices look like noise",
    severity="warning",
    judges=(
        "no singular value above the Marchenko-Pastur edge for noise of the same variance, with Tracy and Widom's margin "
        f"of 1 %; {LARGE_ENOUGH}; a warning where two or more and {{large-share:.0%}} of them are"
    ),
    thresholds=(LARGE_SHARE,),
    why=(
        "What a layer learns stands out of its spectrum as singular values larger than those of noise. A matrix with none "
        "was not trained, hardly trained, or learnt nothing that is stronger than its start."
    ),
    remedy=(
        "If the layer should have learnt something, look at its learning rate and gradients, and whether it is used at "
        "all. A single small layer of this kind does no harm."
    ),
    reference="Marchenko and Pastur 1967; Martin and Mahoney 2021, arXiv:1810.01075",
    examine=examine,
)
