"""What tests of every room share."""

import os

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, and no verdict on how fast a machine makes them.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def needs_system(name: str, present: bool) -> None:
    """Skip the running test where the system package `name` is absent; under `PTHREPORT_CI=1` fail it.

    So a person without Chromium can run the rest, and continuous integration cannot lose tests unseen.
    """
    if present:
        return
    reason = f"{name} is not installed on this system"
    if os.environ.get("PTHREPORT_CI"):
        pytest.fail(f"{reason}, and PTHREPORT_CI allows no skip for that", pytrace=False)
    pytest.skip(reason)
