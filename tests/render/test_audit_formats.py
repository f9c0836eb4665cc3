"""The in-toto statement and the CycloneDX bill of materials: their forms, and what they say."""

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from referencing import Registry, Resource

import pthreport
from pthreport.document import FileFacts, Report
from pthreport.render import OutputError, render
from tests.checks.examples import trained
from tests.command.command import run
from tests.render.reports import small_report


def cyclonedx_schema() -> jsonschema.Draft7Validator:
    """CycloneDX 1.6 with the schemas that it refers to, as the project publishes them in its library."""
    folder = resources.files("cyclonedx.schema") / "_res"
    loaded = {
        name: json.loads((folder / name).read_text("utf-8"))
        for name in (
            "bom-1.6.SNAPSHOT.schema.json",
            "spdx.SNAPSHOT.schema.json",
            "jsf-0.82.SNAPSHOT.schema.json",
        )
    }
    registry: Registry[Any] = Registry().with_resources(
        [
            (address, Resource.from_contents(schema))
            for name, schema in loaded.items()
            for address in (schema["$id"], f"http://cyclonedx.org/schema/{name}", name)
        ]
    )
    return jsonschema.Draft7Validator(loaded["bom-1.6.SNAPSHOT.schema.json"], registry=registry)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audit") / "model.pth"
    torch.save({"model": trained(), "epoch": 3}, path)
    return path


def bom(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(report, ".cdx.json"))
    cyclonedx_schema().validate(document)
    return document


def statement(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(report, ".intoto.json"))
    return document


def replaced(part: Any, **changes: Any) -> Any:
    return type(part)(**{**{n: getattr(part, n) for n in part.__struct_fields__}, **changes})


def test_the_schema_refuses_what_is_wrong() -> None:
    document = bom(small_report())
    document["metadata"]["component"]["type"] = "model"
    with pytest.raises(jsonschema.ValidationError):
        cyclonedx_schema().validate(document)


def test_a_bill_of_materials_says_what_the_bytes_prove(model: Path) -> None:
    report = pthreport.analyze(model)
    document = bom(report)
    component = document["metadata"]["component"]
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]
    assert (component["type"], component["name"]) == ("machine-learning-model", "model.pth")
    said = {p["name"]: p["value"] for p in component["properties"]}
    assert said["pthreport:container"] == "torch-zip"
    assert said["pthreport:elements:float32"] == str(
        sum(t.numel() for t in trained().values() if t.dtype is torch.float32)
    )
    assert said["pthreport:weights-only"] == "true"
    assert "convolutional" not in json.dumps(document), "what is inferred stays out"
    assert document["serialNumber"] == bom(pthreport.analyze(model))["serialNumber"]


def test_the_statement_is_about_the_digest(model: Path) -> None:
    document = statement(pthreport.analyze(model))
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert document["subject"] == [{"name": "model.pth", "digest": {"sha256": digest}}]
    predicate = document["predicate"]
    assert predicate["result"] == "PASSED"
    assert "nonfinite-weights" in predicate["passedTests"]
    (configuration,) = predicate["configuration"]
    assert set(configuration) == {"name", "digest", "annotations"}
    assert configuration["annotations"]["depth"] == "standard"


def test_a_failure_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "ill.pth"
    torch.save({"fc.weight": torch.full((4, 4), torch.nan), "fc.bias": torch.randn(4)}, path)
    predicate = statement(pthreport.analyze(path))["predicate"]
    assert predicate["result"] == "FAILED"
    assert predicate["failedTests"] == ["nonfinite-weights"]
    (found,) = [f for f in predicate["findings"] if f["check"] == "nonfinite-weights"]
    assert found["where"] == ["fc.weight"]
    cut = tmp_path / "cut.pth"
    cut.write_bytes(path.read_bytes()[:-200])
    predicate = statement(pthreport.analyze(cut))["predicate"]
    assert (predicate["result"], predicate["complete"]) == ("FAILED", False)
    assert predicate["problems"]


def test_without_a_digest_there_is_no_statement(model: Path, tmp_path: Path) -> None:
    report = pthreport.analyze(model, hash=False)
    with pytest.raises(OutputError, match="--no-hash"):
        render(report, ".intoto.json")
    assert "hashes" not in bom(report)["metadata"]["component"]
    refused = run(model, "--no-hash", "-o", tmp_path / "r.intoto.json")
    assert refused.returncode == 2
    assert "leave out --no-hash" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_is_its_files() -> None:
    report = small_report()
    files = tuple(FileFacts(name=f"part-{i}", size=i, sha256=str(i) * 64) for i in (1, 2))
    folder = replaced(report, checkpoint=replaced(report.checkpoint, sha256="a" * 64, files=files))
    subject = statement(folder)["subject"]
    assert [s["digest"]["sha256"][0] for s in subject] == ["1", "2"]
    component = bom(folder)["metadata"]["component"]
    assert "hashes" not in component
    assert [c["name"] for c in component["components"]] == ["part-1", "part-2"]


def test_the_command_writes_both(model: Path, tmp_path: Path) -> None:
    ran = run(model, "-o", tmp_path / "m.intoto.json", "-o", tmp_path / "m.cdx.json", "--quiet")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads((tmp_path / "m.intoto.json").read_bytes())["predicateType"].startswith("https://")
    cyclonedx_schema().validate(json.loads((tmp_path / "m.cdx.json").read_bytes()))
