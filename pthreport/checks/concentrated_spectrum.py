"""Matrices that are nearly one direction."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.checks.spectra import LARGE_ENOUGH, spectra
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

STABLE_RANK = Threshold(
    name="stable-rank",
    value=1.25,
    unit="||W||_F^2 / sigma_1^2",
    source="calibrated: 3 % of the matrices of good models are below, all with a reason (a fixed Fourier basis, a mean that all units share)",
)
LARGE_SHARE = Threshold(
    name="large-share",
    value=0.5,
    unit="share of the matrices of the file",
    source="calibrated: at most a quarter in good models with at least four matrices",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note matrices of a stable rank near one; warn where most are."""
    looked = [(la, s) for la, s in spectra(facts) if s.stable_rank is not None]
    if not looked:
        return Outcome(status="not-applicable", evidence="no matrix is large enough to judge")
    limit = limits[STABLE_RANK.name]
    found = sorted(
        ((la, s) for la, s in looked if (s.stable_rank or 0) < limit),
        key=lambda one: one[1].stable_rank or 0,
    )
    if not found:
        return Outcome(
            status="pass",
            evidence=f"the stable ranks of {plural(len(looked), 'matrix', 'matrices')} are all above {limit:g}",
        )
    large = len(found) >= max(4, limits[LARGE_SHARE.name] * len(looked))
    return Outcome(
        status="warn" if large else "info",
        severity="warning" if large else "info",
        evidence=f"{of(len(found), len(looked), 'matrix', 'matrices')} {verb(len(found), 'has', 'have')} a stable rank below {limit:g}: {listed(f'{la.name} ({s.stable_rank:.2f})' for la, s in found)}",
        where=tuple(la.weight for la, _ in found if la.weight),
        details=(
            table(
                ("layer", "matrix", "stable rank", "spectral norm"),
                [
                    (
                        la.name,
                        f"{s.shape[0]:,} x {s.shape[1]:,}",
                        f"{s.stable_rank:.3f}",
                        f"{s.spectral_norm:.4g}",
                    )
                    for la, s in found
                ],
            ),
        ),
    )


CONCENTRATED_SPECTRUM = Check(
    id="concentrated-spectrum",
    category="spectra",
    needs=("values", "spectra"),
    passed="No matrix is dominated by one direction",
    failed="One direction dominates whole matrices",
    severity="warning",
    judges=f"stable rank below {{stable-rank:g}}, {LARGE_ENOUGH}; a warning where four or more and {{large-share:.0%}} of them are",
    thresholds=(STABLE_RANK, LARGE_SHARE),
    why=(
        "Where the largest singular value holds four fifths of a matrix's energy, the layer turns every input into nearly "
        "the same output. One such layer has its reasons; when most are, representations have collapsed."
    ),
    remedy=(
        "Look whether the matrix has a large mean (subtract it and look again) or a fixed meaning; if most layers are "
        "like this, look at the learning rate, the normalisation, and the training curve for a collapse."
    ),
    reference="Rudelson and Vershynin 2007 (stable rank); Noci et al. 2022, arXiv:2206.03126 (rank collapse in transformers)",
    examine=examine,
)
