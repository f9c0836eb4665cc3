"""The examination: every check run on the same facts, the findings worst first.

A check is one file, named after what it finds. Other packages add theirs through the entry point group
`pthreport.checks` with the names exported here.
"""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.damaged_file import DAMAGED_FILE
from pthreport.checks.dead_units import DEAD_UNITS
from pthreport.checks.device_locations import DEVICE_LOCATIONS
from pthreport.checks.disagreeing_sizes import DISAGREEING_SIZES
from pthreport.checks.duplicate_tensors import DUPLICATE_TENSORS
from pthreport.checks.examination import Examination, SettingsError, examine
from pthreport.checks.executing_imports import EXECUTING_IMPORTS
from pthreport.checks.hidden_content import HIDDEN_CONTENT
from pthreport.checks.installed import with_installed
from pthreport.checks.legacy_container import LEGACY_CONTAINER
from pthreport.checks.missing_shards import MISSING_SHARDS
from pthreport.checks.nonfinite_weights import NONFINITE_WEIGHTS
from pthreport.checks.refused_container import REFUSED_CONTAINER
from pthreport.checks.saved_views import SAVED_VIEWS
from pthreport.checks.shipped_optimizer import SHIPPED_OPTIMIZER
from pthreport.checks.unknown_imports import UNKNOWN_IMPORTS
from pthreport.checks.wasted_storage import WASTED_STORAGE
from pthreport.checks.weights_only_refusal import WEIGHTS_ONLY_REFUSAL
from pthreport.checks.wrapper_prefixes import WRAPPER_PREFIXES

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
    WASTED_STORAGE,
    DUPLICATE_TENSORS,
    DEAD_UNITS,
    SHIPPED_OPTIMIZER,
    WRAPPER_PREFIXES,
    SAVED_VIEWS,
    DEVICE_LOCATIONS,
    WEIGHTS_ONLY_REFUSAL,
    LEGACY_CONTAINER,
)
"""Our own checks: safety, integrity, training, spectra, precision, hygiene."""
