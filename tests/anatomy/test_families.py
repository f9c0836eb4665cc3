"""Published architectures, recognised from the shapes of models that other libraries make, and left unnamed where they
are others; `shapes/make_shapes.py` says how the shapes were got."""

import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from pthreport.anatomy import families
from pthreport.anatomy.kinds import BUFFER_NAMES
from pthreport.anatomy.layers import Entry, group
from pthreport.anatomy.structure import structure_of
from pthreport.document import Family

SHAPES = Path(__file__).parent / "shapes" / "shapes.json.xz"
INSIDE = " inside"
Shapes = dict[str, tuple[int, ...]]

ALWAYS = {"depth", "width", "vocabulary", "classes", "input channels", "levels", "text width", "mel bands"}
"""What must be told where the configuration says it. Heads are told only where a shape proves them."""

UNTOLD = {
    ("ALBERT", "depth"): "one block stands for all",
    ("GPT-2", "classes"): "its head has no bias",
    ("EfficientNet", "depth"): "told as blocks",
}


@cache
def models() -> dict[str, dict[str, Any]]:
    read = json.loads(lzma.decompress(SHAPES.read_bytes()))
    return {model["name"]: model for model in read}


def shapes_of(name: str) -> Shapes:
    return {key: tuple(shape) for key, shape in models()[name]["shapes"].items()}


def recognised(shapes: Shapes) -> Family | None:
    def entries() -> Iterator[Entry]:
        for name, shape in shapes.items():
            buffer = name.rpartition(".")[2] in BUFFER_NAMES
            numel = torch.Size(shape).numel()
            yield Entry(name, name, shape, numel, 4 * numel, "buffer" if buffer else "parameter", None)

    return families.recognise(structure_of(group(list(entries()), {})))


@pytest.mark.parametrize("name", models())
def test_a_model_of_another_library_is_named_rightly_or_not_at_all(name: str) -> None:
    model = models()[name]
    family = recognised(shapes_of(name))
    if model["variant"] is None:
        assert family is None
        return
    assert family is not None
    assert family.variant == model["variant"].removesuffix(INSIDE)
    assert bool(family.at) == model["variant"].endswith(INSIDE)
    for key, value in model["facts"].items():
        if key in family.facts and (family.name, key) not in UNTOLD:
            assert family.facts[key] == value, key
        assert key in family.facts or key not in ALWAYS or (family.name, key) in UNTOLD, key


def test_every_family_has_three_variants_and_there_are_as_many_others() -> None:
    named: dict[str, set[str]] = {}
    for name, model in models().items():
        if model["variant"] is not None and not model["variant"].endswith(INSIDE):
            family = recognised(shapes_of(name))
            assert family is not None
            named.setdefault(family.name, set()).add(name)
    simple = {"LSTM", "GRU", "RNN", "MLP"}
    assert {
        name: len(found) for name, found in named.items() if len(found) < 3 and name not in simple
    } == {}
    assert len(named) >= 18
    assert sum(model["variant"] is None for model in models().values()) > 120


WRAPPED = (
    "torchvision resnet50",
    "torchvision vgg16",
    "torchvision mobilenet_v3_large",
    "torchvision swin_t",
    "transformers BertModel base",
    "transformers LlamaForCausalLM 7B",
    "transformers T5ForConditionalGeneration small",
    "diffusers SD 1",
)


@pytest.mark.parametrize("name", WRAPPED)
@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "model.net.", "student.backbone.0."])
def test_a_prefix_changes_nothing(name: str, prefix: str) -> None:
    plain = recognised(shapes_of(name))
    assert recognised({prefix + key: shape for key, shape in shapes_of(name).items()}) == plain


@pytest.mark.parametrize("name", WRAPPED)
def test_the_order_of_the_names_changes_nothing(name: str) -> None:
    """safetensors files and sorted dicts keep the names in the order of the alphabet."""
    assert recognised(dict(sorted(shapes_of(name).items()))) == recognised(shapes_of(name))


def test_a_sub_model_is_named_with_its_place() -> None:
    """An encoder that is most of a file, beside a decoder that is something else."""
    shapes = {
        f"encoder.{k}": s for k, s in shapes_of("torchvision resnet50").items() if not k.startswith("fc.")
    }
    shapes |= {
        "decoder.0.weight": (256, 2048, 1, 1),
        "decoder.3.weight": (21, 256, 3, 3),
        "decoder.3.bias": (21,),
    }
    family = recognised(shapes)
    assert family is not None
    assert (family.variant, family.at) == ("ResNet-50", "encoder")
    assert "classes" not in family.facts


def test_two_networks_side_by_side_are_neither() -> None:
    one = {f"teacher.{k}": s for k, s in shapes_of("torchvision resnet50").items()}
    assert (
        recognised(one | {f"student.{k}": s for k, s in shapes_of("torchvision resnet50").items()}) is None
    )


def test_a_network_without_its_norms_is_the_same() -> None:
    """Where norms were fused into the convolutions, these have biases and the norms are gone."""
    shapes: Shapes = {}
    for key, shape in shapes_of("torchvision resnet50").items():
        if len(shape) == 4:
            shapes |= {key: shape, key.replace("weight", "bias"): shape[:1]}
        elif key.startswith("fc."):
            shapes[key] = shape
    family = recognised(shapes)
    assert family is not None
    assert (family.variant, family.facts["classes"]) == ("ResNet-50", "1000")


def test_a_network_quantized_to_8_bits_is_the_same() -> None:
    """torch.ao.quantization leaves scales and zero points, and packs the linear layer away."""
    shapes: Shapes = {"fc.scale": (), "fc.zero_point": (), "quant.scale": (1,), "quant.zero_point": (1,)}
    for key, shape in shapes_of("torchvision resnet18").items():
        if len(shape) == 4:
            shapes |= {key: shape, key.replace("weight", "bias"): shape[:1]}
            shapes |= {key.replace("weight", leaf): () for leaf in ("scale", "zero_point")}
    shapes |= {
        f"layer{i}.{j}.add_relu.{leaf}": ()
        for i in (1, 2, 3, 4)
        for j in (0, 1)
        for leaf in ("scale", "zero_point")
    }
    family = recognised(shapes)
    assert family is not None
    assert family.variant == "ResNet-18"
    assert "classes" not in family.facts


def test_another_head_is_told_and_a_longer_one_gives_outputs() -> None:
    shapes = shapes_of("torchvision resnet18")
    other = recognised(shapes | {"fc.weight": (7, 512), "fc.bias": (7,)})
    longer = {k: s for k, s in shapes.items() if not k.startswith("fc.")}
    longer |= {
        "fc.0.weight": (512, 512),
        "fc.0.bias": (512,),
        "fc.2.weight": (128, 512),
        "fc.2.bias": (128,),
    }
    projected = recognised(longer)
    assert other is not None
    assert other.facts["classes"] == "7"
    assert projected is not None
    assert "classes" not in projected.facts
    assert projected.facts["outputs"] == "128"


@pytest.mark.parametrize(
    ("name", "key", "shape"),
    [
        ("torchvision resnet50", "layer3.2.conv2.weight", (256, 256, 5, 5)),
        ("torchvision resnet50", "layer3.2.extra.weight", (1024, 1024)),
        ("torchvision vgg16", "features.7.weight", (96, 128, 3, 3)),
        ("torchvision mobilenet_v2", "features.4.conv.1.0.weight", (144, 1, 5, 5)),
        ("torchvision densenet121", "features.denseblock2.denselayer5.conv2.weight", (48, 128, 3, 3)),
        ("transformers BertModel base", "encoder.layer.3.attention.self.extra.weight", (768, 64)),
        ("transformers LlamaForCausalLM 7B", "model.layers.3.cross.weight", (4096, 1280)),
        ("transformers T5ForConditionalGeneration small", "adapter.weight", (512, 700)),
    ],
)
def test_one_odd_layer_and_nothing_is_said(name: str, key: str, shape: tuple[int, ...]) -> None:
    shapes = shapes_of(name)
    assert recognised(shapes) is not None
    assert recognised(shapes | {key: shape}) is None


def test_packed_weights_are_no_family() -> None:
    """4-bit weights in columns of bytes have lost their shapes (bitsandbytes, GPTQ)."""
    shapes = {
        key: (torch.Size(shape).numel() // 2, 1) if len(shape) == 2 and "layers" in key else shape
        for key, shape in shapes_of("transformers LlamaForCausalLM 7B").items()
    }
    assert recognised(shapes) is None


def test_meta_s_own_names_and_gguf_s_are_the_same_llama() -> None:
    own: Shapes = {}
    gguf: Shapes = {}
    parts = {"wq": "attn_q", "wk": "attn_k", "wv": "attn_v", "wo": "attn_output"}
    for i in range(4):
        for ours, theirs in parts.items():
            narrow = (64, 256) if ours in ("wk", "wv") else (256, 256)
            own[f"layers.{i}.attention.{ours}.weight"] = gguf[f"blk.{i}.{theirs}.weight"] = narrow
        beside: tuple[tuple[str, str, tuple[int, ...]], ...] = (
            ("feed_forward.w1", "ffn_gate", (704, 256)),
            ("feed_forward.w2", "ffn_down", (256, 704)),
            ("feed_forward.w3", "ffn_up", (704, 256)),
            ("attention_norm", "attn_norm", (256,)),
            ("ffn_norm", "ffn_norm", (256,)),
        )
        for ours, theirs, shape in beside:
            own[f"layers.{i}.{ours}.weight"] = gguf[f"blk.{i}.{theirs}.weight"] = shape
    own |= {"tok_embeddings.weight": (1000, 256), "norm.weight": (256,), "output.weight": (1000, 256)}
    gguf |= {"token_embd.weight": (1000, 256), "output_norm.weight": (256,), "output.weight": (1000, 256)}
    family = recognised(own)
    assert family is not None
    assert family.facts == {
        "depth": "4", "width": "256", "feed-forward width": "704", "queries per key": "4", "vocabulary": "1000",
    }  # fmt: skip
    assert recognised(gguf) == family


def test_experts_in_modules_of_their_own_are_a_mixture() -> None:
    """Mixtral's files, where transformers 5 holds all experts in one tensor."""
    shapes: Shapes = {}
    for key, shape in shapes_of("transformers MixtralForCausalLM").items():
        if ".experts." in key:
            place = key.partition(".mlp.experts.")[0]
            names = (
                {"w1": (14336, 4096), "w3": (14336, 4096)} if "gate_up" in key else {"w2": (4096, 14336)}
            )
            for expert in range(8):
                shapes |= {
                    f"{place}.block_sparse_moe.experts.{expert}.{n}.weight": s for n, s in names.items()
                }
        else:
            shapes[key.replace(".mlp.gate", ".block_sparse_moe.gate")] = shape
    family = recognised(shapes)
    assert family is not None
    assert family.variant == "Llama-like transformer of 32 blocks with experts"
