"""Low-rank adapters in a whole report: names of every library, figures against torch in float64."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import pthreport
from pthreport.document import Adapter, from_json, to_json

A, B = "lora_A.weight", "lora_B.weight"


def adapters(value: Any, path: Path) -> tuple[Adapter, ...]:
    torch.save(value, path / "adapter.pt")
    report = pthreport.analyze(path / "adapter.pt")
    assert to_json(from_json(to_json(report))) == to_json(report)
    return report.models[0].adapters


def factors(
    rank: int = 4, inputs: int = 24, outputs: int = 40, *kernel: int
) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(rank + inputs)
    ones = [1] * len(kernel)
    return (
        torch.randn(rank, inputs, *kernel, generator=generator),
        torch.randn(outputs, rank, *ones, generator=generator),
    )


def agree(adapter: Adapter, delta: torch.Tensor, base: torch.Tensor | None = None) -> None:
    """The figures of `adapter` are those of the change `delta`, written out."""
    assert adapter.problem == ""
    values = torch.linalg.svdvals(delta.double())
    share = values[values > 1e-12 * values.max()] / values.sum()
    assert adapter.delta_norm == pytest.approx(float(delta.double().norm()), rel=1e-5)
    assert adapter.spectral_norm == pytest.approx(float(values[0]), rel=1e-5)
    assert adapter.stable_rank == pytest.approx(float((values / values[0]).square().sum()), rel=1e-5)
    assert adapter.effective_rank == pytest.approx(float(torch.exp(-(share * share.log()).sum())), rel=1e-4)
    if base is not None:
        expected = float(delta.double().norm() / base.double().norm())
        assert adapter.relative == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("a_name", "b_name", "target"),
    [
        ("base_model.model.h.0.attn.q_proj.lora_A.weight", "base_model.model.h.0.attn.q_proj.lora_B.weight",
         "base_model.model.h.0.attn.q_proj"),
        ("m.q.lora_A.default.weight", "m.q.lora_B.default.weight", "m.q"),
        ("m.emb.lora_embedding_A", "m.emb.lora_embedding_B", "m.emb"),
        ("m.emb.lora_embedding_A.default", "m.emb.lora_embedding_B.default", "m.emb"),
        ("layers.0.q.lora_A", "layers.0.q.lora_B", "layers.0.q"),
        ("lora_unet_down_to_q.lora_down.weight", "lora_unet_down_to_q.lora_up.weight", "lora_unet_down_to_q"),
        ("unet.attn1.to_q.lora.down.weight", "unet.attn1.to_q.lora.up.weight", "unet.attn1.to_q"),
        ("attn1.processor.to_q_lora.down.weight", "attn1.processor.to_q_lora.up.weight", "attn1.processor.to_q"),
        ("te.q.lora_linear_layer.down.weight", "te.q.lora_linear_layer.up.weight", "te.q"),
    ],
)  # fmt: skip
def test_every_library_s_names_pair(tmp_path: Path, a_name: str, b_name: str, target: str) -> None:
    a, b = factors()
    (found,) = adapters({b_name: b, "other.weight": torch.ones(2, 2), a_name: a}, tmp_path)
    assert (found.target, found.form, found.rank, found.shape) == (target, "LoRA", 4, (40, 24))
    assert (found.a, found.b, found.parameters) == (a_name, b_name, a.numel() + b.numel())
    assert (found.scale, found.scaled_by, found.alpha) == (1.0, "", None)
    agree(found, b.double() @ a.double())


def test_several_adapters_of_one_layer(tmp_path: Path) -> None:
    state: dict[str, torch.Tensor] = {}
    for name, rank in (("default", 4), ("style", 2)):
        a, b = factors(rank)
        state |= {f"m.q.lora_A.{name}.weight": a, f"m.q.lora_B.{name}.weight": b}
    found = adapters(state, tmp_path)
    assert [(one.name, one.rank) for one in found] == [("default", 4), ("style", 2)]


def test_beside_its_base_weight(tmp_path: Path) -> None:
    a, b = factors()
    base = torch.randn(40, 24)
    for name in ("m.q.base_layer.weight", "m.q.weight"):
        (found,) = adapters({name: base, f"m.q.{A}": a, f"m.q.{B}": b}, tmp_path)
        assert found.base == name
        agree(found, b.double() @ a.double(), base)


def test_alpha_as_a_tensor(tmp_path: Path) -> None:
    a, b = factors()
    for alpha in (torch.tensor(2.0), torch.tensor([2.0], dtype=torch.bfloat16), torch.tensor(2)):
        (found,) = adapters({"q.lora_down.weight": a, "q.lora_up.weight": b, "q.alpha": alpha}, tmp_path)
        assert (found.alpha, found.scale, found.scaled_by) == (2.0, 0.5, "q.alpha")
        agree(found, 0.5 * (b.double() @ a.double()))


def test_alpha_from_arguments(tmp_path: Path) -> None:
    a, b = factors()
    state = {f"m.k.{A}": a, f"m.k.{B}": b, f"m.q.{A}": a, f"m.q.{B}": b}
    config = {"r": 4, "lora_alpha": 16, "alpha_pattern": {"q": 8}}
    key, query = adapters({"model": state, "lora": config}, tmp_path)
    assert (key.alpha, key.scale, key.scaled_by) == (16.0, 4.0, "lora.lora_alpha")
    assert (query.alpha, query.scale) == (8.0, 2.0)
    agree(key, 4 * (b.double() @ a.double()))
    (stable, _) = adapters({"model": state, "lora": {"lora_alpha": 16, "use_rslora": True}}, tmp_path)
    assert stable.scale == pytest.approx(8.0)
    (unsure, _) = adapters({"model": state, "one": {"lora_alpha": 16}, "two": {"lora_alpha": 8}}, tmp_path)
    assert (unsure.alpha, unsure.scaled_by, unsure.scale) == (None, "", 1.0)


def test_a_folder_of_peft(tmp_path: Path) -> None:
    a, b = factors()
    save_file(
        {f"base_model.model.q.{A}": a, f"base_model.model.q.{B}": b}, tmp_path / "adapter_model.safetensors"
    )
    (tmp_path / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "r": 4, "lora_alpha": 12})
    )
    (found,) = pthreport.analyze(tmp_path).models[0].adapters
    assert (found.alpha, found.scale, found.scaled_by) == (12.0, 3.0, "adapter_config.lora_alpha")
    agree(found, 3 * (b.double() @ a.double()))


def test_metadata_of_safetensors(tmp_path: Path) -> None:
    a, b = factors()
    for metadata, place in (
        ({"ss_network_alpha": "8"}, "__metadata__.ss_network_alpha"),
        ({"lora_adapter_metadata": json.dumps({"unet.r": 4, "unet.lora_alpha": 8})},
         "__metadata__.lora_adapter_metadata.lora_alpha"),
    ):  # fmt: skip
        save_file({f"q.{A}": a, f"q.{B}": b}, tmp_path / "x.safetensors", metadata)
        (found,) = pthreport.analyze(tmp_path / "x.safetensors").models[0].adapters
        assert (found.alpha, found.scale, found.scaled_by) == (8.0, 2.0, place)


def test_convolutions(tmp_path: Path) -> None:
    a, b = factors(4, 6, 10, 3, 3)
    (found,) = adapters({"c.lora_down.weight": a, "c.lora_up.weight": b}, tmp_path)
    assert found.shape == (10, 54)
    agree(found, torch.einsum("or,rikl->oikl", b[:, :, 0, 0].double(), a.double()).reshape(10, -1))
    turned_b, turned_a = torch.randn(10, 4, 3, 3), torch.randn(4, 6, 1, 1)
    (found,) = adapters({"c.lora_down.weight": turned_a, "c.lora_up.weight": turned_b}, tmp_path)
    assert found.shape == (90, 6)
    agree(
        found,
        torch.einsum("orkl,ri->okli", turned_b.double(), turned_a[:, :, 0, 0].double()).reshape(90, 6),
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16, torch.float8_e4m3fn])
def test_types_and_layouts(tmp_path: Path, dtype: torch.dtype) -> None:
    a, b = (factor.to(dtype) for factor in factors(3, 50, 70))
    state = {f"q.{A}": a.T.contiguous().T if dtype != torch.float8_e4m3fn else a, f"q.{B}": b}
    (found,) = adapters(state, tmp_path)
    agree(found, b.double() @ a.double())


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e30])
def test_tiny_and_huge(tmp_path: Path, scale: float) -> None:
    a, b = (scale * factor for factor in factors())
    agree(adapters({f"q.{A}": a, f"q.{B}": b}, tmp_path)[0], b.double() @ a.double())


def test_long_factors_are_summed_in_panels(tmp_path: Path) -> None:
    a, b = factors(8, 70_000, 50_000)
    (found,) = adapters({f"q.{A}": a, f"q.{B}": b}, tmp_path)
    triangles = torch.linalg.qr(b.double()).R @ torch.linalg.qr(a.double().T).R.T
    assert found.spectral_norm == pytest.approx(float(torch.linalg.svdvals(triangles)[0]), rel=1e-5)
    assert found.delta_norm == pytest.approx(float(triangles.norm()), rel=1e-5)


def test_a_fresh_one_changes_nothing(tmp_path: Path) -> None:
    a, b = factors()
    (found,) = adapters({"q.weight": torch.ones(40, 24), f"q.{A}": a, f"q.{B}": 0 * b}, tmp_path)
    assert (found.delta_norm, found.spectral_norm, found.relative) == (0.0, 0.0, 0.0)
    assert (found.stable_rank, found.effective_rank, found.problem) == (None, None, "")


def test_a_dora_says_what_it_is(tmp_path: Path) -> None:
    a, b = factors()
    for magnitude in ("q.lora_magnitude_vector", "q.lora_magnitude_vector.weight"):
        (found,) = adapters({f"q.{A}": a, f"q.{B}": b, magnitude: torch.ones(40)}, tmp_path)
        assert (found.form, found.parameters) == ("DoRA", a.numel() + b.numel() + 40)
        agree(found, b.double() @ a.double())
    state = {"q.lora_down.weight": a, "q.lora_up.weight": b, "q.dora_scale": torch.ones(40, 1)}
    assert adapters(state, tmp_path)[0].form == "DoRA"


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ({f"q.{A}": torch.ones(4, 24)}, "without its factor B"),
        ({"q.lora_up.weight": torch.ones(40, 4)}, "without its factor A"),
        ({"q.lora_magnitude_vector": torch.ones(40)}, "without its factor A and B"),
        ({f"q.{A}": torch.ones(4, 24), f"q.{B}": torch.ones(40, 8)}, "(4, 24) and (40, 8) do not fit"),
        ({f"q.{A}": torch.ones(24), f"q.{B}": torch.ones(40, 24)}, "do not fit each other"),
        ({f"q.{A}": torch.ones(2, 3, 3, 3), f"q.{B}": torch.ones(4, 2, 3, 3)}, "do not fit each other"),
        ({f"q.{A}": torch.full((2, 3), torch.nan), f"q.{B}": torch.ones(4, 2)}, "not finite"),
        ({f"q.{A}": torch.ones(2, 3), f"q.{B}": torch.full((4, 2), torch.inf)}, "not finite"),
        ({f"q.{A}": torch.full((2, 3), 1e300, dtype=torch.float64), f"q.{B}": torch.ones(4, 2)}, "too large"),
        ({f"q.{A}": torch.ones(2, 3, dtype=torch.int8), f"q.{B}": torch.ones(4, 2)}, "type int8"),
        ({f"q.{A}": torch.ones(3000, 2), f"q.{B}": torch.ones(2, 3000)}, "rank of 3,000"),
        (
            {"q.lora_down.weight": torch.ones(2, 3), "q.lora_up.weight": torch.ones(4, 2), "q.alpha": torch.tensor(torch.nan)},
            "alpha is no finite number",
        ),
        (
            {"q.lora_down.weight": torch.ones(2, 3), "q.lora_up.weight": torch.ones(4, 2), "q.lora_mid.weight": torch.ones(2, 2, 3, 3)},
            "three factors",
        ),
        ({f"q.hada_{n}": torch.ones(4, 4) for n in ("w1_a", "w1_b", "w2_a", "w2_b")}, "a LoHa"),
        ({"q.lokr_w1": torch.ones(4, 4), "q.lokr_w2": torch.ones(8, 8)}, "a LoKr"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(tmp_path: Path, state: dict[str, torch.Tensor], problem: str) -> None:
    (found,) = adapters(state, tmp_path)
    assert problem in found.problem
    assert found.delta_norm is None
    assert len(found.tensors) == len(state)


@pytest.mark.parametrize(("rank", "inputs", "outputs"), [(0, 4, 4), (2, 0, 4), (2, 4, 0)])
def test_empty_factors(tmp_path: Path, rank: int, inputs: int, outputs: int) -> None:
    state = {
        f"q.{A}": torch.ones(rank, inputs),
        f"q.{B}": torch.ones(outputs, rank),
        "x.weight": torch.ones(2),
    }
    (found,) = adapters(state, tmp_path)
    assert (found.delta_norm, found.spectral_norm) == (0.0, 0.0)


def test_no_values_are_read_for_a_summary(tmp_path: Path) -> None:
    a, b = factors()
    torch.save(
        {"q.lora_down.weight": a, "q.lora_up.weight": b, "q.alpha": torch.tensor(2.0)}, tmp_path / "a.pt"
    )
    (found,) = pthreport.analyze(tmp_path / "a.pt", depth="summary").models[0].adapters
    assert (found.rank, found.scaled_by, found.alpha, found.delta_norm) == (4, "q.alpha", None, None)


def test_other_names_are_no_adapters(tmp_path: Path) -> None:
    state = {
        "flora.down.weight": torch.ones(2, 2),
        "act.alpha": torch.ones(1),
        "explora_A": torch.ones(2, 2),
    }
    assert adapters(state, tmp_path) == ()
