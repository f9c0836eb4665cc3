"""Colour tables for pictures of weights.

`coolwarm` (Moreland 2009) is diverging, even in lightness on both sides and safe under the common
forms of colour-blindness; zero is its neutral middle.
"""

from functools import cache

STEPS = 31
"""Colours on either side of zero: more cannot be told apart and would make the pictures larger."""

LEVELS = 2 * STEPS + 1
"""Colours of the table, for -STEPS ... STEPS."""


@cache
def signed_palette() -> bytes:
    """RGB triples for -STEPS ... STEPS, 3 bytes each; the middle one, zero, is neutral grey."""
    # The table alone: importing pyplot or a figure would cost half a second.
    from matplotlib import colormaps

    table = colormaps["coolwarm"].resampled(LEVELS)
    colors = table(range(LEVELS), bytes=True)
    return bytes(colors[:, :3].tobytes())
