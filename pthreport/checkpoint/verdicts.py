"""What we think of a name that a file imports.

An exact allow list decides what is known. The list of dangerous names only gives better reasons:
what is on neither list is unknown, and not trusted.
"""

from typing import Literal

from pthreport.checkpoint.dangerous import NAMES, PACKAGES
from pthreport.checkpoint.known import KNOWN

Verdict = Literal["known", "unknown", "dangerous"]


def judge(module: str, name: str) -> tuple[Verdict, str]:
    """The verdict on an exact (module, name) pair, and the reason as a sentence."""
    why = KNOWN.get((module, name))
    if why is not None:
        return "known", why
    why = NAMES.get((module, name))
    if why is not None:
        return "dangerous", why
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        why = PACKAGES.get(".".join(parts[:length]))
        if why is not None:
            return "dangerous", why
    if parts[0] == "__torch__":
        return "unknown", "A TorchScript class that no code in this file defines."
    if module == "copyreg" and name.startswith("extension code "):
        return "unknown", "A number for a class that only the writing process knew (an extension code)."
    if name.startswith("__") and name.endswith("__"):
        return "dangerous", "An inner attribute of the module, through which any code can be reached."
    if "." in name:
        return _dotted(module, name)
    if module == "__main__":
        return (
            "unknown",
            "Belongs to the script that saved the file; whoever loads it must supply the code.",
        )
    if parts[0] in ("torch", "torchvision", "numpy"):
        return "unknown", f"A part of {parts[0]} that is not on the list of what checkpoints need."
    return "unknown", "Not on the list of what checkpoints need: loading runs whatever it is."


def _dotted(module: str, name: str) -> tuple[Verdict, str]:
    """A name with dots reaches through what it imports: harmless for a nested class, a known trick
    to reach another module."""
    parts = name.split(".")
    for at in range(len(parts)):
        if parts[at] in PACKAGES:
            return "dangerous", f"Reaches through {module} to {parts[at]}. {PACKAGES[parts[at]]}"
    if any(part.startswith("__") for part in parts):
        return "dangerous", "Reaches through what it imports to the interpreter's inner attributes."
    return "unknown", "Reaches through what it imports by a dotted name; not on the list."
