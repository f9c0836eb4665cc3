"""Sizes that are said twice and are not the same."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import pthreport
from tests.checkpoint import folders
from tests.checkpoint.files import rezip, save
from tests.checks.examples import Examples, analyzed, finding, saved, weights


def short(folder: Path) -> Path:
    """A storage whose member holds fewer bytes than the pickle says."""
    whole = save(folder / "w.pth", weights())
    return rezip(
        whole,
        folder / "file.pth",
        change=lambda name, content: content[:16] if name.endswith("data/0") else content,
    )


EXAMPLES = Examples(faulty=short, sound=saved(weights()), found="fail")


def test_a_storage_and_its_member(tmp_path: Path) -> None:
    found = finding(pthreport.analyze(short(tmp_path)), "disagreeing-sizes")
    assert (found.status, found.severity) == ("fail", "error")
    assert "1,728 bytes are declared, the member has 16" in found.evidence


def test_an_index_and_its_shards(tmp_path: Path) -> None:
    place = folders.shard(tmp_path / "model", folders.weights(), 2)
    index = place / "model.safetensors.index.json"
    content = json.loads(index.read_text())
    content["weight_map"]["model.layers.9.weight"] = "model-00001-of-00002.safetensors"
    index.write_text(json.dumps(content))
    found = finding(pthreport.analyze(place), "disagreeing-sizes")
    assert "lacks what the index names for it" in found.evidence
    assert "model.layers.9.weight" in found.evidence


def bert(**changes: int) -> dict[str, object]:
    return {
        "vocab_size": 50,
        "hidden_size": 8,
        "max_position_embeddings": 16,
        "type_vocab_size": 2,
        **changes,
    }


def embeddings() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {
        "embeddings.word_embeddings.weight": torch.randn(50, 8),
        "embeddings.position_embeddings.weight": torch.randn(16, 8),
        "embeddings.token_type_embeddings.weight": torch.randn(2, 8),
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vocab_size": 60}, "word_embeddings.weight: vocab_size = 60, the tensor has 50 rows"),
        ({"max_position_embeddings": 512}, "max_position_embeddings = 512, the tensor has 16 rows"),
        ({"type_vocab_size": 3}, "type_vocab_size = 3, the tensor has 2 rows"),
        ({"hidden_size": 16}, "hidden_size = 16, the tensor has 8 columns"),
        ({}, None),
        ({"vocab_size": 40}, None),  # rows that pad the vocabulary
        ({"hidden_size": 16, "embedding_size": 8}, None),  # ALBERT
    ],
)
def test_a_configuration_and_its_embeddings(
    changes: dict[str, int], words: str | None, tmp_path: Path
) -> None:
    save_file(embeddings(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(bert(**changes)))
    found = finding(pthreport.analyze(tmp_path), "disagreeing-sizes")
    assert found.status == ("pass" if words is None else "fail"), found.evidence
    assert words is None or words in found.evidence


def test_a_configuration_inside_the_file(tmp_path: Path) -> None:
    report = analyzed(tmp_path, {"model": embeddings(), "config": bert(vocab_size=99)})
    assert finding(report, "disagreeing-sizes").where == ("model.embeddings.word_embeddings.weight",)
