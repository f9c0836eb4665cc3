"""Whether a report belongs to a checkpoint: by its digest, by its numbers, from each kind of file."""

import base64
import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import pthreport
from pthreport.document import Report, ReportError, from_json, to_json
from pthreport.render.embedded import report_in
from pthreport.render.pdf import PangoMissingError, check_pango
from tests.checks.examples import trained
from tests.command.command import run
from tests.conftest import needs_system


def has_pango() -> bool:
    try:
        check_pango()
    except PangoMissingError:
        return False
    return True


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verify") / "model.pth"
    torch.save({"model": trained(), "epoch": 3}, path)
    return path


@pytest.fixture(scope="module")
def reports(checkpoint: Path) -> dict[str, Path]:
    report = pthreport.analyze(checkpoint)
    paths = {kind: checkpoint.with_name(f"report.{kind}") for kind in ("html", "json")}
    for path in paths.values():
        report.save(path)
    return paths


def changed(checkpoint: Path, folder: Path) -> Path:
    """The same model with one value of one weight moved by its last digit."""
    state = trained()
    weight = state["fc.weight"]
    weight[3, 5] = torch.nextafter(weight[3, 5], torch.tensor(torch.inf))
    path = folder / "model.pth"
    torch.save({"model": state, "epoch": 3}, path)
    return path


@pytest.mark.parametrize("kind", ["html", "json"])
@pytest.mark.parametrize("full", [False, True])
def test_a_report_belongs_to_its_checkpoint(
    checkpoint: Path, reports: dict[str, Path], kind: str, full: bool, tmp_path: Path
) -> None:
    renamed = tmp_path / "other_name.bin"
    shutil.copy(checkpoint, renamed)
    found = pthreport.verify(reports[kind], renamed, full=full)
    assert found.matches, found.lines
    assert found.lines[0].startswith("SHA-256 is the same: ")
    assert full is found.lines[-1].startswith("the numbers are the same: 9 tensors, 9 of them measured")


@pytest.mark.parametrize("kind", ["html", "json"])
def test_it_does_not_belong_to_another(
    checkpoint: Path, reports: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    other = changed(checkpoint, tmp_path)
    assert not pthreport.verify(reports[kind], other).matches
    found = pthreport.verify(reports[kind], other, full=True)
    assert not found.matches
    assert any(line.startswith("SHA-256: ") for line in found.lines)


def test_full_says_which_numbers_differ(checkpoint: Path, reports: dict[str, Path], tmp_path: Path) -> None:
    """A report that somebody mended by hand still names the right digest."""
    plain = json.loads(reports["json"].read_bytes())
    record = next(t for t in plain["tensors"] if t["path"] == "model.fc.weight")
    record["statistics"]["mean"] = 0.5
    plain["imports"].append({"module": "os", "name": "system", "verdict": "dangerous", "why": "w"})
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(plain))
    assert pthreport.verify(forged, checkpoint).matches
    found = pthreport.verify(forged, checkpoint, full=True)
    assert not found.matches
    assert "import os.system (dangerous): only in the report" in found.lines
    assert any(line.startswith("model.fc.weight: mean is 0.5 in the report, ") for line in found.lines)


def test_the_pdf_carries_the_report(checkpoint: Path, tmp_path: Path) -> None:
    needs_system("Pango", has_pango())
    report = pthreport.analyze(checkpoint)
    path = tmp_path / "report.pdf"
    report.save(path)
    assert to_json(report_in(path)) == to_json(report)
    assert pthreport.verify(path, checkpoint, full=True).matches
    content = path.read_bytes()
    at = content.index(b"/Type /EmbeddedFile")
    stream = content.index(b"stream\n", at) + 7
    path.write_bytes(content[: stream + 100] + bytes(50) + content[stream + 150 :])
    with pytest.raises(ReportError, match="damaged"):
        report_in(path)


def test_without_a_digest_only_the_numbers_can_tell(checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    pthreport.analyze(checkpoint, hash=False).save(path)
    with pytest.raises(ReportError, match="--full"):
        pthreport.verify(path, checkpoint)
    assert pthreport.verify(path, checkpoint, full=True).matches
    assert not pthreport.verify(path, changed(checkpoint, tmp_path), full=True).matches


def test_other_libraries_may_round_otherwise(checkpoint: Path, tmp_path: Path) -> None:
    plain = json.loads(to_json(pthreport.analyze(checkpoint, hash=False)))
    record = next(t for t in plain["tensors"] if t["path"] == "model.fc.weight")
    record["statistics"]["l2"] *= 1 + 1e-12
    path = tmp_path / "r.json"
    path.write_text(json.dumps(plain))
    assert not pthreport.verify(path, checkpoint, full=True).matches
    plain["provenance"]["libraries"]["numpy"] = "1.99"
    path.write_text(json.dumps(plain))
    assert pthreport.verify(path, checkpoint, full=True).matches
    record["statistics"]["zeros"] += 1
    path.write_text(json.dumps(plain))
    assert not pthreport.verify(path, checkpoint, full=True).matches


@pytest.mark.parametrize("options", [{"depth": "summary"}, {"tensors": "*.weight"}, {"depth": "full"}])
def test_full_measures_as_the_report_did(checkpoint: Path, options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    pthreport.analyze(checkpoint, **options).save(path)
    found = pthreport.verify(path, checkpoint, full=True)
    assert found.matches, found.lines


def test_limits_in_a_report_are_not_taken(
    checkpoint: Path, reports: dict[str, Path], tmp_path: Path
) -> None:
    plain = json.loads(reports["json"].read_bytes())
    plain["provenance"]["options"]["limit nodes"] = "1"
    path = tmp_path / "r.json"
    path.write_text(json.dumps(plain))
    assert pthreport.verify(path, checkpoint, full=True).matches


def page_with(packed: bytes) -> bytes:
    return b'<a href="data:application/gzip;base64,' + base64.b64encode(packed) + b'">'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no report of pthreport is in it"),
        (b"<html></html>", "no report of pthreport is in it"),
        (b"%PDF-1.7\n%%EOF", "no report of pthreport attached"),
        (b"{}", "not a pthreport report"),
        (b'{"schema_version": "9.0"}', "not a pthreport report"),
        (page_with(b"not gzip"), "damaged"),
        (page_with(gzip.compress(b"[1]" * 1000, mtime=0)[:-20]), "end too early"),
        (page_with(gzip.compress(b"[1]", mtime=0)), "not a pthreport report"),
        (b'<a href="data:application/gzip;base64,AAA">', "damaged"),
    ],
)
def test_what_is_no_report_is_said_in_one_line(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_bytes(content)
    with pytest.raises(ReportError, match=words) as caught:
        report_in(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_bomb_in_a_page_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pthreport.render.embedded.LARGEST", 1 << 16)
    path = tmp_path / "r.html"
    path.write_bytes(page_with(gzip.compress(bytes(1 << 20))))
    with pytest.raises(ReportError, match="no end"):
        report_in(path)


def test_the_command(checkpoint: Path, reports: dict[str, Path], tmp_path: Path) -> None:
    same = run("verify", reports["html"], checkpoint)
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout.splitlines()[-1] == "the report belongs to the checkpoint"
    other = run("verify", reports["html"], changed(checkpoint, tmp_path), "--quiet")
    assert other.returncode == 1
    assert len(other.stderr.splitlines()) == 1
    for arguments in (("verify",), ("verify", reports["html"]), ("verify", checkpoint, checkpoint)):
        refused = run(*arguments)
        assert refused.returncode == 2
        assert len(refused.stderr.splitlines()) == 1
    assert "REPORT" in run("verify", "--help").stdout


def test_a_file_called_verify_stays_a_file(
    checkpoint: Path, reports: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copy(checkpoint, tmp_path / "verify")
    for name in ("verify", "./verify"):
        ran = run(name, "-o", "out.json", "--quiet", cwd=tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert from_json((tmp_path / "out.json").read_bytes()).checkpoint.name == "verify"


def test_a_folder_is_verified_by_the_digests_of_its_files(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    folder = tmp_path / "model"
    folder.mkdir()
    names = list(trained())
    index: dict[str, Any] = {"metadata": {}, "weight_map": {}}
    for at in range(2):
        part = {n: trained()[n].clone() for n in names[at::2]}
        save_file(part, folder / f"model-0000{at + 1}-of-00002.safetensors")
        index["weight_map"] |= dict.fromkeys(part, f"model-0000{at + 1}-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    report: Report = pthreport.analyze(folder)
    path = tmp_path / "r.json"
    report.save(path)
    assert pthreport.verify(path, folder).matches
    (folder / "model-00002-of-00002.safetensors").write_bytes(
        (folder / "model-00001-of-00002.safetensors").read_bytes()
    )
    assert not pthreport.verify(path, folder).matches
