"""How a report came to be: versions, platform and date, nothing that differs between two runs."""

import os
import platform
from importlib import metadata

from pthreport.document import Provenance


def provenance(options: dict[str, str], timestamp: str | None) -> Provenance:
    """The provenance of a report made now with `options`."""
    return Provenance(
        timestamp=timestamp or _source_date(),
        options=options,
        libraries=_libraries(),
        platform=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    )


def _source_date() -> str | None:
    """SOURCE_DATE_EPOCH as a date (https://reproducible-builds.org/specs/source-date-epoch/)."""
    from datetime import UTC, datetime

    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given.isdigit():
        return None
    try:
        return datetime.fromtimestamp(int(given), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def _libraries() -> dict[str, str]:
    """Versions of what computes and draws, without importing any of it."""
    found = {}
    for library in ("numpy", "matplotlib", "pillow", "jinja2", "msgspec"):
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found
