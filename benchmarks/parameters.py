"""Decoding packed weights: processor time a logical value, by scheme.

    python -m benchmarks.parameters [--repeat 5]

One matrix of 4096 x 4096 a scheme (GPT-OSS: four experts of 2048 x 2048) is written, opened and read in
the steps in which measuring reads. What reading the packed bytes costs is in it; they are in the page cache.
Asked: at most 3 ns a logical value.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

STEP = 256 * 1024
LIMIT = 3.0
"""Nanoseconds a value."""
SIZE = 4096

Tensors = dict[str, torch.Tensor]


def _words(*shape: int) -> torch.Tensor:
    return torch.randint(-(2**31), 2**31 - 1, shape, dtype=torch.int32)


def _bytes(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8)


def _gptq(bits: int, order: bool = False) -> Tensors:
    groups = SIZE // 128
    index = torch.arange(SIZE, dtype=torch.int32) // 128
    return {
        "m.qweight": _words(SIZE * bits // 32, SIZE),
        "m.qzeros": _words(groups, SIZE * bits // 32),
        "m.scales": torch.rand(groups, SIZE).half(),
        "m.g_idx": index[torch.randperm(SIZE)] if order else index,
    }


def _awq() -> Tensors:
    groups = SIZE // 128
    return {
        "m.qweight": _words(SIZE, SIZE // 8),
        "m.qzeros": _words(groups, SIZE // 8),
        "m.scales": torch.rand(groups, SIZE).half(),
    }


def _nf4() -> Tensors:
    state = f'{{"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [{SIZE}, {SIZE}]}}'
    return {
        "m.weight": _bytes(SIZE * SIZE // 2, 1),
        "m.weight.absmax": torch.rand(SIZE * SIZE // 64),
        "m.weight.quant_map": torch.linspace(-1, 1, 16),
        "m.weight.quant_state.bitsandbytes__nf4": torch.frombuffer(
            bytearray(state.encode()), dtype=torch.uint8
        ),
    }


def _compressed(bits: int) -> Tensors:
    return {
        "m.weight_packed": _words(SIZE, SIZE * bits // 32),
        "m.weight_scale": torch.rand(SIZE, SIZE // 32).bfloat16(),
        "m.weight_shape": torch.tensor([SIZE, SIZE]),
    }


def _fp8() -> Tensors:
    codes = torch.randint(0, 127, (SIZE, SIZE), dtype=torch.uint8).view(torch.float8_e4m3fn)
    return {"m.weight": codes, "m.weight_scale_inv": torch.rand(SIZE // 128, SIZE // 128)}


def _nvfp4() -> Tensors:
    return {
        "m.weight": _bytes(SIZE, SIZE // 2),
        "m.weight_scale": torch.rand(SIZE, SIZE // 16).to(torch.float8_e4m3fn),
        "m.weight_scale_2": torch.tensor(0.01),
    }


def _gpt_oss() -> Tensors:
    return {
        "m.down_proj_blocks": _bytes(4, 2048, 64, 16),
        "m.down_proj_scales": torch.randint(118, 130, (4, 2048, 64), dtype=torch.uint8),
    }


def _hqq() -> Tensors:
    groups = SIZE * SIZE // 64
    return {
        "m.W_q": _bytes(groups // 2, 64),
        "m.scale": torch.rand(groups, 1).half(),
        "m.zero": torch.rand(groups, 1).half(),
        "m.nbits": torch.tensor(4, dtype=torch.int32),
        "m.axis": torch.tensor(1, dtype=torch.int32),
        "m.shape": torch.tensor([SIZE, SIZE]),
    }


def _int8() -> Tensors:
    return {"m.weight": _bytes(SIZE, SIZE).view(torch.int8), "m.SCB": torch.rand(SIZE)}


def _weight_norm() -> Tensors:
    return {"m.weight_g": torch.rand(SIZE, 1), "m.weight_v": torch.rand(SIZE, SIZE)}


def _pruned() -> Tensors:
    return {"m.weight_orig": torch.rand(SIZE, SIZE), "m.weight_mask": torch.ones(SIZE, SIZE)}


CASES: dict[str, Callable[[], Tensors]] = {
    "GPTQ, 4-bit": lambda: _gptq(4),
    "GPTQ, 4-bit, act-order": lambda: _gptq(4, order=True),
    "GPTQ, 3-bit": lambda: _gptq(3),
    "AWQ": _awq,
    "NF4": _nf4,
    "compressed-tensors int4": lambda: _compressed(4),
    "compressed-tensors int3": lambda: _compressed(3),
    "FP8, 128 x 128 blocks": _fp8,
    "NVFP4": _nvfp4,
    "MXFP4 (GPT-OSS)": _gpt_oss,
    "HQQ, 4-bit": _hqq,
    "bitsandbytes int8": _int8,
    "weight norm (two passes)": _weight_norm,
    "pruning mask": _pruned,
}


def measure(path: Path, repeat: int) -> float:
    """Nanoseconds of processor a logical value, the least of `repeat` rounds."""
    from pthreport.checkpoint import open_checkpoint
    from pthreport.parameters import logical_parameters

    least = float("inf")
    for _ in range(repeat):
        with open_checkpoint(path) as checkpoint:
            one = logical_parameters(checkpoint.tensors, checkpoint.tree).found[0]
            began = time.process_time()
            for start in range(0, one.numel, STEP):
                one.read(start, min(start + STEP, one.numel))
            least = min(least, (time.process_time() - began) / one.numel * 1e9)
    return least


def main() -> int:
    """1 where a scheme takes longer than asked."""
    from safetensors.torch import save_file

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.parameters", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--repeat", type=int, default=5, help="rounds; the least counts (5)")
    repeat = parser.parse_args().repeat
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, make in CASES.items():
            path = Path(folder) / "m.safetensors"
            save_file(make(), path)
            cost = measure(path, repeat)
            worst = max(worst, cost)
            print(f"{name:28} {cost:5.2f} ns a value{'' if cost <= LIMIT else f'  (asked: {LIMIT:g})'}")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
