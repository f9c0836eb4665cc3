"""Families of the models in files: heads that the file tells, adapters, and networks of one simple run."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from pthreport.anatomy import describe
from pthreport.checkpoint import open_checkpoint
from pthreport.document import Model
from tests.anatomy.test_families import shapes_of


def of_file(tmp_path: Path, value: Any) -> Model:
    torch.save(value, tmp_path / "file.pt")
    with open_checkpoint(tmp_path / "file.pt") as checkpoint:
        return max((m.described for m in describe(checkpoint).models), key=lambda m: m.parameters)


def small_bert() -> dict[str, torch.Tensor]:
    shapes = {
        k: s
        for k, s in shapes_of("transformers BertModel base").items()
        if ".layer." not in k or ".layer.1." in k or ".layer.0." in k
    }
    narrow = {768: 48, 3072: 96, 30522: 100, 512: 32}
    return {k: torch.zeros([narrow.get(n, n) for n in s], dtype=torch.float16) for k, s in shapes.items()}


def test_heads_are_told_by_a_configuration_of_the_same_width(tmp_path: Path) -> None:
    weights = small_bert()
    bare = of_file(tmp_path, {"model": weights})
    told = of_file(tmp_path, {"model": weights, "config": {"hidden_size": 48, "num_attention_heads": 6}})
    other = of_file(tmp_path, {"model": weights, "config": {"hidden_size": 64, "num_attention_heads": 8}})
    torn = of_file(
        tmp_path,
        {"model": weights, "a": {"d_model": 48, "nhead": 6}, "b": {"d_model": 48, "nhead": 4}},
    )
    assert bare.family is not None
    assert bare.family.facts["vocabulary"] == "100"
    assert told.family is not None
    assert told.family.facts["heads"] == "6"
    assert told.family.facts["heads known by"] == "said in config"
    for model in (bare, other, torn):
        assert model.family is not None
        assert "heads" not in model.family.facts


def test_heads_are_told_by_the_modules_of_a_model_saved_whole(tmp_path: Path) -> None:
    """The settings of torch's own attention, in a file that holds the objects themselves."""
    tables = nn.Module()
    tables.word = nn.Embedding(100, 48)
    tables.position = nn.Embedding(32, 48)
    tables.norm = nn.LayerNorm(48)
    model = nn.Module()
    model.embeddings = tables
    model.layers = nn.ModuleList([Apart(48, 4) for _ in range(3)])
    family = of_file(tmp_path, model).family
    assert family is not None
    assert family.variant == "BERT-like encoder of 3 blocks"
    assert family.facts["heads"] == "4"
    assert family.facts["heads known by"].startswith("said by layers.0.attention")


class Attention(nn.Module):
    """Projections apart, with the number of heads as a plain attribute."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.num_heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))


class Apart(nn.Module):
    """A block of such an attention and a feed-forward part."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)


def test_factors_of_adapters_are_no_perceptron(tmp_path: Path) -> None:
    weights = {"q.lora_A.weight": torch.zeros(4, 32), "q.lora_B.weight": torch.zeros(16, 4)}
    assert of_file(tmp_path, weights).family is None


def test_a_perceptron_is_all_of_a_model_or_none_of_it(tmp_path: Path) -> None:
    layers = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
    family = of_file(tmp_path, layers.state_dict()).family
    assert family is not None
    assert (family.name, family.facts) == (
        "MLP",
        {"depth": "3", "width": "64", "inputs": "20", "outputs": "3"},
    )
    beside = nn.ModuleDict({"features": nn.Conv2d(3, 8, 3), "classifier": layers})
    assert of_file(tmp_path, beside.state_dict()).family is None


def test_linear_layers_whose_order_no_name_tells_are_nothing(tmp_path: Path) -> None:
    """An autoencoder's decoder comes before its encoder in the alphabet, and fits there as well."""
    coder = {
        "encoder": nn.Sequential(nn.Linear(64, 32), nn.Linear(32, 8)),
        "decoder": nn.Sequential(nn.Linear(8, 32), nn.Linear(32, 64)),
    }
    assert of_file(tmp_path, nn.ModuleDict(coder).state_dict()).family is None
    between = nn.ModuleDict(
        {"hidden0": nn.Linear(9, 16), "hidden1": nn.Linear(16, 16), "a_head": nn.Linear(16, 2)}
    )
    family = of_file(tmp_path, between.state_dict()).family
    assert family is not None
    assert (family.facts["inputs"], family.facts["outputs"]) == ("9", "2")
    ring = nn.ModuleDict(
        {"hidden0": nn.Linear(9, 16), "hidden1": nn.Linear(16, 9), "a_head": nn.Linear(9, 9)}
    )
    assert of_file(tmp_path, ring.state_dict()).family is None


def test_an_encoder_and_a_decoder_that_recur_are_no_stack(tmp_path: Path) -> None:
    model = nn.ModuleDict({"encoder": nn.LSTM(32, 48), "decoder": nn.LSTM(48, 48)})
    assert of_file(tmp_path, model.state_dict()).family is None


def test_words_before_recurrent_layers(tmp_path: Path) -> None:
    model = nn.ModuleDict(
        {
            "embedding": nn.Embedding(500, 32),
            "rnn": nn.GRU(32, 48, 2, bidirectional=True),
            "fc": nn.Linear(96, 4),
        }
    )
    family = of_file(tmp_path, model.state_dict()).family
    assert family is not None
    assert family.variant == "bidirectional GRU of 2 layers"
    assert family.facts == {
        "depth": "2", "width": "48", "directions": "2", "inputs": "32", "vocabulary": "500", "outputs": "4",
    }  # fmt: skip
