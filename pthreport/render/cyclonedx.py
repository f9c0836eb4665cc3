"""The checkpoint as a CycloneDX machine-learning bill of materials, with only what its bytes prove.

https://cyclonedx.org/docs/1.6/json/ . What is inferred (the family of a network, its kind of optimizer) stays
out: a bill of materials is read by machines that do not see how sure a statement is.
"""

import json
import uuid
from collections import Counter
from typing import Any

from pthreport.document import Report
from pthreport.document.text import visible

SPACE = uuid.UUID("6f4b7f6e-7d0c-5b1e-9a44-5d1c3b1f0b52")
"""The name space of serial numbers: the same checkpoint gives the same one."""

IMPORTS = 200
"""Imports listed; their number is given."""


def render_cyclonedx(report: Report) -> bytes:
    """The document as JSON, UTF-8; the same report gives the same bytes."""
    facts = report.checkpoint
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": "checkpoint",
        "name": visible(facts.name, 500) or "checkpoint",
        "properties": _properties(report),
    }
    metadata: dict[str, Any] = {
        "tools": {
            "components": [
                {"type": "application", "name": report.tool.name, "version": report.tool.version}
            ]
        },
        "component": component,
    }
    if report.provenance.timestamp:
        metadata["timestamp"] = report.provenance.timestamp
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
    }
    if facts.sha256:
        document["serialNumber"] = f"urn:uuid:{uuid.uuid5(SPACE, facts.sha256)}"
    if facts.files:
        component["components"] = [
            {
                "type": "file",
                "name": visible(file.name, 500),
                **({"hashes": [_hash(file.sha256)]} if file.sha256 else {}),
                "properties": [_property("size", str(file.size))],
            }
            for file in facts.files
        ]
    elif facts.sha256:
        # A folder's digest is one of a list of digests, which nobody else could make of a component.
        component["hashes"] = [_hash(facts.sha256)]
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"


def _hash(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"pthreport:{name}", "value": visible(value, 500)}


def _properties(report: Report) -> list[dict[str, str]]:
    """What stands in the file: container, size, tensors, types, and every name that loading would import."""
    facts = report.checkpoint
    found = [
        _property("container", facts.container),
        _property("size", str(facts.size)),
        _property("complete", "true" if facts.complete else "false"),
        _property("tensors", str(len(report.tensors))),
        _property("elements", str(sum(t.numel for t in report.tensors))),
    ]
    elements = Counter[str]()
    for tensor in report.tensors:
        elements[tensor.dtype] += tensor.numel
    found += [_property(f"elements:{name}", str(count)) for name, count in sorted(elements.items())]
    found += [_property(f"format:{name}", value) for name, value in facts.format.items()]
    if facts.torch is not None:
        accepted = "true" if facts.torch.weights_only else "false"
        found.append(_property("weights-only", accepted))
    found.append(_property("imports", str(len(report.imports) + report.imports_left_out)))
    found += [_property(f"import:{i.verdict}", f"{i.module}.{i.name}") for i in report.imports[:IMPORTS]]
    return found
