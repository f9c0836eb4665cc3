"""What a file holds that should not travel with a report."""

from typing import Literal

from pthreport.document.base import Part


class Secret(Part, frozen=True, kw_only=True):
    """A value that looks like a secret: where it stands and of which kind it is, never what it is.

    `hint` is the beginning that all secrets of the kind have ("hf_…"), `length` the characters of those
    whose kind gives them that many; neither tells of the value. `by` says from what it was concluded: the
    value's own form, or the name that it stands under.
    """

    path: str
    kind: str
    by: Literal["form", "name"]
    hint: str = ""
    length: int | None = None


class PrivateText(Part, frozen=True, kw_only=True):
    """A text that tells of people or machines: a home folder, another absolute path, a user, a host, an
    e-mail address. `text` is empty where the report hides it."""

    path: str
    kind: Literal["home folder", "absolute path", "user name", "host name", "e-mail address"]
    text: str


class Discretion(Part, frozen=True, kw_only=True):
    """What was kept back: `secrets` are redacted unless `secrets_shown`; `private` texts are hidden where
    `paths_hidden`. `left_out` counts what was found beyond the lists."""

    secrets: tuple[Secret, ...] = ()
    private: tuple[PrivateText, ...] = ()
    left_out: int = 0
    secrets_shown: bool = False
    paths_hidden: bool = False
