"""An embedding's rows: those that are zero, and those that still look as an initialisation left them.

The mean square of a row of d values drawn from a law of standard deviation s is s^2 within
sqrt((kurtosis + 2) / d) of it, relative. Rows that were never used keep it while used ones move away, so
they stand out as a heap at that norm. Only a heap is told: within three standard errors rows must lie two
and a half times as dense as between three and nine on both sides.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from pthreport.document import RowFacts
from pthreport.measure.initialisation import Law
from pthreport.measure.source import Array, Float64

WIDTH = 64
"""Values that a row needs for its norm to tell anything."""
LEAST = 5
HEAP = 2.5
ERRORS, FLANK = 3.0, 9.0
LISTED = 64


def row_facts(norms: Float64, width: int, laws: Sequence[Law]) -> RowFacts:
    """The facts from the `norms` (rows,) of rows of `width` values, and the `laws` that are usual there."""
    zero = np.flatnonzero(norms == 0)
    best: tuple[Law, Array] | None = None
    for law in laws:
        if law.family == "constant" or width < WIDTH:
            continue
        error = sqrt((law.kurtosis + 2) / width)
        with np.errstate(over="ignore", invalid="ignore"):
            away = np.abs((norms / law.std) ** 2 / width - 1) / error
        inside = np.flatnonzero(away <= ERRORS)
        beside = int(np.count_nonzero((away > ERRORS) & (away <= FLANK)))
        # The flanks are twice as wide as what lies between them.
        heap = inside.size >= LEAST and inside.size > HEAP * beside / 2
        if heap and (best is None or inside.size > best[1].size):
            best = law, inside
    return RowFacts(
        rows=norms.size,
        zero=zero.size,
        zero_rows=tuple(zero[:LISTED].tolist()),
        unchanged=best[1].size if best else 0,
        unchanged_rows=tuple(best[1][:LISTED].tolist()) if best else (),
        unchanged_law=best[0].text if best else "",
    )
