"""The examination: every check run on the same facts, the findings worst first.

A check is one file, named after what it finds. Other packages add theirs through the entry point group
`pthreport.checks` with the names exported here.
"""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.damaged_file import DAMAGED_FILE
from pthreport.checks.dead_units import DEAD_UNITS
from pthreport.checks.disagreeing_sizes import DISAGREEING_SIZES
from pthreport.checks.examination import Examination, SettingsError, examine
from pthreport.checks.executing_imports import EXECUTING_IMPORTS
from pthreport.checks.hidden_content import HIDDEN_CONTENT
from pthreport.checks.installed import with_installed
from pthreport.checks.missing_shards import MISSING_SHARDS
from pthreport.checks.nonfinite_weights import NONFINITE_WEIGHTS
from pthreport.checks.refused_container import REFUSED_CONTAINER
from pthreport.checks.unknown_imports import UNKNOWN_IMPORTS

__all__ = [
    "CHECKS",
    "Check",
    "Examination",
    "Facts",
    "Limits",
    "Outcome",
    "SettingsError",
    "Threshold",
    "examine",
    "with_installed",
]

CHECKS: tuple[Check, ...] = (
    EXECUTING_IMPORTS,
    UNKNOWN_IMPORTS,
    REFUSED_CONTAINER,
    HIDDEN_CONTENT,
    DAMAGED_FILE,
    MISSING_SHARDS,
    DISAGREEING_SIZES,
    NONFINITE_WEIGHTS,
    DEAD_UNITS,
)
"""Our own checks: safety, integrity, training, spectra, precision, hygiene."""
