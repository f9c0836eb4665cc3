"""The figures by which a report counts: what makes a unit dead, a variance small, a pair a duplicate.

They define what a field of the report holds. Whoever counts, judges or writes about such a field takes the figure from
here, so that it has one value everywhere; thresholds that a user may adjust are the checks'.
"""

NEAR_ZERO = 1e-3
"""`Statistics.near_zero` counts values below this share of the root mean square."""

DEAD_UNIT = 1e-3
"""`Units.dead` counts units whose L2 norm is below this share of the layer's median."""

LARGE_UNIT = 4.0
"""`Units.large` counts units whose L2 norm is more than this many times the layer's median."""

DUPLICATE = 0.99
"""`Units.duplicate_pairs` and `Experts.duplicate_pairs` count pairs whose cosine is above it (in magnitude, after
removing each unit's mean, for units)."""

SMALL_VARIANCE = 1e-6
LARGE_VARIANCE = 1e6
"""`BatchNormFacts.var_small` and `var_large` count running variances below and above them."""

SMALL_GAMMA = 1e-3
"""`BatchNormFacts.gamma_small` counts weights smaller in magnitude."""

SMALL_WEIGHT = 1e-3
LARGE_WEIGHT = 10.0
"""`NormFacts.small` and `large` count weights below and above these shares of the median magnitude."""
