"""Spectra whose power law lies outside the range of well-trained layers."""

from statistics import median

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import table
from pthreport.checks.spectra import LARGE_ENOUGH, judged, spectra
from pthreport.document import Spectrum, Tail
from pthreport.document.numbers import plural, verb

LOW = Threshold(
    name="low",
    value=1.5,
    unit="alpha",
    source="2 by Martin and Mahoney; calibrated: a tenth of the layers of good models lie between 1.5 and 2",
)
HIGH = Threshold(
    name="high",
    value=8.0,
    unit="alpha",
    source="6 by Martin and Mahoney; calibrated: a tenth of the layers of good models lie between 6 and 8",
)
KS = 0.1
"""A fit is told of only where the distribution is at most this far off (Kolmogorov-Smirnov)."""
TAIL = 20
"""Values that must make the tail."""


def tail(kind: str, spectrum: Spectrum, limits: Limits) -> Tail | None:
    """Where the power law of the tail lies, of a layer of this kind; None where there is none to judge."""
    if spectrum.alpha is None or spectrum.alpha_ks is None or not judged(kind, spectrum):
        return None
    if spectrum.alpha_ks > KS or (spectrum.alpha_tail or 0) < TAIL:
        return "unclear"
    if spectrum.alpha < limits[LOW.name]:
        return "below"
    return "above" if spectrum.alpha > limits[HIGH.name] else "usual"


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note the layers whose well-fitting alpha is outside the range."""
    tails = [(la, s, tail(la.kind, s, limits)) for la, s in spectra(facts)]
    looked = [(la, s) for la, s, place in tails if place not in (None, "unclear")]
    if not looked:
        return Outcome(
            status="not-applicable", evidence="no spectrum has a tail that a power law fits well"
        )
    low = [(la, s) for la, s, place in tails if place == "below"]
    high = [(la, s) for la, s, place in tails if place == "above"]
    alphas = sorted(s.alpha or 0.0 for _, s in looked)
    if not low and not high:
        return Outcome(
            status="pass",
            evidence=f"alpha of {plural(len(looked), 'layer')} lies between {alphas[0]:.2f} and {alphas[-1]:.2f}",
        )
    found = sorted([*low, *high], key=lambda one: one[1].alpha or 0.0)
    return Outcome(
        status="info",
        evidence=f"of {plural(len(looked), 'layer')} whose {verb(len(looked), 'tail fits', 'tails fit')} a power law, {len(low):,} below {limits[LOW.name]:g} and {len(high):,} above {limits[HIGH.name]:g}; the median is {median(alphas):.2f}",
        where=tuple(la.weight for la, _ in found if la.weight),
        details=(
            table(
                ("layer", "alpha", "values in the tail", "KS distance"),
                [(la.name, f"{s.alpha:.2f}", f"{s.alpha_tail:,}", f"{s.alpha_ks:.3f}") for la, s in found],
            ),
        ),
    )


ODD_TAILS = Check(
    id="odd-tails",
    category="spectra",
    needs=("values", "spectra"),
    passed="Power laws are in the usual range",
    failed="Power laws are outside the usual range",
    severity="info",
    judges=(
        f"alpha below {{low:g}} or above {{high:g}}, where the fit is good (KS at most {KS:g}, {TAIL} values or more in the tail); "
        f"{LARGE_ENOUGH}"
    ),
    thresholds=(LOW, HIGH),
    why=(
        "In well-trained layers the tail of the spectrum mostly follows a power law with an exponent between 2 and 6. A "
        "larger one looks like noise that was little trained, a smaller one like a few directions that were "
        "trained too much. It describes the weights; it measures no accuracy."
    ),
    remedy=(
        "Compare with the layers beside it and with another checkpoint of the run; do not act on this number alone. It is "
        "biased by the shape of a matrix."
    ),
    reference="Martin and Mahoney 2021, arXiv:1810.01075; Clauset et al. 2009, arXiv:0706.1062; Hu et al. 2025, arXiv:2506.06280 (bias by aspect ratio)",
    examine=examine,
)
