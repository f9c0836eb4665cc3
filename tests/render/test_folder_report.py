"""The report of a folder names the files that were read, each with its SHA-256."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import pthreport
from pthreport.document import to_json
from pthreport.render import render


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two shards, their index, a configuration; and a file that has nothing to do with them."""
    place = tmp_path / "sharded"
    place.mkdir()
    save_file({"a.weight": torch.randn(4, 3)}, place / "model-00001-of-00002.safetensors")
    save_file({"b.weight": torch.randn(2, 4)}, place / "model-00002-of-00002.safetensors")
    shards = {name: f"model-0000{n}-of-00002.safetensors" for n, name in ((1, "a.weight"), (2, "b.weight"))}
    index = {"metadata": {"total_size": 80}, "weight_map": shards}
    (place / "model.safetensors.index.json").write_text(json.dumps(index))
    (place / "config.json").write_text('{"model_type": "x"}')
    (place / "notes.txt").write_text("not read")
    return place


READ = [
    "config.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "model.safetensors.index.json",
]


def test_each_file_that_was_read(folder: Path) -> None:
    facts = pthreport.analyze(folder).checkpoint
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in READ}
    assert {one.name: one.sha256 for one in facts.files} == digests
    assert [one.name for one in facts.files] == READ
    assert facts.size == sum(one.size for one in facts.files)
    lines = "".join(f"{digests[name]}  {name}\n" for name in READ)
    assert facts.sha256 == hashlib.sha256(lines.encode()).hexdigest()


def test_without_hashes(folder: Path) -> None:
    facts = pthreport.analyze(folder, hash=False).checkpoint
    assert [one.name for one in facts.files] == READ
    assert {one.sha256 for one in facts.files} == {None}
    assert facts.sha256 is None


def test_the_page_and_the_summary_say_so(folder: Path) -> None:
    report = pthreport.analyze(folder)
    page = render(report, ".html").decode()
    for one in report.checkpoint.files:
        assert f"<td class=m>{one.sha256}" in page.replace('"', "")
    assert "4 files read" in page
    assert "4 files" in render(report, ".md").decode()
    again = pthreport.from_json(to_json(report))
    assert render(again, ".html").decode() == page


def test_a_single_file_is_not_listed_again(folder: Path) -> None:
    facts = pthreport.analyze(folder / READ[1]).checkpoint
    assert facts.files == ()
    assert facts.sha256 == hashlib.sha256((folder / READ[1]).read_bytes()).hexdigest()
    assert "files read" not in render(pthreport.analyze(folder / READ[1]), ".html").decode()


def test_the_index_stands_for_the_folder(folder: Path) -> None:
    facts = pthreport.analyze(folder / READ[3]).checkpoint
    assert [one.name for one in facts.files] == READ
