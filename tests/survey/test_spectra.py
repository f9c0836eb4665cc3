"""Which matrices of a file have a spectrum, against torch's SVD in float64."""

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

import pthreport
from pthreport.document import Layer


def layers_of(path: Path, tree: Any) -> dict[str, Layer]:
    """The layers of the report on a file with `tree`, by name."""
    torch.save(tree, path)
    return {layer.name: layer for layer in pthreport.analyze(path, hash=False).models[0].layer_list}


def norm(matrix: Tensor) -> float:
    return float(torch.linalg.svdvals(matrix.detach().double())[0])


def parts(layer: Layer) -> dict[str, float]:
    return {part.part: part.spectral_norm for part in layer.spectra}


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-10)


def test_recurrent_gates_of_every_matrix(tmp_path: Path) -> None:
    torch.manual_seed(0)
    lstm = nn.LSTM(20, 24, num_layers=2, bidirectional=True, proj_size=8)
    model = nn.ModuleDict({"rnn": lstm, "head": nn.Linear(16, 5)})
    layer = layers_of(tmp_path / "m.pth", model.state_dict())["rnn"]
    weights = dict(lstm.named_parameters())
    assert layer.spectrum is not None
    assert layer.spectrum.spectral_norm == close(norm(weights["weight_ih_l0"]))
    found = parts(layer)
    assert found["forget gate"] == close(norm(weights["weight_ih_l0"][24:48]))
    for name in ("weight_hh_l0", "weight_ih_l1_reverse", "weight_hh_l1", "weight_hr_l1_reverse"):
        assert found[name] == close(norm(weights[name]))
    assert found["weight_hh_l1_reverse, output gate"] == close(norm(weights["weight_hh_l1_reverse"][72:]))
    assert "weight_hr_l0, forget gate" not in found
    assert not any("bias" in name for name in found)


def test_fused_projections_and_heads_that_the_configuration_tells(tmp_path: Path) -> None:
    torch.manual_seed(1)
    weights = {
        "h.0.attn.qkv_proj.weight": torch.randn(96, 48),
        "h.0.attn.o_proj.weight": torch.randn(48, 48),
        "h.0.mlp.fc.weight": torch.randn(64, 48),
    }
    plain = layers_of(tmp_path / "plain.pth", weights)
    assert plain["h.0.attn.qkv_proj"].spectra == ()
    config = {"num_attention_heads": 6, "num_key_value_heads": 3, "hidden_size": 48}
    layers = layers_of(tmp_path / "m.pth", {"model": weights, "config": config})
    fused, output = parts(layers["h.0.attn.qkv_proj"]), parts(layers["h.0.attn.o_proj"])
    weight = weights["h.0.attn.qkv_proj.weight"]
    assert fused["query"] == close(norm(weight[:48]))
    assert fused["key"] == close(norm(weight[48:72]))
    assert fused["value, head 2"] == close(norm(weight[88:]))
    assert len(fused) == 3 + 6 + 3 + 3
    assert output["output, head 5"] == close(norm(weights["h.0.attn.o_proj.weight"][:, 40:]))
    assert parts(layers["h.0.mlp.fc"]) == {}


def test_heads_from_a_folders_configuration(tmp_path: Path) -> None:
    torch.manual_seed(2)
    weights = {f"encoder.layer.0.attention.self.{n}.weight": torch.randn(32, 32) for n in ("query", "key")}
    safetensors.torch.save_file(weights, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"num_attention_heads": 4}))
    (layers,) = (model.layers for model in pthreport.analyze(tmp_path, hash=False).models)
    found = parts(layers["encoder.layer.0.attention.self.query"])
    weight = weights["encoder.layer.0.attention.self.query.weight"]
    assert found == {f"query, head {n}": close(norm(weight[8 * n : 8 * n + 8])) for n in range(4)}


def test_configurations_that_differ_tell_nothing(tmp_path: Path) -> None:
    weights = {"attn.q_proj.weight": torch.randn(32, 32), "fc.weight": torch.randn(8, 32)}
    tree = {"model": weights, "text": {"n_head": 4}, "image": {"n_head": 8}}
    assert layers_of(tmp_path / "m.pth", tree)["attn.q_proj"].spectra == ()


@pytest.mark.parametrize("turned", [False, True])
def test_stacks_of_matrices(tmp_path: Path, turned: bool) -> None:
    torch.manual_seed(3)
    experts = torch.randn(5, 30, 20)
    if turned:
        experts = experts.transpose(0, 2).contiguous().transpose(0, 2)
    positions = torch.randn(1, 60, 16)
    weights = {"experts.w_up": experts, "pos_embed": positions, "cls_token": torch.randn(1, 1, 16)}
    layers = layers_of(tmp_path / "m.pth", {**weights, "head.weight": torch.randn(4, 16)})
    up = layers["experts.w_up"] if "experts.w_up" in layers else layers["experts"]
    assert up.spectrum is not None
    assert up.spectrum.shape == (150, 20)
    assert up.spectrum.spectral_norm == close(norm(experts.reshape(150, 20)))
    assert parts(up) == {f"[{n}]": close(norm(experts[n])) for n in range(5)}
    embedding = layers["pos_embed"].spectrum
    assert embedding is not None
    assert embedding.shape == (60, 16)
    assert embedding.spectral_norm == close(norm(positions[0]))
    assert layers["pos_embed"].spectra == ()


def test_multihead_attention_and_weight_norm(tmp_path: Path) -> None:
    torch.manual_seed(4)
    attention = nn.MultiheadAttention(24, 4)
    normed = nn.utils.parametrizations.weight_norm(nn.Linear(24, 10))
    model = nn.ModuleDict({"attn": attention, "fc": normed})
    layers = layers_of(tmp_path / "m.pth", model.state_dict())
    weight = attention.in_proj_weight
    assert weight is not None
    assert parts(layers["attn"])["value"] == close(norm(weight[48:]))
    direction = model.state_dict()["fc.parametrizations.weight.original1"]
    found = layers["fc"]
    norms = [one.spectral_norm for one in (found.spectrum, *found.spectra) if one is not None]
    assert norms == [close(norm(direction))]


def test_embeddings_and_kernels(tmp_path: Path) -> None:
    torch.manual_seed(5)
    model = nn.ModuleDict(
        {
            "conv": nn.Conv2d(12, 16, 3),
            "up": nn.ConvTranspose2d(16, 8, 4, groups=2),
            "emb": nn.Embedding(50, 12),
        }
    )
    layers = layers_of(tmp_path / "m.pth", model.state_dict())
    conv = model.state_dict()["conv.weight"]
    found = layers["conv"].spectrum
    assert found is not None
    assert found.shape == (16, 108)
    assert found.spectral_norm == close(norm(conv.reshape(16, -1)))
    assert found.pooled is not None
    assert found.pooled.count == 9 * 12
    up = layers["up"].spectrum
    assert up is not None
    assert up.shape == (8, 16 // 2 * 4 * 4)
    embedding = layers["emb"].spectrum
    assert embedding is not None
    assert embedding.spectral_norm == close(norm(model.state_dict()["emb.weight"]))
