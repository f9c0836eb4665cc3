"""The examination: every check run on the same facts, the findings worst first.

A check is one file, named after what it finds. Other packages add theirs through the entry point group
`pthreport.checks` with the names exported here.
"""

from pthreport.checks.check import Check, Facts, Limits, Outcome, Threshold
from pthreport.checks.collapsed_rank import COLLAPSED_RANK
from pthreport.checks.collapsed_variance import COLLAPSED_VARIANCE
from pthreport.checks.concentrated_spectrum import CONCENTRATED_SPECTRUM
from pthreport.checks.constant_tensors import CONSTANT_TENSORS
from pthreport.checks.damaged_file import DAMAGED_FILE
from pthreport.checks.dead_units import DEAD_UNITS
from pthreport.checks.device_locations import DEVICE_LOCATIONS
from pthreport.checks.disagreeing_sizes import DISAGREEING_SIZES
from pthreport.checks.duplicate_filters import DUPLICATE_FILTERS
from pthreport.checks.duplicate_tensors import DUPLICATE_TENSORS
from pthreport.checks.embedded_secrets import EMBEDDED_SECRETS
from pthreport.checks.examination import Examination, SettingsError, examine
from pthreport.checks.executing_imports import EXECUTING_IMPORTS
from pthreport.checks.exploding_scale import EXPLODING_SCALE
from pthreport.checks.extreme_norms import EXTREME_NORMS
from pthreport.checks.frozen_parts import FROZEN_PARTS
from pthreport.checks.half_overflow import HALF_OVERFLOW
from pthreport.checks.hidden_content import HIDDEN_CONTENT
from pthreport.checks.identical_average import IDENTICAL_AVERAGE
from pthreport.checks.installed import with_installed
from pthreport.checks.int8_outliers import INT8_OUTLIERS
from pthreport.checks.large_updates import LARGE_UPDATES
from pthreport.checks.legacy_container import LEGACY_CONTAINER
from pthreport.checks.mismatched_architecture import MISMATCHED_ARCHITECTURE
from pthreport.checks.mismatched_optimizer import MISMATCHED_OPTIMIZER
from pthreport.checks.missing_gradients import MISSING_GRADIENTS
from pthreport.checks.missing_shards import MISSING_SHARDS
from pthreport.checks.mixed_dtypes import MIXED_DTYPES
from pthreport.checks.noisy_filters import NOISY_FILTERS
from pthreport.checks.nonfinite_optimizer import NONFINITE_OPTIMIZER
from pthreport.checks.nonfinite_weights import NONFINITE_WEIGHTS
from pthreport.checks.odd_tails import ODD_TAILS
from pthreport.checks.outlying_spread import OUTLYING_SPREAD
from pthreport.checks.padded_precision import PADDED_PRECISION
from pthreport.checks.private_paths import PRIVATE_PATHS
from pthreport.checks.random_layers import RANDOM_LAYERS
from pthreport.checks.refused_container import REFUSED_CONTAINER
from pthreport.checks.saved_views import SAVED_VIEWS
from pthreport.checks.shipped_optimizer import SHIPPED_OPTIMIZER
from pthreport.checks.small_updates import SMALL_UPDATES
from pthreport.checks.unknown_imports import UNKNOWN_IMPORTS
from pthreport.checks.untrained_layers import UNTRAINED_LAYERS
from pthreport.checks.unused_batchnorm import UNUSED_BATCHNORM
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
    MISMATCHED_ARCHITECTURE,
    NONFINITE_WEIGHTS,
    NONFINITE_OPTIMIZER,
    WASTED_STORAGE,
    DUPLICATE_TENSORS,
    UNTRAINED_LAYERS,
    CONSTANT_TENSORS,
    DEAD_UNITS,
    DUPLICATE_FILTERS,
    NOISY_FILTERS,
    EXPLODING_SCALE,
    OUTLYING_SPREAD,
    UNUSED_BATCHNORM,
    COLLAPSED_VARIANCE,
    EXTREME_NORMS,
    LARGE_UPDATES,
    SMALL_UPDATES,
    MISSING_GRADIENTS,
    MISMATCHED_OPTIMIZER,
    IDENTICAL_AVERAGE,
    FROZEN_PARTS,
    COLLAPSED_RANK,
    CONCENTRATED_SPECTRUM,
    ODD_TAILS,
    RANDOM_LAYERS,
    PADDED_PRECISION,
    HALF_OVERFLOW,
    INT8_OUTLIERS,
    MIXED_DTYPES,
    SHIPPED_OPTIMIZER,
    WRAPPER_PREFIXES,
    SAVED_VIEWS,
    DEVICE_LOCATIONS,
    EMBEDDED_SECRETS,
    PRIVATE_PATHS,
    WEIGHTS_ONLY_REFUSAL,
    LEGACY_CONTAINER,
)
"""Our own checks: safety, integrity, training, spectra, precision, hygiene."""
