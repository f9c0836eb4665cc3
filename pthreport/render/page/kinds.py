"""What kind of layer, for the eye: the word people use, and the family that has a colour."""

FAMILIES: tuple[tuple[str, str], ...] = (
    ("conv", "convolution"),
    ("linear", "linear"),
    ("embed", "embedding"),
    ("norm", "normalisation"),
    ("recur", "recurrent"),
    ("attn", "attention"),
    ("other", "other"),
)
"""Class name and word of each family, in the order of the legend."""

FAMILY_WORDS = dict(FAMILIES)

_MARKS: tuple[tuple[str, str], ...] = (
    ("norm", "norm"),
    ("conv", "conv"),
    ("linear", "linear"),
    ("dense", "linear"),
    ("embedding", "embed"),
    ("lstm", "recur"),
    ("gru", "recur"),
    ("rnn", "recur"),
    ("recurrent", "recur"),
    ("attention", "attn"),
)


def family(kind: str) -> str:
    """The family of a layer kind ("conv2d" -> "conv")."""
    lowered = kind.lower()
    for mark, found in _MARKS:
        if mark in lowered:
            return found
    return "other"
