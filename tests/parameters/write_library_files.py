# mypy: ignore-errors
# (it runs in an environment of its own, beside libraries without types)
"""Write small packed files with the libraries that invented them, and beside each what the library decodes.

    python write_library_files.py FOLDER

Runs in an environment that has the packages of libraries.txt (not pthreport's own); `make prove` makes one. Each
NAME.safetensors or NAME.pt comes with NAME.npz, the decoded arrays by the parameter's name in the model, and
versions.json says which versions wrote them.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.ao import quantization

PACKAGES = ("bitsandbytes", "compressed-tensors", "hqq", "optimum-quanto", "torch", "safetensors")


def write(folder: Path, name: str, tensors: dict, decoded: dict, config: dict | None = None) -> None:
    """A safetensors file, in a folder with its configuration where there is one, and what it decodes to."""
    kept = {key: value.contiguous() for key, value in tensors.items()}
    if config is None:
        save_file(kept, folder / f"{name}.safetensors")
    else:
        inside = folder / name
        inside.mkdir(exist_ok=True)
        save_file(kept, inside / "model.safetensors")
        (inside / "config.json").write_text(json.dumps({"quantization_config": config}, indent=1) + "\n")
    expect(folder, name, decoded)


def expect(folder: Path, name: str, decoded: dict) -> None:
    """The arrays, in float32 (a bfloat16 is exact in it)."""
    arrays = {key: value.detach().to(torch.float32).numpy() for key, value in decoded.items()}
    np.savez_compressed(folder / f"{name}.npz", **arrays)


def bitsandbytes_files(folder: Path) -> None:
    from bitsandbytes import functional

    for kind in ("nf4", "fp4"):
        for nested in (False, True):
            tensors, decoded = {}, {}
            for name, shape, dtype in (
                ("a.weight", (48, 128), torch.float32),
                ("b.weight", (20, 24), torch.float32),  # no whole number of blocks
            ):
                weight = torch.randn(shape, dtype=dtype) * 0.05
                packed, state = functional.quantize_4bit(
                    weight, quant_type=kind, compress_statistics=nested, blocksize=64
                )
                tensors[name] = packed
                tensors |= {f"{name}.{k}": v for k, v in state.as_dict(packed=True).items()}
                decoded[name] = functional.dequantize_4bit(packed, state)
            suffix = "_double" if nested else ""
            write(folder, f"bitsandbytes_{kind}{suffix}", tensors, decoded)
    weight = torch.randn(40, 96)
    codes, scales, _ = functional.int8_vectorwise_quant(weight.half())
    write(
        folder,
        "bitsandbytes_int8",
        {"a.weight": codes, "a.SCB": scales, "a.weight_format": torch.tensor(0, dtype=torch.uint8)},
        {"a.weight": functional.int8_vectorwise_dequant(codes, scales)},
    )


def compressed_files(folder: Path) -> None:
    from compressed_tensors.compressors import BaseCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
    from compressed_tensors.quantization.utils import calculate_qparams

    def one(
        form: str, args: dict, shape: tuple[int, int], activations: dict | None = None
    ) -> tuple[dict, dict]:
        weights = QuantizationArgs(**args)
        scheme = QuantizationScheme(
            targets=["Linear"],
            weights=weights,
            input_activations=None if activations is None else QuantizationArgs(**activations),
        )
        weight = torch.randn(shape) * 0.05
        outputs, inputs = shape
        size = weights.group_size
        if weights.strategy == "tensor":
            parts = weight.reshape(1, 1, -1)
        elif weights.strategy == "block":
            high, wide = weights.block_structure
            parts = weight.reshape(outputs // high, high, inputs // wide, wide).permute(0, 2, 1, 3)
            parts = parts.reshape(outputs // high, inputs // wide, -1)
        else:
            parts = weight.reshape(outputs, -1, size or inputs)
        state = {"weight": weight}
        low, high_ = parts.amin(-1), parts.amax(-1)
        if form == "nvfp4-pack-quantized":
            from compressed_tensors.quantization.utils import generate_gparam

            state["weight_global_scale"] = generate_gparam(weight.amin(), weight.amax())
            scale, zero = calculate_qparams(low, high_, weights, global_scale=state["weight_global_scale"])
        else:
            scale, zero = calculate_qparams(low, high_, weights)
        state["weight_scale"] = scale.reshape(1) if weights.strategy == "tensor" else scale
        state["weight_zero_point"] = zero.reshape(1) if weights.strategy == "tensor" else zero
        packer = BaseCompressor.get_value_from_registry(form)
        packed = packer.compress(dict(state), scheme)
        return packed, {"weight": packer.decompress(dict(packed), scheme)["weight"]}

    for bits in (2, 3, 4, 5, 8):
        for symmetric in (True, False):
            tensors, decoded = {}, {}
            cases = {"a": ("group", 32, (24, 96)), "b": ("channel", None, (40, 64))}
            for name, (strategy, size, shape) in cases.items():
                args = {
                    "num_bits": bits,
                    "type": "int",
                    "symmetric": symmetric,
                    "strategy": strategy,
                    "group_size": size,
                }
                packed, values = one("pack-quantized", args, shape)
                tensors |= {f"{name}.{k}": v for k, v in packed.items()}
                decoded |= {f"{name}.{k}": v for k, v in values.items()}
            name = f"compressed_int{bits}{'' if symmetric else '_asymmetric'}"
            config = {"quant_method": "compressed-tensors", "format": "pack-quantized"}
            write(folder, name, tensors, decoded, config)
    more = {
        "int_quantized": ("int-quantized", {"num_bits": 8, "type": "int", "strategy": "channel"}),
        "float_channel": ("float-quantized", {"num_bits": 8, "type": "float", "strategy": "channel"}),
        "float_tensor": ("float-quantized", {"num_bits": 8, "type": "float", "strategy": "tensor"}),
        "float_block": (
            "float-quantized",
            {"num_bits": 8, "type": "float", "strategy": "block", "block_structure": [16, 32]},
        ),
        "nvfp4": (
            "nvfp4-pack-quantized",
            {"num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16},
        ),
        "mxfp4": (
            "mxfp4-pack-quantized",
            {
                "num_bits": 4,
                "type": "float",
                "strategy": "group",
                "group_size": 32,
                "scale_dtype": torch.uint8,
            },
        ),
        "mxfp6": (
            "mxfp6-pack-quantized",
            {
                "num_bits": 6,
                "type": "float",
                "strategy": "group",
                "group_size": 32,
                "scale_dtype": torch.uint8,
            },
        ),
        "mxfp8": (
            "mxfp8-quantized",
            {
                "num_bits": 8,
                "type": "float",
                "strategy": "group",
                "group_size": 32,
                "scale_dtype": torch.uint8,
            },
        ),
    }
    for name, (form, args) in more.items():
        packed, values = one(form, args, (32, 96))
        write(
            folder,
            f"compressed_{name}",
            {f"a.{k}": v for k, v in packed.items()},
            {f"a.{k}": v for k, v in values.items()},
        )


def hqq_files(folder: Path) -> None:
    from hqq.core.quantize import BaseQuantizeConfig, HQQLinear

    for bits, size, axis in (
        (8, 64, 1),
        (4, 64, 1),
        (4, 32, 0),
        (3, 32, 1),
        (2, 16, 1),
        (1, 8, 1),
        (3, 64, 0),
    ):
        layer = HQQLinear(
            nn.Linear(64, 24),
            BaseQuantizeConfig(nbits=bits, group_size=size, axis=axis),
            compute_dtype=torch.float32,
            device="cpu",
        )
        tensors = {f"a.{k}": torch.as_tensor(v) for k, v in layer.state_dict().items()}
        write(folder, f"hqq_{bits}bit_axis{axis}", tensors, {"a.weight": layer.dequantize()})
    layer.encoded_state_dict = False
    torch.save({f"a.{k}": v for k, v in layer.state_dict().items()}, folder / "hqq_values.pt")
    expect(folder, "hqq_values", {"a.weight": layer.dequantize()})


def quanto_files(folder: Path) -> None:
    from optimum.quanto import freeze, qfloat8, qint2, qint4, qint8, quantize

    for name, kind in {"qint8": qint8, "qint4": qint4, "qint2": qint2, "qfloat8": qfloat8}.items():
        model = nn.Sequential(nn.Linear(256, 20), nn.Linear(20, 13, bias=False), nn.Conv2d(3, 6, 3))
        quantize(model, weights=kind)
        freeze(model)
        tensors = dict(model.state_dict())
        decoded = {
            f"{at}.weight": layer.weight.dequantize()
            for at, layer in enumerate(model)
            if f"{at}.weight" not in tensors
        }
        write(folder, f"quanto_{name}", tensors, decoded)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(16, 12, num_layers=2)
        self.fc = nn.Linear(12, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.lstm(x)[0])


class Static(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = quantization.QuantStub(), quantization.DeQuantStub()
        self.c = nn.Conv2d(3, 8, 3)
        self.c2 = nn.Conv2d(8, 8, 3, groups=4)
        self.fc = nn.Linear(128, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dequant(self.fc(self.c2(self.c(self.quant(x))).flatten(1)))


def torch_files(folder: Path) -> None:
    from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

    dynamic = quantization.quantize_dynamic(Recurrent().eval(), {nn.Linear, nn.LSTM}, dtype=torch.qint8)
    decoded = {"fc.weight": dynamic.fc.weight().dequantize(), "fc.bias": dynamic.fc.bias()}
    for n, cell in enumerate(dynamic.lstm._all_weight_values):
        _, biases, _, _, packed = cell.param.__getstate__()[0]
        for leaf, part, bias in zip(("ih", "hh"), packed, biases, strict=True):
            decoded[f"lstm._all_weight_values.{n}.weight_{leaf}"] = part.__getstate__()[0][0].dequantize()
            decoded[f"lstm._all_weight_values.{n}.bias_{leaf}"] = bias
    torch.save(dynamic.state_dict(), folder / "torch_dynamic.pt")
    expect(folder, "torch_dynamic", decoded)
    torch.save(dynamic, folder / "torch_dynamic_module.pt")
    expect(folder, "torch_dynamic_module", decoded)
    torch.jit.save(torch.jit.script(dynamic), folder / "torch_dynamic_script.pt")
    expect(folder, "torch_dynamic_script", decoded)

    for engine in ("x86", "qnnpack"):
        torch.backends.quantized.engine = engine
        static = Static().eval()
        static.qconfig = quantization.get_default_qconfig(engine)
        quantization.prepare(static, inplace=True)
        static(torch.randn(4, 3, 8, 8))
        quantization.convert(static, inplace=True)
        decoded = {f"{n}.weight": getattr(static, n).weight().dequantize() for n in ("c", "c2", "fc")}
        torch.save(static.state_dict(), folder / f"torch_static_{engine}.pt")
        expect(folder, f"torch_static_{engine}", decoded)
        torch.jit.save(torch.jit.script(static), folder / f"torch_static_{engine}_script.pt")
        expect(folder, f"torch_static_{engine}_script", decoded)

    torch.manual_seed(3)
    old = nn.Sequential(
        weight_norm(nn.Conv1d(4, 6, 3)),
        weight_norm(nn.Conv1d(6, 8, 5), dim=2),
        weight_norm(nn.Linear(10, 7), dim=None),
        spectral_norm(nn.Conv2d(3, 5, 3)),
        nn.Conv2d(5, 6, 3),
    )
    prune.random_unstructured(old[4], "weight", 0.4)
    old.eval()
    with torch.no_grad():
        for layer in old[:3]:
            layer.weight_g.mul_(1.7)
        old[3](torch.randn(1, 3, 8, 8))
    values = [
        torch._weight_norm(m.weight_v, m.weight_g, d) for m, d in ((old[0], 0), (old[1], 2), (old[2], -1))
    ]
    decoded = {f"{i}.weight": v for i, v in enumerate(values)}
    decoded |= {"3.weight": old[3].weight, "4.weight": old[4].weight_orig * old[4].weight_mask}
    torch.save(old.state_dict(), folder / "torch_reparametrised_old.pt")
    expect(folder, "torch_reparametrised_old", decoded)

    new = nn.Sequential(
        parametrizations.weight_norm(nn.Conv1d(4, 6, 3)),
        parametrizations.weight_norm(nn.Conv1d(6, 8, 5), dim=2),
        parametrizations.spectral_norm(nn.Linear(12, 9)),
        parametrizations.spectral_norm(nn.ConvTranspose2d(4, 7, 3)),
        parametrizations.weight_norm(nn.Linear(10, 7, dtype=torch.bfloat16)),
    ).eval()
    with torch.no_grad():
        for at in (0, 1):
            new[at].parametrizations.weight.original0.mul_(0.6)
    torch.save(new.state_dict(), folder / "torch_parametrizations.pt")
    expect(folder, "torch_parametrizations", {f"{i}.weight": new[i].weight for i in range(5)})


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for part in (bitsandbytes_files, compressed_files, hqq_files, quanto_files, torch_files):
        torch.manual_seed(7)
        part(folder)
    versions = {name: version(name) for name in PACKAGES}
    (folder / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")


if __name__ == "__main__":
    main()
