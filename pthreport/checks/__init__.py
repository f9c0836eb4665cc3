"""The examination: every check run on the same facts, the findings worst first."""

from pthreport.checks.check import Check, Facts, Outcome, run
from pthreport.checks.dead_units import DEAD_UNITS
from pthreport.checks.nonfinite_weights import NONFINITE_WEIGHTS
from pthreport.checks.unknown_imports import UNKNOWN_IMPORTS
from pthreport.document import Finding

__all__ = ["CHECKS", "Check", "Facts", "Outcome", "examine"]

CHECKS: tuple[Check, ...] = (UNKNOWN_IMPORTS, NONFINITE_WEIGHTS, DEAD_UNITS)

_STATUS_ORDER = {"fail": 0, "error": 1, "warn": 2, "info": 3, "pass": 4, "not-applicable": 5}
_SEVERITY_ORDER = {"error": 0, "warning": 1, "info": 2}


def examine(facts: Facts) -> tuple[Finding, ...]:
    """The findings of all checks: by status, then severity, then in the order of `CHECKS`."""
    findings = [run(check, facts) for check in CHECKS]
    return tuple(sorted(findings, key=lambda f: (_STATUS_ORDER[f.status], _SEVERITY_ORDER[f.severity])))
