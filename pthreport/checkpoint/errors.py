"""What can go wrong, in words: nothing could be read, one tensor could not, or something is odd."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pthreport.document.numbers import plural
from pthreport.document.report import ProblemKind
from pthreport.document.text import cut_sentence, visible


class CheckpointError(Exception):
    """Nothing of the file could be read.

    `message` is one clear line: what the file is, where reading stopped, what to do. `path` is the
    file, `offset` the byte at which reading stopped, where there is one.
    """

    def __init__(self, message: str, path: Path | None = None, offset: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.offset = offset


class ReadError(Exception):
    """The values of one tensor cannot be read; the text says why."""


class FormatError(Exception):
    """A part of the file is not as its format wants it.

    Raised inside the room only: a container's reader turns it into a `Problem` where something was
    read before it, and `open_checkpoint` into a `CheckpointError` where nothing was.
    """

    def __init__(self, text: str, offset: int | None = None, *, kind: ProblemKind = "malformed") -> None:
        super().__init__(text)
        self.text = text
        self.offset = offset
        self.kind = kind


def kind_of(error: Exception) -> ProblemKind:
    """What kind of problem an error is: a format's own word for it, else that the bytes end too early."""
    for one in (error, error.__cause__):
        if isinstance(one, FormatError):
            return one.kind
    return "truncated"


Effect = Literal["noted", "partial", "refused", "damaged"]
"""What follows from a problem: nothing ("noted"), something stayed unread ("partial"), torch's own reader does not
take the file for it although everything could be read here ("refused"), or both of these ("damaged")."""

TORCH_REFUSES = "torch refuses this"


def effect_of(*, partial: bool = False, refused: bool = False) -> Effect:
    """The effect of a problem that leaves something unread, or that torch refuses, or both."""
    if partial:
        return "damaged" if refused else "partial"
    return "refused" if refused else "noted"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with the file: one line of text, without a final period.

    `offset` is a byte of the file, `where` a tree path or a member's name. `kind` is what the checks
    go by.
    """

    text: str
    effect: Effect = "noted"
    offset: int | None = None
    where: str | None = None
    kind: ProblemKind = "malformed"

    @property
    def partial(self) -> bool:
        """Whether something stayed unread because of it."""
        return self.effect in ("partial", "damaged")

    @property
    def refused(self) -> bool:
        """Whether torch's own reader does not take the file for it."""
        return self.effect in ("refused", "damaged")

    @property
    def sentence(self) -> str:
        """The text, and what torch makes of it."""
        return f"{self.text}; {TORCH_REFUSES}" if self.refused else self.text

    def at(self, where: str) -> "Problem":
        """The same problem at another place."""
        return replace(self, where=where)


TEXT = 500
"""Characters of a problem's or an error's text."""

SAME_TEXT = 20
"""Problems of one wording that are listed one by one."""

LISTED = 500
"""Problems that are listed in all."""


def summed(problems: list[Problem]) -> list[Problem]:
    """The problems, with those beyond `SAME_TEXT` of one wording, or `LISTED` in all, reported by their
    number; the partial ones are left out last."""
    seen: dict[str, int] = {}
    kept: list[Problem] = []
    more: dict[str, list[Problem]] = {}
    for one in sorted(problems, key=lambda one: not one.partial) if len(problems) > LISTED else problems:
        seen[one.text] = seen.get(one.text, 0) + 1
        if seen[one.text] > SAME_TEXT:
            more.setdefault(one.text, []).append(one)
        elif len(kept) < LISTED:
            kept.append(one)
        else:
            more.setdefault("further problems", []).append(one)
    for text, left in more.items():
        partial = any(one.partial for one in left)
        kept.append(
            replace(
                left[0],
                text=f"{text}: {plural(len(left), 'more time')}",
                effect="partial" if partial else "noted",
            )
        )
    return kept


def one_line(text: str) -> str:
    """`text` with whatever would leave the line, or is not seen, spelled out; cut when long."""
    return visible(cut_sentence(text, TEXT))
