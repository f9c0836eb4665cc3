"""The data of a table's rows, all of them, for the script: what it sorts, filters, exports and shows on
demand. The rows that the page renders are a choice (see choose.py), this is not."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from pthreport.document import Histogram
from pthreport.draw import axis
from pthreport.render.page.text import plain

if TYPE_CHECKING:
    from pthreport.render.page.layers import Row

STEPS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Heights of a sketched histogram's bins, one character each."""

BINS = 32
_MOST_FINDINGS = 12


def packed_rows(rows: "Sequence[Row]") -> Markup:
    """`rows` as JSON for a script element: nothing in it can close the element or act in it.

    Texts that repeat stand once, in "texts", and rows name them by number. A row is [anchor, name,
    model, kind, family, shape, dtype, elements, bytes, figures, reason, findings, sketch, zero]; the
    last two only where the page does not render the row.
    """
    texts: dict[str, int] = {}

    def text(item: str) -> int:
        return texts.setdefault(item, len(texts))

    findings: dict[str, int] = {}
    said: list[list[str]] = []
    packed: list[list[object]] = []
    for row in rows:
        for line in row.findings[:_MOST_FINDINGS]:
            if line.anchor not in findings:
                findings[line.anchor] = len(said)
                said.append([line.anchor, line.level, f"{line.word}: {line.title}"])
        made: list[object] = [
            row.anchor,
            plain(row.name, 200),
            *(text(plain(item)) for item in (row.model, row.kind, row.family, row.shape, row.dtype)),
            row.elements,
            row.nbytes,
            [_number(item) for item in row.figures],
            text(plain(row.reason)),
            [findings[line.anchor] for line in row.findings[:_MOST_FINDINGS]],
        ]
        if not row.shown:
            made += _sketch(row.bins)
        packed.append(made)
    data = {
        "texts": list(texts),
        "findings": said,
        "rows": packed,
    }
    # ASCII alone, and no character with which markup begins: safe wherever it stands.
    written = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)


def _number(item: float | None) -> float | str | None:
    """Nine digits tell any two float32 apart. JSON knows no NaN and no infinity: "nan", "inf" and "-inf"
    stand for them."""
    if item is None:
        return None
    return float(f"{item:.9g}") if math.isfinite(item) else repr(item)


def _sketch(shape: Histogram | None) -> list[object]:
    """The bins as heights of one character each, and where zero lies among them (0 to 1, or null)."""
    if shape is None or not any(shape.counts):
        return []
    counts = _merged(shape.counts)
    most = max(counts)
    top = len(STEPS) - 1
    heights = "".join(STEPS[max(round(top * count / most), 1) if count else 0] for count in counts)
    scale = axis.linear(shape.low, shape.high)
    zero = round(scale.share(0.0), 3) if scale.low < 0 < scale.high else None
    return [heights, zero]


def _merged(counts: Iterable[int]) -> list[int]:
    """The counts in at most `BINS` bins, neighbours put together."""
    merged = list(counts)
    while len(merged) > BINS:
        if len(merged) % 2:
            merged.append(0)
        merged = [merged[at] + merged[at + 1] for at in range(0, len(merged), 2)]
    return merged
