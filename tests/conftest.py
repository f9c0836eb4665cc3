"""What tests of every room share."""

import os

import pytest


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
