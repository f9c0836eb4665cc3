"""Findings for code hosts: SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

A finding that needs a look is one result: its rule carries why it matters and what to do, its logical
locations are the tensors or the places in the object tree, its physical location the checkpoint itself
(code hosts reject a result without one; a binary file has no lines, so it is line 1). Checks that passed
are rules without a result.
"""

import hashlib
import json
from typing import Any
from urllib.parse import quote

from pthreport.document import Finding, Report
from pthreport.document.text import cut_sentence, visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LOCATIONS = 100
"""Logical locations given of one finding; the message says how many there are in all."""

TEXT = 2000
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_SECURITY = {"error": "8.0", "warning": "5.0", "info": "2.0"}
"""GitHub's `security-severity` (CVSS bands: high, medium, low) for checks of safety."""


def render_sarif(report: Report, place: str | None = None) -> bytes:
    """The report as SARIF, UTF-8. `place` is the checkpoint's path from the root of the repository, with
    forward slashes; where it is not known the file's name stands in."""
    uri = quote(place or report.checkpoint.name or "checkpoint", safe="/")
    shown = [f for f in report.findings if f.status in ("fail", "warn", "info", "error")]
    rules = {f.check: at for at, f in enumerate(report.findings)}
    checkpoint = report.checkpoint
    artifact: dict[str, Any] = {
        "location": {"uri": uri, "uriBaseId": "%SRCROOT%"},
        "length": checkpoint.size,
        "roles": ["analysisTarget"],
    }
    if checkpoint.sha256:
        artifact["hashes"] = {"sha-256": checkpoint.sha256}
    run = {
        "tool": {
            "driver": {
                "name": report.tool.name,
                "semanticVersion": report.tool.version,
                "rules": [_rule(finding) for finding in report.findings],
            }
        },
        "automationDetails": {"id": f"{report.tool.name}/{visible(uri, 200)}"},
        "artifacts": [artifact],
        "invocations": [_invocation(report)],
        "results": [_result(finding, rules[finding.check], uri) for finding in shown],
        "columnKind": "utf16CodeUnits",
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def _rule(finding: Finding) -> dict[str, Any]:
    properties: dict[str, Any] = {"tags": [finding.category]}
    if finding.category == "safety":
        properties["tags"] += ["security"]
        properties["security-severity"] = _SECURITY[finding.severity]
    rule: dict[str, Any] = {
        "id": finding.check,
        "name": "".join(word.capitalize() for word in finding.check.split("-")),
        "shortDescription": {"text": finding.check.replace("-", " ").capitalize()},
        "fullDescription": {"text": f"{finding.why} Judged by: {finding.threshold}."},
        "help": {"text": f"{finding.remedy}\n\n{finding.reference}"},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": properties,
    }
    link = next((part for part in finding.reference.split("; ") if part.startswith("https://")), None)
    if link and " " not in link:
        rule["helpUri"] = link
    return rule


def _result(finding: Finding, rule: int, uri: str) -> dict[str, Any]:
    places = [visible(path, 500) for path in finding.where if path]
    text = f"{finding.title}: {visible(cut_sentence(finding.evidence, TEXT))}"
    if len(places) > LOCATIONS:
        text += f" ({LOCATIONS} of {len(places):,} places are listed)"
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%", "index": 0},
            "region": {"startLine": 1},
        }
    }
    if places:
        location["logicalLocations"] = [
            {"fullyQualifiedName": path, "kind": "value"} for path in places[:LOCATIONS]
        ]
    # A check that crashed is an error whatever its severity: it found out nothing.
    level = "error" if finding.status == "error" else _LEVELS[finding.severity]
    return {
        "ruleId": finding.check,
        "ruleIndex": rule,
        "level": level,
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"pthreportFinding/v1": _fingerprint(finding, uri)},
    }


def _fingerprint(finding: Finding, uri: str) -> str:
    """The same for the same check of the same file, whatever the figures: a retrained model that still has
    the fault keeps the alert instead of opening another."""
    return hashlib.sha256(f"{finding.check}\0{uri}".encode()).hexdigest()


def _invocation(report: Report) -> dict[str, Any]:
    invocation: dict[str, Any] = {"executionSuccessful": True}
    problems = report.checkpoint.problems
    if problems:
        level = "error" if not report.checkpoint.complete else "warning"
        invocation["toolExecutionNotifications"] = [
            {"level": level, "message": {"text": visible(cut_sentence(problem, TEXT))}}
            for problem in problems
        ]
    return invocation
