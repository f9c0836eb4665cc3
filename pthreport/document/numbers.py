"""How a person writes numbers: 25.6 M, 1.2e-5, 97.7 MB, 3 layers, a true minus sign.

Every function is total: None gives a dash, NaN and infinities their names. `exact` writes the same figure for a
copy or a hover, as Python reads it back.
"""

import math

MINUS = "\u2212"
TIMES = "\u00d7"
DASH = "\u2013"
_UNITS = ("", "k", "M", "G", "T", "P", "E")


def value(number: float | None, digits: int = 3) -> str:
    """A measured number with `digits` significant figures: 0.0123, 1,235, 1.2e-5, −0.5.

    Whole numbers below a million are written whole; magnitudes below 1e-3 or from a million on get an
    exponent and one figure less.
    """
    if number is None:
        return DASH
    if isinstance(number, float) and not math.isfinite(number):
        return _not_finite(number)
    magnitude = abs(number)
    if magnitude == 0:
        return "0"
    if magnitude < 1e-3 or magnitude >= 1e6:
        text = _exponent(magnitude, max(digits - 2, 0))
    elif magnitude == int(magnitude):
        text = f"{int(magnitude):,}"
    else:
        # The power of ten after rounding: 0.99999 is written 1.00.
        power = int(f"{magnitude:.{digits - 1}e}".partition("e")[2])
        decimals = max(digits - 1 - power, 0)
        text = f"{magnitude:,.{decimals}f}"
    return MINUS + text if number < 0 else text


def count(number: int | None) -> str:
    """How many: whole with separators below 10,000, then three figures and a unit (25.6 M)."""
    if number is None:
        return DASH
    if abs(number) < 10_000:
        return _signed(number, f"{abs(number):,}")
    return _signed(number, _scaled(abs(number)))


def size(nbytes: int | None) -> str:
    """A size in decimal bytes: 512 B, 9.05 kB, 97.7 MB (1 MB is 1,000,000 bytes)."""
    if nbytes is None:
        return DASH
    if abs(nbytes) < 1000:
        return f"{nbytes} B"
    return _signed(nbytes, _scaled(abs(nbytes))) + "B"


def exact(number: float | None) -> str:
    """The number as Python reads it back, in ASCII: what a copy or a hover should give."""
    if number is None:
        return ""
    if isinstance(number, float):
        return repr(number)
    return str(number)


def percent(share: float | None) -> str:
    """A share from 0 to 1 as a percentage that never rounds something to nothing, or most to all."""
    if share is None:
        return DASH
    if not math.isfinite(share):
        return _not_finite(share)
    hundredths = share * 100
    if hundredths in (0, 100):
        return f"{hundredths:.0f} %"
    if 0 < hundredths < 0.1:
        return "<0.1 %"
    if 99.9 < hundredths < 100:
        return ">99.9 %"
    return f"{hundredths:.1f} %" if hundredths < 99.95 else f"{hundredths:,.0f} %"


def times(ratio: float) -> str:
    """How many times: "14 times", "1.4 times"."""
    if not math.isfinite(ratio):
        return "infinitely many times"
    if ratio >= 9.95:
        return f"{value(round(ratio))} times"
    return f"{ratio:.1f} times"


def decibels(number: float | None) -> str:
    """A ratio in decibels to a tenth: 38.0, −1.2."""
    if number is None or not math.isfinite(number):
        return value(number)
    return f"{number:.1f}".replace("-", MINUS)


def shape(dims: tuple[int, ...]) -> str:
    """The shape of a tensor: 64 × 3 × 7 × 7, "scalar" for none."""
    return f" {TIMES} ".join(str(dim) for dim in dims) if dims else "scalar"


def plural(number: int, one: str, many: str | None = None, *, short: bool = False) -> str:
    """A number with its noun: "1 layer", "53 layers", "1,204 entries", and `short` "25.6 M parameters"."""
    return f"{count(number) if short else f'{number:,}'} {one if number == 1 else many or one + 's'}"


def verb(number: int, one: str, many: str) -> str:
    """The verb that goes with a number: "1 layer is", "53 layers are"."""
    return one if number == 1 else many


def at_point(text: str) -> tuple[str, str]:
    """`text` cut at its decimal point, so that a column can be aligned on it."""
    for position, character in enumerate(text):
        if character in ".e\xa0" and text[:1] not in "Nn":
            return text[:position], text[position:]
    return text, ""


def _not_finite(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "∞" if number > 0 else MINUS + "∞"


def _signed(number: int, text: str) -> str:
    return MINUS + text if number < 0 else text


def _exponent(magnitude: float, decimals: int) -> str:
    mantissa, power = f"{magnitude:.{decimals}e}".split("e")
    return f"{mantissa}e{int(power)}"


def _scaled(magnitude: int) -> str:
    scaled, unit = float(magnitude), 0
    # 999.5 would be written "1000", so it already belongs to the next unit.
    while scaled >= 999.5 and unit < len(_UNITS) - 1:
        scaled /= 1000
        unit += 1
    decimals = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{decimals}f} {_UNITS[unit]}"
