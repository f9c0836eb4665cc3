"""Slow packers and decoders, written from the formats' documentation and value by value, beside which the fast
ones are held where no library runs here."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from pthreport.checkpoint import Checkpoint, open_checkpoint
from pthreport.parameters import Parameters, logical_parameters

Array = NDArray[Any]


def opened(folder: Path, tensors: dict[str, Array], config: dict[str, Any] | None = None) -> Checkpoint:
    """A checkpoint of `tensors`, in a folder with a quantisation config where one is given."""
    import json

    folder.mkdir(parents=True, exist_ok=True)
    save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder / "model.safetensors")
    if config is None:
        return open_checkpoint(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"quantization_config": config}))
    return open_checkpoint(folder)


def found_in(checkpoint: Checkpoint) -> Parameters:
    return logical_parameters(checkpoint.tensors, checkpoint.tree, checkpoint.limits)


def words_down(codes: Array, bits: int) -> Array:
    """GPTQ's words: each column's codes as one number, low bits first, cut into words of 32 bits."""
    rows, columns = codes.shape
    packed = np.zeros((rows * bits // 32, columns), np.uint32)
    for column in range(columns):
        stream = 0
        for row in range(rows):
            stream |= int(codes[row, column]) << (bits * row)
        for word in range(packed.shape[0]):
            packed[word, column] = (stream >> (32 * word)) & 0xFFFFFFFF
    return packed.view(np.int32)


def words_across(codes: Array, bits: int) -> Array:
    return np.ascontiguousarray(words_down(codes.T, bits).T)


def e2m1(code: int) -> float:
    """One 4-bit float: sign, two bits of exponent (bias 1), one of mantissa."""
    exponent, mantissa = code >> 1 & 3, code & 1
    value = mantissa * 0.5 if exponent == 0 else (1 + mantissa * 0.5) * 2.0 ** (exponent - 1)
    return -value if code & 8 else value


def e4m3(code: int) -> float:
    """One float8 e4m3fn."""
    exponent, mantissa = code >> 3 & 15, code & 7
    if exponent == 15 and mantissa == 7:
        return float("nan")
    value = mantissa * 2.0**-9 if exponent == 0 else (1 + mantissa / 8) * 2.0 ** (exponent - 7)
    return -value if code & 128 else value


def gptq(
    inputs: int,
    outputs: int,
    bits: int,
    group: int,
    *,
    version: int = 1,
    act_order: bool = False,
    seed: int = 0,
) -> tuple[dict[str, Array], Array]:
    """Tensors of one GPTQ weight, and the weight that they stand for, (outputs, inputs) float32."""
    rng = np.random.default_rng(seed)
    groups = -(-inputs // group)
    codes = rng.integers(0, 1 << bits, (inputs, outputs))
    zeros = rng.integers(0, 1 << bits, (groups, outputs))
    scales = rng.uniform(0.001, 0.1, (groups, outputs)).astype(np.float16)
    index = np.arange(inputs) // group
    if act_order:
        rng.shuffle(index)
    weight = np.zeros((outputs, inputs), np.float32)
    for i in range(inputs):
        for o in range(outputs):
            weight[o, i] = np.float32(scales[index[i], o]) * np.float32(codes[i, o] - zeros[index[i], o])
    stored = zeros if version == 2 else (zeros - 1) % (1 << bits)
    tensors = {
        "qweight": words_down(codes, bits),
        "qzeros": words_across(stored, bits),
        "scales": scales,
        "g_idx": index.astype(np.int32),
    }
    return tensors, weight


def awq(inputs: int, outputs: int, group: int) -> tuple[dict[str, Array], Array]:
    """Tensors of one AWQ weight, packed as AutoAWQ's WQLinear_GEMM.from_linear does, and the weight."""
    rng = np.random.default_rng(1)
    order = [0, 2, 4, 6, 1, 3, 5, 7]
    codes = rng.integers(0, 16, (inputs, outputs))
    zeros = rng.integers(0, 16, (inputs // group, outputs))
    scales = rng.uniform(0.001, 0.1, (inputs // group, outputs)).astype(np.float16)

    def packed(values: Array) -> Array:
        words = np.zeros((values.shape[0], values.shape[1] // 8), np.uint32)
        for column in range(words.shape[1]):
            for i in range(8):
                words[:, column] |= values[:, column * 8 + order[i]].astype(np.uint32) << np.uint32(4 * i)
        return words.view(np.int32)

    index = np.arange(inputs) // group
    weight = (codes - zeros[index]).astype(np.float32) * scales[index].astype(np.float32)
    return {"qweight": packed(codes), "qzeros": packed(zeros), "scales": scales}, weight.T
