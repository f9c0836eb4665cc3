"""Checks that other installed packages add through the entry point group `pthreport.checks`.

An entry point names a `Check` or a sequence of them. What is loaded is what the user installed into
the environment; nothing in a checkpoint can name one.
"""

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points

from pthreport.checks.check import Check, Facts, Limits, Outcome

GROUP = "pthreport.checks"


def with_installed(own: Sequence[Check]) -> list[Check]:
    """Our `own` checks and those of installed packages, by the name of their entry point.

    A package whose checks cannot be loaded, or carry an id that is taken, is in the list as a check that
    fails with the reason: it is seen in the report and takes nothing else down.
    """
    found = list(own)
    for point in sorted(entry_points(group=GROUP), key=lambda p: (p.name, p.value)):
        try:
            loaded = point.load()
            more = [loaded] if isinstance(loaded, Check) else list(loaded)
            for check in more:
                if not isinstance(check, Check):
                    raise TypeError(f"{point.value} gives {type(check).__name__}, not a Check")
                if check.id in {known.id for known in found}:
                    raise ValueError(f"the id {check.id!r} is taken")
                found.append(check)
        except Exception as error:
            found.append(_unusable(point, error))
    return found


def _unusable(point: EntryPoint, error: Exception) -> Check:
    def examine(facts: Facts, limits: Limits) -> Outcome:
        raise error

    return Check(
        id=f"plug-in-{point.name}",
        category="other",
        passed=f"The checks of {point.name} could be loaded",
        failed=f"The checks of {point.name} could not be loaded",
        severity="warning",
        judges="the entry point gives a Check or a sequence of them",
        why="Checks that an installed package adds were asked for and did not run.",
        remedy=f"Mend or uninstall the package behind {point.value}.",
        reference="https://packaging.python.org/en/latest/specifications/entry-points/",
        examine=examine,
    )
