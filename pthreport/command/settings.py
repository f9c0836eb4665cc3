"""Settings from a `pyproject.toml` or `pthreport.toml`.

    [tool.pthreport]                       # in a pthreport.toml the same without "tool.pthreport"
    fail-on = "error"
    select = ["safety", "integrity"]
    ignore = ["dead-units"]
    redact-paths = true

    [tool.pthreport.thresholds.dead-units]
    large-share = 0.2

The file is looked for from the working directory upwards, never beside the checkpoint: whoever made a
file must not set by what it is judged.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isnan
from pathlib import Path
from typing import Any

from pthreport.checks import Examination, SettingsError
from pthreport.document.nearest import nearest

FAIL_ON = ("error", "warning", "never")
KEYS = ("fail-on", "select", "ignore", "redact-paths", "thresholds")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is set: `fail_on` is the gate's severity, `redact_paths` whether home folders, users and hosts are
    hidden, `examination` what is asked of the checks."""

    fail_on: str = "never"
    redact_paths: bool = False
    examination: Examination = field(default_factory=Examination)

    def with_options(
        self,
        *,
        fail_on: str | None,
        select: tuple[str, ...] | None,
        ignore: tuple[str, ...] | None,
        redact_paths: bool | None = None,
    ) -> "Settings":
        """These settings with what the command line gives (None: nothing) in their place."""
        asked = self.examination
        return Settings(
            fail_on=self.fail_on if fail_on is None else fail_on,
            redact_paths=self.redact_paths if redact_paths is None else redact_paths,
            examination=replace(
                asked,
                select=asked.select if select is None else select,
                ignore=asked.ignore if ignore is None else ignore,
            ),
        )


def find(folder: Path) -> Settings:
    """The settings in force in `folder`: of the nearest `pthreport.toml`, or `pyproject.toml` with a
    [tool.pthreport], in it or above it.

    Raises `SettingsError`, which names the file, where one cannot be read or followed.
    """
    for place in (folder, *folder.parents):
        own, project = place / "pthreport.toml", place / "pyproject.toml"
        if own.is_file():
            return _settings(_table(own), own.name)
        if project.is_file():
            tool = _table(project).get("tool", {})
            if isinstance(tool, dict) and "pthreport" in tool:
                return _settings(tool["pthreport"], f"{project.name}: [tool.pthreport]")
    return Settings()


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: the settings cannot be read: {error}") from error


def _settings(table: object, where: str) -> Settings:
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where}: a table is expected")
    for key in table:
        if key not in KEYS:
            raise SettingsError(
                f"{where}: no setting is called {key!r}{nearest(key, KEYS)} (there are {', '.join(KEYS)})"
            )
    fail_on = table.get("fail-on", "never")
    if fail_on not in FAIL_ON:
        raise SettingsError(f"{where}: fail-on is one of {', '.join(FAIL_ON)}, not {fail_on!r}")
    redact_paths = table.get("redact-paths", False)
    if not isinstance(redact_paths, bool):
        raise SettingsError(f"{where}: redact-paths is true or false, not {redact_paths!r}")
    return Settings(
        fail_on=fail_on,
        redact_paths=redact_paths,
        examination=Examination(
            select=_names(table, "select", where),
            ignore=_names(table, "ignore", where),
            thresholds=_thresholds(table.get("thresholds", {}), where),
        ),
    )


def _names(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    names = table.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SettingsError(f"{where}: {key} is a list of checks or categories, not {names!r}")
    return tuple(names)


def _thresholds(table: object, where: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where}: thresholds is a table of checks")
    for check, limits in table.items():
        if not isinstance(limits, Mapping):
            raise SettingsError(f"{where}: thresholds.{check} is a table of names and numbers")
        for name, value in limits.items():
            if isinstance(value, bool) or not isinstance(value, int | float) or isnan(value):
                raise SettingsError(f"{where}: thresholds.{check}.{name} is a number, not {value!r}")
        found[check] = {name: float(value) for name, value in limits.items()}
    return found
