"""The findings as an in-toto statement about the checkpoint's bytes, for an attestation that others sign.

Statement: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
Predicate: https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md, with the findings
themselves beside its lists of names (a predicate may have more fields than its specification).
"""

import hashlib
import json
from typing import Any

from pthreport.document import Finding, Report
from pthreport.document.text import cut_sentence, visible

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"


class NoDigestError(Exception):
    """A statement is about bytes, and the report does not know their digest."""

    def __init__(self) -> None:
        super().__init__(
            "a statement about a checkpoint needs its SHA-256, and this report was made with --no-hash"
        )


def render_intoto(report: Report) -> bytes:
    """The unsigned statement as JSON, UTF-8. Its subjects are the checkpoint, or, where that is a folder,
    the files of it that were read. Raises `NoDigestError`."""
    facts = report.checkpoint
    if facts.sha256 is None:
        raise NoDigestError
    named = [(file.name, file.sha256) for file in facts.files] or [(facts.name, facts.sha256)]
    failed = [f for f in report.findings if f.status in ("fail", "warn") and f.severity == "error"]
    crashed = [f for f in report.findings if f.status == "error"]
    warned = [f for f in report.findings if f.status in ("fail", "warn") and f.severity != "error"]
    passed = [f for f in report.findings if f.status == "pass"]
    bad = failed or crashed or not facts.complete
    predicate = {
        "result": "FAILED" if bad else "WARNED" if warned else "PASSED",
        "configuration": [_configuration(report)],
        "passedTests": [f.check for f in passed],
        "warnedTests": [f.check for f in warned],
        "failedTests": [f.check for f in [*failed, *crashed]],
        "complete": facts.complete,
        "problems": [visible(cut_sentence(problem, 500)) for problem in facts.problems],
        "findings": [_finding(f) for f in report.findings if f.status != "not-applicable"],
    }
    if report.provenance.timestamp:
        predicate["timestamp"] = report.provenance.timestamp
    statement = {
        "_type": STATEMENT,
        "subject": [
            {"name": visible(name, 500), "digest": {"sha256": digest}} for name, digest in named if digest
        ],
        "predicateType": PREDICATE,
        "predicate": predicate,
    }
    return json.dumps(statement, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def _configuration(report: Report) -> dict[str, Any]:
    """What judged: the tool with its options, as a resource whose digest is that of their JSON."""
    options = {"tool": f"{report.tool.name} {report.tool.version}", **report.provenance.options}
    written = json.dumps(options, ensure_ascii=False, sort_keys=True).encode("utf-8")
    return {
        "name": f"{report.tool.name} {report.tool.version}",
        "digest": {"sha256": hashlib.sha256(written).hexdigest()},
        "annotations": {name: visible(value, 500) for name, value in options.items()},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "category": finding.category,
        "status": finding.status,
        "severity": finding.severity,
        "title": finding.title,
        "evidence": visible(cut_sentence(finding.evidence, 2000)),
        "threshold": finding.threshold,
        "where": [visible(path, 500) for path in finding.where[:100]],
        "places": len(finding.where),
    }
