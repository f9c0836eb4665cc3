"""Schemes whose libraries do not run here, beside slow decoders written from their documentation."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pthreport.checkpoint import Record, Tensor, open_checkpoint, walk
from pthreport.parameters import Parameter, logical_parameters
from tests.parameters.packing import Array, awq, e2m1, e4m3, found_in, gptq, opened


def only(folder: Path, tensors: dict[str, Array], config: dict[str, object] | None = None) -> Parameter:
    found = found_in(opened(folder, tensors, config))
    assert found.inconsistent == ()
    assert len(found.found) == 1
    return found.found[0]


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("act_order", [False, True])
@pytest.mark.parametrize("version", [1, 2])
def test_gptq(bits: int, act_order: bool, version: int, tmp_path: Path) -> None:
    tensors, weight = gptq(64, 32, bits, 32, version=version, act_order=act_order)
    config = {
        "quant_method": "gptq",
        "bits": bits,
        "checkpoint_format": "gptq" if version == 1 else "gptq_v2",
    }
    one = only(tmp_path, {f"m.{k}": v for k, v in tensors.items()}, config)
    assert (one.path, one.shape, one.bits, one.group, one.order) == ("m.weight", (32, 64), bits, 32, (1, 0))
    np.testing.assert_array_equal(one.numpy(), weight)
    assert one.notes == ()


def test_gptq_without_a_configuration_is_the_first_version_and_says_so(tmp_path: Path) -> None:
    tensors, weight = gptq(64, 32, 4, 64)
    del tensors["g_idx"]
    one = only(tmp_path, {f"m.{k}": v for k, v in tensors.items()})
    np.testing.assert_array_equal(one.numpy(), weight)
    assert "checkpoint_format" in one.notes[0]


def test_the_oldest_gptq_takes_its_bits_from_the_sizes_of_the_model(tmp_path: Path) -> None:
    tensors, weight = gptq(96, 32, 4, 96, version=2)
    zero = np.float16(0.25) * np.ones((32, 1), np.float16)
    codes = weight / tensors["scales"].T.astype(np.float32)
    packed = {
        "m.qweight": tensors["qweight"],
        "m.scales": np.ascontiguousarray(tensors["scales"].T),
        "m.zeros": zero,
        "m.bias": np.zeros(32, np.float16),
    }
    found = found_in(opened(tmp_path / "alone", packed))
    assert [one.text for one in found.inconsistent] == [
        "neither a configuration nor the model's other sizes tell its bits"
    ]
    one = only(tmp_path / "model", {**packed, "norm.weight": np.ones(96, np.float32)})
    assert one.label == "GPTQ, 4-bit"
    raw = np.zeros((32, 96))
    for i in range(96):
        raw[:, i] = tensors["qweight"].view(np.uint32)[i // 8] >> np.uint32(4 * (i % 8)) & np.uint32(15)
    expected = raw.astype(np.float32) * packed["m.scales"].astype(np.float32) - np.float32(0.25)
    np.testing.assert_array_equal(one.numpy(), expected)
    assert "m.bias" in {member.path for member in one.members}
    assert codes.shape == (32, 96)


def test_awq(tmp_path: Path) -> None:
    tensors, weight = awq(64, 48, 32)
    one = only(tmp_path, {f"m.{k}": v for k, v in tensors.items()}, {"quant_method": "awq"})
    assert (one.label, one.shape, one.group) == ("AWQ, 4-bit", (48, 64), 32)
    np.testing.assert_array_equal(one.numpy(), weight)


@pytest.mark.parametrize(("name", "turned"), [("m.down_proj{}", True), ("m.mlp1_weight.{}", False)])
def test_gpt_oss(name: str, turned: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 256, (2, 6, 3, 16)).astype(np.uint8)
    scales = rng.integers(118, 130, (2, 6, 3)).astype(np.uint8)
    expected = np.zeros((2, 6, 96), np.float32)
    for e, o, g, b in np.ndindex(blocks.shape):
        code, power = int(blocks[e, o, g, b]), 2.0 ** (int(scales[e, o, g]) - 127)
        expected[e, o, g * 32 + 2 * b] = e2m1(code & 15) * power
        expected[e, o, g * 32 + 2 * b + 1] = e2m1(code >> 4) * power
    parts = ("_blocks", "_scales") if turned else ("blocks", "scales")
    one = only(tmp_path, {name.format(parts[0]): blocks, name.format(parts[1]): scales})
    np.testing.assert_array_equal(one.numpy(), expected.transpose(0, 2, 1) if turned else expected)
    np.testing.assert_array_equal(one.slice((1, slice(2, 5))), one.numpy()[1, 2:5])


def torch_parameter(folder: Path, tensors: dict[str, torch.Tensor]) -> Parameter:
    save_file(tensors, folder / "m.safetensors")
    found = found_in(open_checkpoint(folder / "m.safetensors"))
    assert found.inconsistent == ()
    return found.found[0]


def test_nvfp4_of_modelopt_multiplies_both_scales(tmp_path: Path) -> None:
    torch.manual_seed(0)
    codes = torch.randint(0, 256, (4, 24), dtype=torch.uint8)
    scales = (torch.rand(4, 3) * 300).to(torch.float8_e4m3fn)
    one = torch_parameter(
        tmp_path,
        {
            "m.weight": codes,
            "m.weight_scale": scales,
            "m.weight_scale_2": torch.tensor(0.0037),
            "m.input_scale": torch.tensor(1.0),
        },
    )
    expected = np.zeros((4, 48), np.float32)
    for row, column in np.ndindex(4, 48):
        code = int(codes[row, column // 2]) >> (4 * (column % 2)) & 15
        scale = np.float32(e4m3(int(scales.view(torch.uint8)[row, column // 16]))) * np.float32(0.0037)
        expected[row, column] = np.float32(e2m1(code)) * scale
    np.testing.assert_array_equal(one.numpy(), expected)
    assert (one.label, one.shape, one.group, len(one.members)) == ("NVFP4", (4, 48), 16, 4)


@pytest.mark.parametrize("shape", [(40, 72), (3, 40, 72), (128, 256)])
def test_fp8_blocks(shape: tuple[int, ...], tmp_path: Path) -> None:
    torch.manual_seed(1)
    codes = (torch.randn(shape) * 100).to(torch.float8_e4m3fn)
    counts = (*shape[:-2], -(-shape[-2] // 16), -(-shape[-1] // 32))
    scales = torch.rand(counts)
    one = torch_parameter(tmp_path, {"m.weight": codes, "m.weight_scale_inv": scales})
    expected = np.zeros(shape, np.float32)
    raw = codes.view(torch.uint8).numpy()
    for at in np.ndindex(shape):
        scale = scales[(*at[:-2], at[-2] // 16, at[-1] // 32)].numpy()
        expected[at] = np.float32(e4m3(int(raw[at]))) * scale
    np.testing.assert_array_equal(one.numpy(), expected)
    assert one.label == "FP8 (E4M3), 16 x 32 blocks"


def test_fp8_stored_by_columns_is_read_in_the_order_of_its_storage(tmp_path: Path) -> None:
    codes = torch.randn(48, 32).to(torch.float8_e4m3fn).t()
    scales = torch.rand(2, 3)
    torch.save({"m.weight": codes, "m.weight_scale_inv": scales}, tmp_path / "m.pt")
    one = found_in(open_checkpoint(tmp_path / "m.pt")).found[0]
    assert (one.shape, one.order) == ((32, 48), (1, 0))
    wide = scales.repeat_interleave(16, 0).repeat_interleave(16, 1)
    np.testing.assert_array_equal(one.numpy(), (codes.float() * wide).numpy())


def test_mxfp8(tmp_path: Path) -> None:
    codes = torch.randn(6, 64).to(torch.float8_e5m2)
    scales = torch.randint(120, 130, (6, 2), dtype=torch.uint8)
    one = torch_parameter(
        tmp_path, {"m.weight": codes, "m.weight_scale": scales.view(torch.float8_e8m0fnu)}
    )
    factors = torch.exp2(scales.float() - 127).repeat_interleave(32, 1)
    np.testing.assert_array_equal(one.numpy(), (codes.float() * factors).numpy())
    assert one.label == "MXFP8"


def test_gpt_fast_int8(tmp_path: Path) -> None:
    codes, scales = torch.randint(-128, 128, (6, 10), dtype=torch.int8), torch.rand(6).bfloat16()
    one = torch_parameter(tmp_path, {"m.weight": codes, "m.scales": scales})
    np.testing.assert_array_equal(one.numpy(), (codes * scales.float()[:, None]).numpy())


@pytest.mark.parametrize("halves", [True, False])
def test_sparse_with_a_bitmask(halves: bool, tmp_path: Path) -> None:
    torch.manual_seed(2)
    weight = torch.randn(6, 16)
    if halves:
        keep = torch.zeros(6, 4, 4, dtype=torch.bool)
        for row, group in np.ndindex(6, 4):
            keep[row, group, torch.randperm(4)[:2]] = True
        keep = keep.reshape(6, 16)
    else:
        keep = torch.rand(6, 16) < 0.3
    weight = torch.where(keep, weight, 0.0)
    tensors = {
        "m.weight.shape": torch.tensor([6, 16]),
        "m.weight.bitmask": torch.from_numpy(np.packbits(keep.numpy(), axis=1, bitorder="little")),
        "m.weight.compressed": weight[keep].reshape(6, 8) if halves else weight[keep],
    }
    if not halves:
        tensors["m.weight.row_offsets"] = torch.cat([torch.tensor([0]), keep.sum(1).cumsum(0)[:-1]])
    one = torch_parameter(tmp_path, tensors)
    np.testing.assert_array_equal(one.numpy(), weight.numpy())
    np.testing.assert_array_equal(one.read(37, 61), weight.numpy().reshape(-1)[37:61])


def test_exl2_and_tinygemm_have_their_size_and_no_values(tmp_path: Path) -> None:
    exl2 = {
        "m.q_weight": torch.zeros(20, 64, dtype=torch.int32),
        "m.q_scale": torch.zeros(4, 8, dtype=torch.int32),
        "m.q_scale_max": torch.zeros(4, dtype=torch.float16),
        "m.q_groups": torch.zeros(8, dtype=torch.int16),
        "m.q_invperm": torch.zeros(128, dtype=torch.int32),
    }
    one = torch_parameter(tmp_path, exl2)
    assert (one.shape, one.bits, one.decoded, one.problem) == (
        (64, 128),
        5.0,
        False,
        "EXL2's codes of several widths are not decoded",
    )
    int4 = {
        "m.weight": torch.zeros(8, 2, 32, 4, dtype=torch.int32),
        "m.scales_and_zeros": torch.zeros(8, 64, 2, dtype=torch.bfloat16),
    }
    one = torch_parameter(tmp_path, int4)
    assert (one.shape, one.bits, one.group, one.decoded) == ((64, 256), 4, 32, False)


def test_orthogonal_is_named_and_not_decoded(tmp_path: Path) -> None:
    model = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(6, 4))
    torch.save(model.state_dict(), tmp_path / "m.pt")
    one = found_in(open_checkpoint(tmp_path / "m.pt")).found[0]
    assert (one.path, one.shape, one.scheme, one.decoded) == ("weight", (4, 6), "orthogonal", False)


def test_f4_of_safetensors_has_its_bytes_and_its_numbers(tmp_path: Path) -> None:
    import json

    raw, scales = np.arange(64, dtype=np.uint8).reshape(2, 32) * 4 + 1, np.array([[120, 127]] * 2, np.uint8)
    header = json.dumps(
        {
            "m.weight": {"dtype": "F4", "shape": [2, 64], "data_offsets": [0, 64]},
            "m.weight_scale": {"dtype": "F8_E8M0", "shape": [2, 2], "data_offsets": [64, 68]},
        }
    ).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + raw.tobytes() + scales.tobytes())
    checkpoint = open_checkpoint(path)
    assert checkpoint.complete
    stored = checkpoint.tensors["m.weight"]
    assert (stored.shape, stored.nbytes, stored.dtype.name) == ((2, 64), 64, "F4")
    numbers = np.array([[e2m1(int(b) >> s & 15) for b in row for s in (0, 4)] for row in raw], np.float32)
    np.testing.assert_array_equal(stored.numpy(), numbers)
    np.testing.assert_array_equal(stored.read(3, 70), numbers.reshape(-1)[3:70])
    one = found_in(checkpoint).found[0]
    assert (one.label, one.bits, one.group) == ("MXFP4", 4, 32)
    np.testing.assert_array_equal(one.numpy(), numbers * np.repeat([[2.0**-7, 1.0]], 32, axis=1))


def test_parameters_prepacked_for_mobile(tmp_path: Path) -> None:
    """As torch.utils.mobile_optimizer folds them: contexts of XNNPACK whose state is (weight, bias, ...)."""
    torch.save({"w": torch.randn(6, 3, 2, 2), "b": torch.randn(6)}, tmp_path / "m.pt")
    stored = open_checkpoint(tmp_path / "m.pt").tensors
    weight, bias = stored["w"].copy(), stored["b"].copy()
    context = Record(
        "__torch__.torch.classes.xnnpack",
        "Conv2dOpContext",
        state=(weight, bias, [1, 1], [0, 0], [1, 1], 1),
    )
    other = Record("__torch__.mine", "Pair", state=(stored["w"].copy(), stored["b"].copy()))
    tree = {"prepack_folding._jit_pass_packed_weight_0": context, "pair": other}
    tensors = {}
    for visit in walk(tree):
        if isinstance(visit.value, Tensor):
            visit.value.path = visit.path
            tensors[visit.path] = visit.value
    found = logical_parameters(tensors, tree)
    base = "prepack_folding._jit_pass_packed_weight_0"
    assert {one.path: one.shape for one in found.found} == {
        f"{base}.weight": (6, 3, 2, 2),
        f"{base}.bias": (6,),
    }
    np.testing.assert_array_equal(found.found[0].numpy(), stored["w"].numpy())
