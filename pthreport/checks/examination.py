"""Which checks are run, with which thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from pthreport.checks.check import Check, Facts, Limits, run
from pthreport.document import Finding
from pthreport.document.finding import Category
from pthreport.document.nearest import nearest

_STATUS_ORDER = {"fail": 0, "error": 1, "warn": 2, "info": 3, "pass": 4, "not-applicable": 5}
_SEVERITY_ORDER = {"error": 0, "warning": 1, "info": 2}


class SettingsError(Exception):
    """A setting that cannot be followed: one line, what and where."""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What is asked of the examination.

    `select` and `ignore` hold ids of checks or categories ("safety"); an empty `select` means all, and
    `ignore` takes away from what was selected. `thresholds` maps a check's id to the thresholds that
    replace its own.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    thresholds: Mapping[str, Limits] = field(default_factory=dict)

    def limits(self, check: Check) -> Limits:
        """The thresholds of `check` in force, whether or not it is run."""
        return check.limits(self.thresholds.get(check.id))

    def words(self) -> dict[str, str]:
        """The settings as they are recorded in a report."""
        return {
            "checks": ", ".join(self.select) or "all",
            **({"checks left out": ", ".join(self.ignore)} if self.ignore else {}),
            **{
                f"threshold {check} {name}": f"{value:g}"
                for check, limits in sorted(self.thresholds.items())
                for name, value in sorted(limits.items())
            },
        }

    def chosen(self, checks: Sequence[Check]) -> list[Check]:
        """Those of `checks` that are to be run.

        Raises `SettingsError` for a name that is neither a check nor a category, and for a threshold
        that its check does not have.
        """
        known = {check.id: check for check in checks}
        for option, names in (("select", self.select), ("ignore", self.ignore)):
            for name in names:
                if name not in known and name not in get_args(Category):
                    close = nearest(name, [*known, *get_args(Category)])
                    raise SettingsError(
                        f"{option}: no check or category is called {name!r}{close} (see --list-checks)"
                    )
        for check, limits in self.thresholds.items():
            if check not in known:
                raise SettingsError(
                    f"thresholds: no check is called {check!r}{nearest(check, list(known))}"
                )
            there = [t.name for t in known[check].thresholds]
            for name in limits:
                if name not in there:
                    have = f"it has {', '.join(there)}" if there else "it has none"
                    raise SettingsError(f"thresholds: {check} has no threshold {name!r}; {have}")
        return [
            check
            for check in checks
            if (not self.select or {check.id, check.category} & set(self.select))
            and not {check.id, check.category} & set(self.ignore)
        ]


def examine(
    facts: Facts, checks: Sequence[Check], thresholds: Mapping[str, Limits] | None = None
) -> tuple[Finding, ...]:
    """The findings of `checks`: by status, then severity, then in their order."""
    findings = [run(check, facts, (thresholds or {}).get(check.id)) for check in checks]
    return tuple(sorted(findings, key=lambda f: (_STATUS_ORDER[f.status], _SEVERITY_ORDER[f.severity])))
