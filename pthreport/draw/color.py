"""Colour tables for pictures of weights.

`coolwarm` (Moreland 2009) is diverging, even in lightness on both sides and safe under the common
forms of colour-blindness; zero is its neutral middle.
"""

from functools import cache

LEVELS = 255
"""Colours of the table: one for each of the quantised values -127 ... 127."""


@cache
def signed_palette() -> bytes:
    """RGB triples for -127 ... 127, 255 x 3 bytes; the middle one, zero, is neutral grey."""
    # The table alone: importing pyplot or a figure would cost half a second.
    from matplotlib import colormaps

    table = colormaps["coolwarm"].resampled(LEVELS)
    colors = table(range(LEVELS), bytes=True)
    return bytes(colors[:, :3].tobytes())
