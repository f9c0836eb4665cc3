"""SARIF: valid by the schema of 2.1.0, one result a finding, places that code hosts understand.

`schemas/sarif-2.1.0.json` is the schema that OASIS publishes beside the standard, without its line breaks.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch

import pthreport
from pthreport.document import Finding, Report
from pthreport.render import Surroundings, render
from tests.command.command import run
from tests.render.reports import small_report

SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))


def sarif(report: Report, place: str | None = None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(report, ".sarif", Surroundings(place=place)))
    jsonschema.Draft7Validator(SCHEMA).validate(document)
    return document


@pytest.fixture
def ill(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "ill model.pth"
    path.parent.mkdir()
    state = {"fc.weight": torch.full((64, 64), torch.nan), "fc.bias": torch.randn(64)}
    torch.save(state, path)
    return path


def test_the_schema_refuses_what_is_wrong() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate({"version": "2.1.0", "runs": [{"results": []}]})


def test_a_report_with_everything_is_valid() -> None:
    report = small_report()
    (found,) = sarif(report)["runs"]
    looked_at = [f for f in report.findings if f.status in ("fail", "warn", "info", "error")]
    assert [r["ruleId"] for r in found["results"]] == [f.check for f in looked_at]
    for result in found["results"]:
        assert found["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]


def test_levels_places_and_fingerprints(ill: Path) -> None:
    report = pthreport.analyze(ill)
    (found,) = sarif(report, "models/ill model.pth")["runs"]
    (result,) = [r for r in found["results"] if r["ruleId"] == "nonfinite-weights"]
    assert result["level"] == "error"
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "models/ill%20model.pth"
    assert location["logicalLocations"] == [{"fullyQualifiedName": "fc.weight", "kind": "value"}]
    assert found["artifacts"][0]["hashes"]["sha-256"] == report.checkpoint.sha256
    again = sarif(pthreport.analyze(ill), "models/ill model.pth")["runs"][0]["results"]
    assert [r["partialFingerprints"] for r in again] == [r["partialFingerprints"] for r in found["results"]]
    assert len({r["partialFingerprints"]["pthreportFinding/v1"] for r in again}) == len(again)


def test_many_places_are_bounded_and_counted() -> None:
    finding = Finding(
        check="odd-thing",
        title="Odd",
        status="warn",
        severity="warning",
        evidence="many",
        threshold="t",
        why="w",
        remedy="r",
        reference="see Smith 2020; https://example.org/a",
        where=tuple(f"a.{i}" for i in range(3000)),
    )
    report = small_report()
    found = sarif(type(report)(**{**fields(report), "findings": (finding,)}))["runs"][0]
    (result,) = found["results"]
    assert len(result["locations"][0]["logicalLocations"]) == 100
    assert "(100 of 3,000 places are listed)" in result["message"]["text"]
    assert found["tool"]["driver"]["rules"][0]["helpUri"] == "https://example.org/a"


def fields(report: Report) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__struct_fields__}


def test_a_partial_reading_is_a_notification(ill: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pth"
    cut.write_bytes(ill.read_bytes()[:-300])
    (found,) = sarif(pthreport.analyze(cut))["runs"]
    (invocation,) = found["invocations"]
    assert {n["level"] for n in invocation["toolExecutionNotifications"]} == {"error"}


def test_the_command_tells_the_path_from_the_working_directory(ill: Path, tmp_path: Path) -> None:
    for folder, uri in ((tmp_path, "models/ill%20model.pth"), (tmp_path / "models", "ill%20model.pth")):
        ran = run(ill, "-o", "out.sarif", "--quiet", cwd=folder)
        assert ran.returncode == 0, ran.stderr
        document = json.loads((folder / "out.sarif").read_bytes())
        jsonschema.Draft7Validator(SCHEMA).validate(document)
        assert document["runs"][0]["artifacts"][0]["location"]["uri"] == uri
        assert str(tmp_path) not in (folder / "out.sarif").read_text()


def test_hostile_names_stay_text() -> None:
    name = 'a"b\x1b[31m<x>\u202e\n'
    sample = small_report()
    finding = next(f for f in sample.findings if f.status in ("fail", "warn"))
    hostile = type(finding)(
        **{**{n: getattr(finding, n) for n in finding.__struct_fields__}, "where": (name,)}
    )
    report = type(sample)(**{**fields(sample), "findings": (hostile,)})
    written = render(report, ".sarif").decode()
    assert "\x1b" not in written
    assert "\u202e" not in written
    sarif(report)
