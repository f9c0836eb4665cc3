"""Matrices that use half or less of the dimensions they have."""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.listing import of, table
from pthreport.checks.spectra import LARGE_ENOUGH, spectra
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

SHARE = Threshold(
    name="share",
    value=0.5,
    unit="numerical rank over the smaller dimension",
    source="calibrated: every matrix of the good models has at least 0.99",
)


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Warn where the numerical rank of a matrix is a small part of its smaller dimension."""
    looked = [(la, s) for la, s in spectra(facts) if s.rank is not None]
    if not looked:
        return Outcome(status="not-applicable", evidence="no matrix is large enough to judge")
    share = limits[SHARE.name]
    found = [(la, s) for la, s in looked if (s.rank or 0) < share * min(s.shape)]
    found.sort(key=lambda one: (one[1].rank or 0) / min(one[1].shape))
    if not found:
        return Outcome(
            status="pass",
            evidence=f"all of {plural(len(looked), 'matrix', 'matrices')} use at least {share:.0%} of their dimensions",
        )
    worst, spectrum = found[0]
    return Outcome(
        status="warn",
        evidence=f"{of(len(found), len(looked), 'matrix', 'matrices')} {verb(len(found), 'is', 'are')} below {share:.0%} of full rank; the least is {worst.name} with {spectrum.rank:,} of {min(spectrum.shape):,}: {listed(la.name for la, _ in found)}",
        where=tuple(la.weight for la, _ in found if la.weight),
        details=(
            table(
                ("layer", "matrix", "rank", "of", "stable rank"),
                [
                    (
                        la.name,
                        f"{s.shape[0]:,} x {s.shape[1]:,}",
                        f"{s.rank:,}",
                        f"{min(s.shape):,}",
                        f"{s.stable_rank or 0:.3g}",
                    )
                    for la, s in found
                ],
            ),
        ),
    )


COLLAPSED_RANK = Check(
    id="collapsed-rank",
    category="spectra",
    needs=("values", "spectra"),
    passed="No matrix has lost its rank",
    failed="Matrices have collapsed to a low rank",
    severity="warning",
    judges=f"singular values above the rounding noise of the stored type, fewer than {{share:.0%}} of the smaller dimension, {LARGE_ENOUGH}",
    thresholds=(SHARE,),
    why=(
        "Directions with no singular value above rounding noise carry nothing: the layer costs as much as a full one "
        "and acts like a narrow one. It comes from a factorised or pruned model stored whole, weight decay without "
        "end, or a training that collapsed."
    ),
    remedy=(
        "If the model was compressed, store the two factors instead of their product. Otherwise look at weight decay "
        "and learning rate of the layers named here, and at whether their inputs have collapsed."
    ),
    reference="Golub and Van Loan, Matrix Computations, 5.4.1 (numerical rank); Feng et al. 2022, arXiv:2206.06072 (rank diminishing)",
    examine=examine,
)
