"""What stands beside the blocks of a network: the kernels before them, the layers after them.

A family is only named where every layer with weights is one that it has. So what is beside the blocks
must be known too: `chain` says what a head is made of, or that it is something else.
"""

from collections.abc import Iterable, Sequence

from pthreport.anatomy.kinds import CONVOLUTIONS, RECURRENT, Shape
from pthreport.anatomy.structure import Piece

MOST_INPUTS = 16
"""Channels at most that a network for images or volumes reads."""

_MIXING = CONVOLUTIONS | RECURRENT | {"linear", "attention"}


def weighted(pieces: Iterable[Piece]) -> list[Piece]:
    """The layers that mix channels, embeddings, and any other tensor with more than one side. Norms, scales,
    single tokens and buffers are none."""
    return [
        p
        for p in pieces
        if p.kind in _MIXING
        or (p.kind == "embedding" and p.main == "weight")
        or (p.kind != "buffers" and any(sum(n > 1 for n in s) > 1 for s in p.shapes.values()))
    ]


def is_point(piece: Piece) -> bool:
    """Whether a kernel is of size 1: a linear layer for each position."""
    return len(piece.weight) > 2 and set(piece.weight[2:]) == {1}


def sides(piece: Piece) -> tuple[int, int] | None:
    """(out, in) of a linear layer or of a kernel of size 1, None for anything else."""
    if piece.kind in ("linear", "attention"):
        return piece.matrix
    if is_point(piece) and piece.kind in ("conv1d", "conv2d", "conv3d"):
        return piece.weight[0], piece.weight[1]
    return None


def chain(pieces: Sequence[Piece], width: int) -> list[int] | None:
    """The outputs of the layers `pieces`, each of which reads what the one before it gives, the first one
    `width` features. None where they are no such chain, [] where there are none."""
    left = [sides(p) for p in pieces]
    outputs: list[int] = []
    while left:
        # A square one may stand anywhere before the one that leads on.
        reading = sorted((s for s in left if s is not None and s[1] == width), key=lambda s: s[0] != width)
        if not reading or len({s for s in reading if s[0] != width}) > 1:
            return None
        left.remove(reading[0])
        width = reading[0][0]
        outputs.append(width)
    return outputs


def put_head(facts: dict[str, str], outputs: Sequence[int], usual: int = 1) -> None:
    """The classes, where the head has as many layers as its family's usually has; the outputs of a longer one."""
    if len(outputs) >= usual:
        facts["classes" if len(outputs) == usual else "outputs"] = str(outputs[-1])


def is_cube(shape: Shape, size: int) -> bool:
    """Whether a kernel is `size` long in every direction."""
    return len(shape) > 2 and set(shape[2:]) == {size}


def listed(numbers: Iterable[int]) -> str:
    """`3, 4, 6 and 3`."""
    words = [f"{n:,}" for n in numbers]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def joined(numbers: Iterable[int]) -> str:
    """`3, 4, 6, 3`, as facts are written."""
    return ", ".join(map(str, numbers))
