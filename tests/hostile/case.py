"""One file that means harm or is broken, and what a report of it must say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["control", "malicious", "malformed", "bomb", "strings"]


@dataclass(frozen=True)
class Case:
    """`content` are the file's bytes, or make them. `what` says what is wrong with it.

    `names` are imports that must be listed and not be known. `says` is a pattern that one of the
    problems, or the one line of an error, must fit. `partial` says whether the report must be partial,
    None where either will do; `opens` whether there must be a report, None likewise. `torch_takes` is
    what the report must say of torch.load(weights_only=True), None where nothing is asked. `beside`
    are files in the same folder by name; with `folder`, the name of the case's own file in it, the folder
    is what is opened. A `slow` one, of ten seconds, is tried by `make prove` only.
    """

    name: str
    kind: Kind
    content: bytes | Callable[[], bytes]
    what: str
    names: tuple[str, ...] = ()
    says: str = ""
    partial: bool | None = None
    opens: bool | None = None
    torch_takes: bool | None = None
    ending: str = ".pkl"
    beside: Mapping[str, bytes] = field(default_factory=dict)
    folder: str = ""
    slow: bool = False

    def bytes(self) -> bytes:
        """The file's bytes."""
        return self.content if isinstance(self.content, bytes) else self.content()
