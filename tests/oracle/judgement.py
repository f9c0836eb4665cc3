"""The reader against the loaders: what is wrong with a report, given what loading the file did."""

import re
from dataclasses import dataclass
from pathlib import Path

from pthreport.checkpoint import CheckpointError, open_checkpoint
from pthreport.checkpoint.known import KNOWN
from tests.oracle.jailed import Loaded

IMPORTABLE = re.compile(r"\w+(\.\w+)*")
"""Modules that could exist: a text read as a pickle may seem to name "lass Net(Module):"."""

CHECKED = frozenset({("torch.storage", "_load_from_bytes")})
"""Names that a report may call known at calls whose arguments were understood."""


@dataclass(frozen=True)
class Reported:
    """What the reader says of one file: its verdict on each name, and whether it read everything.

    `refused` is the one line with which it would not read the file at all; there is no report then.
    """

    verdicts: dict[tuple[str, str], str]
    complete: bool
    container: str = ""
    refused: str | None = None
    crash: str | None = None


@dataclass(frozen=True)
class Fault:
    """What is wrong: the sort of fault, by which loader it shows, and the name or the event."""

    sort: str
    loader: str
    what: str

    @property
    def signature(self) -> str:
        """Faults with the same one are taken for one kind."""
        return f"{self.sort} | {re.sub(r'[0-9]+', '#', self.loader)}"


def reported(path: Path) -> Reported:
    """Open the file as every command does."""
    try:
        with open_checkpoint(path) as checkpoint:
            verdicts: dict[tuple[str, str], str] = {
                (one.module, one.name): one.verdict for one in checkpoint.imports
            }
            return Reported(verdicts, checkpoint.complete, checkpoint.container)
    except CheckpointError as error:
        return Reported({}, False, refused=str(error))
    except Exception as error:
        return Reported({}, False, crash=f"{type(error).__name__}: {error}")


def faults(report: Reported, loaded: Loaded) -> list[Fault]:
    """All faults of a report; none where it says itself that it could not read everything."""
    if report.crash is not None:
        return [Fault("the reader raises", "", report.crash)]
    if not report.complete:
        return []
    found = [
        Fault("a name is missing", loaded.names[pair], ".".join(pair)) for pair in missing(report, loaded)
    ]
    for pair, loader in loaded.names.items():
        if (
            verdict_on(report, pair) == "known"
            and pair not in KNOWN
            and pair not in CHECKED
            and not script_class(pair)
        ):
            found.append(Fault("a name is known that is not on the list", loader, ".".join(pair)))
    clean = set(report.verdicts.values()) <= {"known"}
    if clean:
        found += [Fault("a file of known names does more than load", "", one) for one in loaded.events]
        found += [Fault("a file of known names changes what it names", "", one) for one in loaded.changed]
        found += [Fault("a function known in a call is a value", one, "") for one in loaded.escaped[:1]]
    return found


def missing(report: Reported, loaded: Loaded) -> list[tuple[str, str]]:
    """Names that are not listed, whether or not the report says that it is partial."""
    return [
        pair
        for pair in loaded.names
        if IMPORTABLE.fullmatch(pair[0]) is not None and verdict_on(report, pair) is None
    ]


def verdict_on(report: Reported, pair: tuple[str, str]) -> str | None:
    """The report's verdict on a name as a loader looked it up; None where it is not listed."""
    module, name = (one.encode("utf-8", "backslashreplace").decode() for one in pair)
    verdict = report.verdicts.get((module, name))
    if verdict is None and module == "torch._tensor":  # torch.load goes there from the older name
        return report.verdicts.get(("torch.tensor", name))
    return verdict


def script_class(pair: tuple[str, str]) -> bool:
    """Whether it is a class of TorchScript's own namespace, which Python has no module for."""
    return pair[0].partition(".")[0] == "__torch__"
