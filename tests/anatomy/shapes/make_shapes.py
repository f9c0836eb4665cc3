"""Writes `shapes.json.xz`: the state dicts' shapes of models that others wrote, and what their configurations say.

Nothing of it is a dependency of the project. In an environment of its own, on a machine with or without memory
to spare (all is made on torch's meta device, {} is downloaded):

    pip install torch
    pip install --no-deps torchvision timm transformers diffusers unet-pytorch unet3d pytorchcv open_clip_torch ...
    python tests/anatomy/shapes/make_shapes.py

`--no-deps` keeps pip from exchanging torch; what is missing then (Pillow, PyYAML, huggingface_hub, safetensors, tokenizers,
regex, ...) is installed by name. Ultralytics and OpenAI's Whisper need only be unpacked onto PYTHONPATH.
A model that cannot be made is an error.
"""

import json
import lzma
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

Made = tuple[str, str | None, Callable[[], Any], Any]
"""Name; the variant, None for a model that is of none of the families; what makes it; what its configuration says, a
mapping or a function that takes it from the model."""

HERE = Path(__file__).parent


CLASSIFIER = {"classes": 1000, "input channels": 3}


def vit(model: Any) -> dict[str, Any]:
    block = model.blocks[0]
    said = {
        "depth": len(model.blocks),
        "width": model.embed_dim,
        "heads": block.attn.num_heads,
        "input channels": 3,
    }
    return said | ({"classes": model.num_classes} if model.num_classes else {})


def configured(model: Any) -> dict[str, Any]:
    said = model.config.to_dict()
    keys = {
        "depth": ("num_hidden_layers", "n_layer", "n_layers", "num_layers"),
        "width": ("hidden_size", "n_embd", "d_model", "dim"),
        "heads": ("num_attention_heads", "n_head", "n_heads", "num_heads"),
        "vocabulary": ("vocab_size",),
    }
    found = {key: next(said[n] for n in names if n in said) for key, names in keys.items()}
    if hasattr(model, "decoder"):
        found["depth"] = f"{model.config.num_layers} (encoder), {model.config.num_decoder_layers} (decoder)"
    return found


def torchvision() -> Iterator[Made]:
    library = import_module("torchvision.models")
    named = {
        "resnet18": "ResNet-18", "resnet34": "ResNet-34", "resnet50": "ResNet-50", "resnet152": "ResNet-152",
        "resnext50_32x4d": "ResNeXt-50 32x4d", "wide_resnet50_2": "Wide ResNet-50-2",
        "vgg11": "VGG-11", "vgg13_bn": "VGG-13 with batch normalisation", "vgg16": "VGG-16",
        "vgg19_bn": "VGG-19 with batch normalisation", "mobilenet_v2": "MobileNetV2", "mobilenet_v3_large": "MobileNetV3-Large",
        "mobilenet_v3_small": "MobileNetV3-Small", "efficientnet_b0": "EfficientNet-B0", "efficientnet_b4": "EfficientNet-B4",
        "efficientnet_v2_s": "EfficientNetV2-S", "densenet121": "DenseNet-121", "densenet161": "DenseNet-161",
        "densenet201": "DenseNet-201", "vit_b_16": "ViT-B/16", "swin_t": "Swin-T", "swin_b": "Swin-B", "swin_v2_t": "Swin V2-T",
        "alexnet": None, "convnext_tiny": None, "googlenet": None, "inception_v3": None, "maxvit_t": None, "mnasnet1_0": None,
        "mvit_v2_s": None, "regnet_x_400mf": None, "regnet_y_800mf": None, "shufflenet_v2_x1_0": None,
        "squeezenet1_0": None, "swin3d_t": None, "r2plus1d_18": None, "s3d": None, "raft_small": None,
        "ssd300_vgg16": None, "deeplabv3_mobilenet_v3_large": None, "fasterrcnn_mobilenet_v3_large_fpn": None,
    }  # fmt: skip
    bare: dict[str, Any] = {"weights": None, "weights_backbone": None}
    for name, variant in named.items():
        options: dict[str, Any] = {"weights": None}
        if name.startswith(("ssd", "deeplab", "fasterrcnn")):
            options = bare
        if name in ("googlenet", "inception_v3"):
            options["init_weights"] = False  # which would draw numbers on the meta device
        make = library.get_model_builder(name)
        says = CLASSIFIER if variant else {}
        yield f"torchvision {name}", variant, partial(make, **options), says
    parts = {
        "fcn_resnet50": "ResNet-50",
        "fasterrcnn_resnet50_fpn": "ResNet-50",
        "lraspp_mobilenet_v3_large": "MobileNetV3-Large",
    }
    for name, variant in parts.items():
        make = library.get_model_builder(name)
        yield f"torchvision {name}", f"{variant} inside", partial(make, **bare), {}


def timm() -> Iterator[Made]:
    library = import_module("timm")
    named = {
        "seresnet50": "SE-ResNet-50", "resnetv2_50": "pre-activation ResNet-50", "resnet26d": "ResNet-26",
        "resnext101_32x8d": "ResNeXt-101 32x8d", "mobilenetv1_100": "MobileNetV1",
        "mobilenetv2_050": "MobileNetV2 at 0.5 times its width", "mobilenetv3_large_075": "MobileNetV3-Large at 0.75 times its width",
        "tf_efficientnet_b7": "EfficientNet-B7", "efficientnet_lite0": "EfficientNet-Lite0", "densenet169": "DenseNet-169",
        "swin_small_patch4_window7_224": "Swin-S", "swin_large_patch4_window12_384": "Swin-L",
        "vgg11_bn": "VGG-11 with batch normalisation",
        "cait_xxs24_224": None, "coat_tiny": None, "convit_tiny": None, "convmixer_768_32": None, "cspdarknet53": None,
        "davit_tiny": None, "dla34": None, "dpn68": None, "edgenext_small": None, "efficientformer_l1": None,
        "efficientvit_b0": None, "fbnetc_100": None, "focalnet_tiny_srf": None, "gcvit_xxtiny": None, "ghostnet_100": None, "gmlp_s16_224": None,
        "hardcorenas_a": None, "hrnet_w18_small": None, "inception_resnet_v2": None, "levit_128": None, "mixer_b16_224": None, "mixnet_s": None,
        "mobilenetv4_conv_small": None, "mobilevit_s": None, "mobileone_s0": None, "nfnet_f0": None, "pit_ti_224": None, "poolformer_s12": None,
        "pvt_v2_b0": None, "repvgg_a0": None, "res2net50_14w_8s": None, "resmlp_12_224": None, "resnest14d": None, "rexnet_100": None,
        "samvit_base_patch16": None, "selecsls42b": None, "semnasnet_100": None, "sequencer2d_s": None, "skresnet18": None, "tinynet_a": None,
        "tnt_s_legacy_patch16_224": None, "twins_pcpvt_small": None, "visformer_tiny": None, "vit_small_r26_s32_224": None,
        "vovnet39a": None, "volo_d1_224": None, "xception41": None, "xcit_nano_12_p8_224": None,
    }  # fmt: skip
    for name, variant in named.items():
        yield (
            f"timm {name}",
            variant,
            partial(library.create_model, name),
            CLASSIFIER if variant else {},
        )
    for name, variant in {
        "vit_tiny_patch16_224": "ViT-Ti/16", "vit_small_patch32_224": "ViT-S/32", "vit_large_patch16_384": "ViT-L/16",
        "deit_base_distilled_patch16_224": "ViT-B/16", "beit_base_patch16_224": "ViT-B/16", "eva02_tiny_patch14_224": "ViT of 12 blocks",
    }.items():  # fmt: skip
        yield f"timm {name}", variant, partial(library.create_model, name), vit


def transformers() -> Iterator[Made]:
    t = import_module("transformers")
    large = {
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
    }
    roberta = t.RobertaConfig(vocab_size=50265, max_position_embeddings=514, type_vocab_size=1)
    albert = t.AlbertConfig(hidden_size=768, num_attention_heads=12, intermediate_size=3072)
    medium = t.GPT2Config(n_embd=1024, n_layer=24, n_head=16)
    small = t.Qwen2Config(
        hidden_size=896,
        intermediate_size=4864,
        num_hidden_layers=24,
        num_attention_heads=14,
        num_key_value_heads=2,
    )
    t5_base = t.T5Config(
        d_model=768,
        d_ff=2048,
        num_layers=12,
        num_heads=12,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
    )
    said: tuple[tuple[str, str, Any], ...] = (
        ("BertModel base", "BERT-base", lambda: t.BertModel(t.BertConfig())),
        ("BertForMaskedLM large", "BERT-large", lambda: t.BertForMaskedLM(t.BertConfig(**large))),
        ("BertForSequenceClassification of 3", "BERT-base", lambda: t.BertForSequenceClassification(t.BertConfig(num_labels=3))),
        ("RobertaModel base", "RoBERTa-base", lambda: t.RobertaModel(roberta)),
        ("RobertaForMaskedLM base", "RoBERTa-base", lambda: t.RobertaForMaskedLM(roberta)),
        ("DistilBertModel", "DistilBERT", lambda: t.DistilBertModel(t.DistilBertConfig())),
        ("AlbertModel base", "ALBERT-base", lambda: t.AlbertModel(albert)),
        ("AlbertForMaskedLM base", "ALBERT-base", lambda: t.AlbertForMaskedLM(albert)),
        ("AlbertModel xxlarge", "ALBERT-xxlarge", lambda: t.AlbertModel(t.AlbertConfig())),
        ("GPT2LMHeadModel", "GPT-2", lambda: t.GPT2LMHeadModel(t.GPT2Config())),
        ("GPT2Model medium", "GPT-2 medium", lambda: t.GPT2Model(medium)),
        ("GPT2ForSequenceClassification", "GPT-2", lambda: t.GPT2ForSequenceClassification(t.GPT2Config(num_labels=5))),
        ("LlamaForCausalLM 7B", "Llama-like transformer of 32 blocks", lambda: t.LlamaForCausalLM(t.LlamaConfig())),
        ("MistralForCausalLM 7B", "Llama-like transformer of 32 blocks", lambda: t.MistralForCausalLM(t.MistralConfig())),
        ("Qwen2ForCausalLM 0.5B", "Llama-like transformer of 24 blocks", lambda: t.Qwen2ForCausalLM(small)),
        ("Qwen3ForCausalLM", "Llama-like transformer of 32 blocks", lambda: t.Qwen3ForCausalLM(t.Qwen3Config())),
        ("Gemma2ForCausalLM 2B", "Llama-like transformer of 26 blocks", lambda: t.Gemma2ForCausalLM(t.Gemma2Config())),
        ("Phi3ForCausalLM", "Llama-like transformer of 32 blocks", lambda: t.Phi3ForCausalLM(t.Phi3Config())),
        ("MixtralForCausalLM", "Llama-like transformer of 32 blocks with experts", lambda: t.MixtralForCausalLM(t.MixtralConfig())),
        ("T5ForConditionalGeneration small", "T5-small", lambda: t.T5ForConditionalGeneration(t.T5Config())),
        ("T5ForConditionalGeneration v1.1 base", "T5 v1.1 base", lambda: t.T5ForConditionalGeneration(t5_base)),
        ("T5EncoderModel small", "encoder of a T5-small", lambda: t.T5EncoderModel(t.T5Config())),
    )  # fmt: skip
    for name, variant, make in said:
        yield f"transformers {name}", variant, make, configured
    for name, variant, make in (
        ("ResNetForImageClassification", "ResNet-50", lambda: t.ResNetForImageClassification(t.ResNetConfig(num_labels=7))),
        ("ViTForImageClassification", "ViT-B/16", lambda: t.ViTForImageClassification(t.ViTConfig(num_labels=7))),
        ("SwinForImageClassification", "Swin-T", lambda: t.SwinForImageClassification(t.SwinConfig(num_labels=7))),
    ):  # fmt: skip
        yield (
            f"transformers {name}",
            variant,
            make,
            lambda model: {"classes": model.config.num_labels, "input channels": 3},
        )
    yield (
        "transformers WhisperForConditionalGeneration tiny",
        "Whisper tiny",
        lambda: t.WhisperForConditionalGeneration(t.WhisperConfig()),
        whisper,
    )
    yield "transformers DetrModel", "ResNet-50 inside", lambda: t.DetrModel(t.DetrConfig()), {}
    yield (
        "transformers LlavaModel",
        "Llama-like transformer of 32 blocks inside",
        lambda: t.LlavaModel(t.LlavaConfig()),
        {},
    )
    others = (
        "Bart", "Bloom", "BioGpt", "Blip", "CLIP", "Canine", "CodeGen", "Cohere", "Convbert", "CTRL", "DeepseekV3", "DebertaV2", "DiffLlama", "Falcon",
        "FNet", "Funnel", "GPTNeo", "GPTNeoX", "GPTBigCode", "Hubert", "LayoutLMv3", "LED", "Lfm2", "Longformer", "Lxmert", "M2M100", "Mamba",
        "MegatronBert", "ModernBert", "MPNet", "Mpt", "Nystromformer", "OpenAIGPT", "OPT", "Pegasus", "Perceiver", "ProphetNet", "Reformer", "RoFormer",
        "RobertaPreLayerNorm", "Segformer", "StableLm", "Starcoder2", "TimeSeriesTransformer", "Wav2Vec2", "XGLM", "XLNet", "Zamba2", "ImageGPT",
    )  # fmt: skip
    for name in others:
        config = getattr(t, f"{'ConvBert' if name == 'Convbert' else name}Config")
        model = getattr(t, f"{'ConvBert' if name == 'Convbert' else name}Model")
        options: dict[str, Any] = {"relative_attention": True} if name == "DebertaV2" else {}
        options |= {"prediction_length": 24} if name == "TimeSeriesTransformer" else {}
        kin = {
            "ImageGPT": "GPT-2-like transformer of 24 blocks",
            "CLIP": "ViT-B/32 inside",
        }
        yield f"transformers {name}", kin.get(name), partial(_of, model, config, options), {}


def _of(model: Any, config: Any, options: dict[str, Any]) -> Any:
    return model(config(**options))


def whisper(model: Any) -> dict[str, Any]:
    said = model.config
    depth = f"{said.encoder_layers} (encoder), {said.decoder_layers} (decoder)"
    return {
        "depth": depth,
        "width": said.d_model,
        "vocabulary": said.vocab_size,
        "mel bands": said.num_mel_bins,
    }


def openai_whisper() -> Iterator[Made]:
    library = import_module("whisper.model")
    for name, variant, sizes in (
        ("base", "Whisper base", (80, 1500, 512, 8, 6, 51865, 448, 512, 8, 6)),
        ("large-v3", "Whisper large", (128, 1500, 1280, 20, 32, 51866, 448, 1280, 20, 32)),
        ("turbo", "Whisper large turbo", (128, 1500, 1280, 20, 32, 51866, 448, 1280, 20, 4)),
    ):
        depth = f"{sizes[4]} (encoder), {sizes[9]} (decoder)"
        says = {"depth": depth, "width": sizes[2], "vocabulary": sizes[5], "mel bands": sizes[0]}
        yield (
            f"whisper {name}",
            variant,
            partial(library.Whisper, library.ModelDimensions(*sizes)),
            says,
        )


def diffusers() -> Iterator[Made]:
    d = import_module("diffusers")
    xl = {
        "cross_attention_dim": 2048, "attention_head_dim": [5, 10, 20], "use_linear_projection": True,
        "block_out_channels": [320, 640, 1280], "transformer_layers_per_block": [1, 2, 10], "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    }  # fmt: skip
    second = {
        "cross_attention_dim": 1024,
        "attention_head_dim": [5, 10, 20, 20],
        "use_linear_projection": True,
    }
    text = {"input channels": 4, "output channels": 4}
    for name, variant, make, says in (
        ("SD 1", "Stable Diffusion 1 U-Net", lambda: d.UNet2DConditionModel(cross_attention_dim=768), {**text, "text width": 768}),
        ("SD 2", "Stable Diffusion 2 U-Net", lambda: d.UNet2DConditionModel(**second), {**text, "text width": 1024}),
        ("SDXL", "Stable Diffusion XL U-Net", lambda: d.UNet2DConditionModel(**xl), {**text, "text width": 2048}),
        ("UNet2DModel", "diffusion U-Net", d.UNet2DModel, {"input channels": 3, "output channels": 3}),
    ):  # fmt: skip
        yield f"diffusers {name}", variant, make, says
    for name in ("AutoencoderKL", "ControlNetModel", "DiTTransformer2DModel", "SD3Transformer2DModel", "UNet3DConditionModel",
                 "UNetControlNetXSModel", "UNetSpatioTemporalConditionModel", "VQModel"):  # fmt: skip
        options = {"transformer_layers_per_block": 1} if name == "ControlNetModel" else {}
        yield (
            f"diffusers {name}",
            None,
            partial(getattr(d, name), **options),
            {},
        )


def unets() -> Iterator[Made]:
    flat, solid = import_module("unet_pytorch.model"), import_module("unet3d.unet3d")
    wide = {"levels": 5, "width": "64, 128, 256, 512, 1024", "input channels": 3, "classes": 2}
    yield "unet_pytorch UNet", "U-Net of 5 levels", lambda: flat.UNet(3, 2), wide
    deep = {"levels": 5, "width": "8, 16, 32, 64, 128", "input channels": 1, "classes": 2}
    yield "unet3d UNet3d", "3-D U-Net of 5 levels", solid.UNet3d, deep
    few = {"levels": 4, "width": "16, 32, 64, 128", "input channels": 4, "classes": 3}
    yield "unet3d of 3 steps", "3-D U-Net of 4 levels", lambda: solid.UNet3d(4, 3, 16, 3), few
    yield "unet3d LinkNet3d", None, lambda: import_module("unet3d.linknet3d").LinkNet3d(), {}


def ultralytics() -> Iterator[Made]:
    tasks = import_module("ultralytics.nn.tasks")
    base = Path(import_module("ultralytics").__file__ or "").parent / "cfg" / "models"
    for name, folder, variant, classes in (
        ("yolov5s", "v5", "YOLOv5su", 80), ("yolov8n", "v8", "YOLOv8n", 80), ("yolov8m", "v8", "YOLOv8m", 3),
        ("yolo11n", "11", "YOLO11", 80), ("yolov3", "v3", "YOLO without anchors", 80), ("rtdetr-resnet50", "rt-detr", None, 80),
    ):  # fmt: skip
        says = {"classes": classes, "input channels": 3} if variant else {}
        path = str(base / folder / f"{name}.yaml")
        yield (
            f"ultralytics {name}",
            variant,
            partial(tasks.DetectionModel, path, nc=classes, verbose=False),
            says,
        )


def others() -> Iterator[Made]:
    cv, nn = import_module("pytorchcv.model_provider"), import_module("torch.nn")
    for name, variant in {
        "resnet20_cifar10": "ResNet-20", "wrn28_10_cifar10": "pre-activation Wide ResNet-28-10", "preresnet18": "pre-activation ResNet-18",
        "mobilenet_wd2": "MobileNetV1 at 0.5 times its width", "bninception": None, "darknet53": None, "diracnet18v2": None, "drnc26": None,
        "icnet_resnetd50b_cityscapes": None, "mnasnet_b1": None, "peleenet": None, "polynet": None, "shufflenet_g1_w1": None, "sinet_cityscapes": None,
        "squeezenext": None, "sqnxt23_w1": None, "unet_cub": None, "hrnet_w18_small_v1": None, "lwopenpose2d_mobilenet_cmupan_coco": None,
    }.items():  # fmt: skip
        if name in cv._models:
            says = {"classes": 10} if name.endswith("cifar10") else {}
            yield f"pytorchcv {name}", variant, partial(cv.get_model, name, pretrained=False), says
    clip = import_module("open_clip")
    for name in ("ViT-B-32", "RN50", "coca_base", "ViT-B-16-SigLIP"):
        yield f"open_clip {name}", None, partial(clip.create_model, name, pretrained=None), {}
    for name, variant, make, says in (
        ("LSTM", "bidirectional LSTM of 2 layers", lambda: nn.LSTM(40, 256, 2, bidirectional=True), {"depth": 2, "width": 256, "inputs": 40}),
        ("LSTM with projections", "LSTM of 3 layers", lambda: nn.LSTM(40, 512, 3, proj_size=128), {"depth": 3, "width": 512}),
        ("GRU", "GRU of 3 layers", lambda: nn.GRU(80, 128, 3), {"depth": 3, "width": 128, "inputs": 80}),
        ("RNN", "RNN of 1 layer", lambda: nn.RNN(10, 20), {"depth": 1, "width": 20, "inputs": 10}),
        ("Transformer", None, nn.Transformer, {}),
        ("TransformerEncoder", None, lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(512, 8), 6), {}),
    ):  # fmt: skip
        yield f"torch.nn {name}", variant, make, says


def main() -> None:
    torch = import_module("torch")
    written = []
    for library in (torchvision, timm, transformers, openai_whisper, diffusers, unets, ultralytics, others):
        for name, variant, make, says in library():
            print(name, file=sys.stderr)
            try:
                with torch.device("meta"):
                    model = make()
            except (NotImplementedError, RuntimeError):  # what computes its widths with tensors
                model = make()
            shapes = {
                k: list(v.shape) for k, v in model.state_dict().items() if isinstance(v, torch.Tensor)
            }
            facts = {key: str(value) for key, value in (says(model) if callable(says) else says).items()}
            written.append({"name": name, "variant": variant, "facts": facts, "shapes": shapes})
    text = json.dumps(written, separators=(",", ":"))
    (HERE / "shapes.json.xz").write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    main()
