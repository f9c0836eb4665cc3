"""What can go wrong, in words: nothing could be read, one tensor could not, or something is odd."""

from dataclasses import dataclass, replace
from pathlib import Path


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

    def __init__(self, text: str, offset: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with the file: one line of text, without a final period.

    `offset` is a byte of the file, `where` a tree path or a member's name. `partial` says that
    something stayed unread because of it.
    """

    text: str
    offset: int | None = None
    where: str | None = None
    partial: bool = False

    def at(self, where: str) -> "Problem":
        """The same problem, said of another place."""
        return replace(self, where=where)


def count_text(number: int, noun: str) -> str:
    """ "1 byte", "2,048 bytes"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
