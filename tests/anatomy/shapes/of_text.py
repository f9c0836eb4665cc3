"""Models on text, sound and noise: transformers, Whisper, diffusers, and torch's recurrent layers."""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

from tests.anatomy.shapes.made import Made


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


def recurrent() -> Iterator[Made]:
    nn = import_module("torch.nn")
    for name, variant, make, says in (
        ("LSTM", "bidirectional LSTM of 2 layers", lambda: nn.LSTM(40, 256, 2, bidirectional=True), {"depth": 2, "width": 256, "inputs": 40}),
        ("LSTM with projections", "LSTM of 3 layers", lambda: nn.LSTM(40, 512, 3, proj_size=128), {"depth": 3, "width": 512}),
        ("GRU", "GRU of 3 layers", lambda: nn.GRU(80, 128, 3), {"depth": 3, "width": 128, "inputs": 80}),
        ("RNN", "RNN of 1 layer", lambda: nn.RNN(10, 20), {"depth": 1, "width": 20, "inputs": 10}),
        ("Transformer", None, nn.Transformer, {}),
        ("TransformerEncoder", None, lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(512, 8), 6), {}),
    ):  # fmt: skip
        yield f"torch.nn {name}", variant, make, says
