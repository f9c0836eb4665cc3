"""Torch zips by torch.save, in every variant, against torch.load."""

import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from pthreport.checkpoint import ReadError, open_checkpoint
from tests.checkpoint.files import rezip, same, save

pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf:UserWarning")

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex32,
    torch.complex64,
    torch.complex128,
    torch.float8_e4m3fn,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2,
    torch.float8_e5m2fnuz,
    torch.float8_e8m0fnu,
]


def random_bits(dtype: torch.dtype, *shape: int) -> torch.Tensor:
    size = torch.empty(0, dtype=dtype).element_size()
    generator = torch.Generator().manual_seed(7)
    high = 2 if dtype == torch.bool else 256
    raw = torch.randint(0, high, (*shape[:-1], shape[-1] * size), dtype=torch.uint8, generator=generator)
    return raw.view(dtype)


def every_kind() -> dict[str, object]:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    tied = torch.randn(3, 5)
    return {
        "plain": base,
        "transposed": base.t(),
        "strided": base[:, ::2],
        "row": base[2],
        "expanded": torch.tensor([1.5]).expand(3, 4),
        "scalar": torch.tensor(3.25),
        "empty": torch.empty(0, 7),
        "channels last": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "conjugate": torch.randn(4, dtype=torch.complex64).conj(),
        "tied": {"a": tied, "b": tied, "view": tied[1:]},
        "parameter": torch.nn.Parameter(torch.randn(3)),
        "frozen": torch.nn.Parameter(torch.randn(3), requires_grad=False),
        **{str(dtype): random_bits(dtype, 3, 8) for dtype in DTYPES},
    }


def tensors_of(value: object, path: str = "") -> dict[str, torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return {path: value}
    found: dict[str, torch.Tensor] = {}
    if isinstance(value, dict):
        for key, item in value.items():
            found |= tensors_of(item, f"{path}.{key}" if path else str(key))
    return found


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("zipped", [True, False])
def test_values_are_those_of_torch(tmp_path: Path, protocol: int, zipped: bool) -> None:
    value = every_kind()
    file = save(tmp_path / "all.pt", value, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    expected = tensors_of(value)
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.complete
        assert checkpoint.container == ("torch-zip" if zipped else "torch-legacy")
        assert list(checkpoint.tensors) == list(expected)
        for path, tensor in checkpoint.tensors.items():
            assert tensor.path == path
            assert tensor.shape == tuple(expected[path].shape)
            assert tensor.strides == expected[path].stride() or tensor.numel == 0
            assert same(tensor.torch(), expected[path]), path
        assert all(one.verdict == "known" for one in checkpoint.imports)
        assert checkpoint.tensors["parameter"].is_parameter
        assert checkpoint.tensors["parameter"].requires_grad
        assert not checkpoint.tensors["frozen"].requires_grad
        tied = [checkpoint.tensors[f"tied.{name}"] for name in ("a", "b", "view")]
        assert len({one.storage_key for one in tied}) == 1
        assert not checkpoint.verify()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_numpy_widens_exactly(tmp_path: Path, dtype: torch.dtype) -> None:
    value = random_bits(dtype, 256)
    with open_checkpoint(save(tmp_path / "one.pt", {"w": value})) as checkpoint:
        found = checkpoint.tensors["w"].numpy()
    if dtype.is_complex:
        wide = value.to(torch.complex128)
        expected = wide.numpy()
    else:
        expected = value.to(torch.float64 if dtype.is_floating_point else dtype).numpy()
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(found, expected.astype(found.dtype))
        np.testing.assert_array_equal(found.astype(expected.dtype), expected)


def test_deflated_members_are_inflated_once(tmp_path: Path) -> None:
    value = every_kind()
    plain = save(tmp_path / "plain.pt", value)
    packed = rezip(plain, tmp_path / "packed.pt", method=zipfile.ZIP_DEFLATED)
    with open_checkpoint(packed) as checkpoint:
        assert checkpoint.format["compression"] == "deflate"
        for path, expected in tensors_of(value).items():
            assert same(checkpoint.tensors[path].torch(), expected)
        assert not checkpoint.verify()
        assert checkpoint.complete


def test_any_prefix(tmp_path: Path) -> None:
    plain = save(tmp_path / "plain.pt", {"w": torch.ones(3)})
    renamed = rezip(plain, tmp_path / "x.pt", rename=lambda name: "mödel v2/" + name.partition("/")[2])
    with open_checkpoint(renamed) as checkpoint:
        assert checkpoint.format["prefix"] == "mödel v2"
        assert checkpoint.complete
        assert checkpoint.tensors["w"].numpy().tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int16, torch.complex64]
)
def test_big_endian_storages_are_swapped(tmp_path: Path, dtype: torch.dtype) -> None:
    value = random_bits(dtype, 5, 4)
    part = {torch.complex64: 4}.get(dtype, value.element_size())

    def swap(name: str, content: bytes) -> bytes:
        if name.endswith("/byteorder"):
            return b"big"
        if "/data/" in name:
            return np.frombuffer(content, f"V{part}").view(f"u{part}").byteswap().tobytes()
        return content

    swapped = rezip(save(tmp_path / "little.pt", {"w": value}), tmp_path / "big.pt", change=swap)
    with open_checkpoint(swapped) as checkpoint:
        assert checkpoint.format["byte order"] == "big"
        assert same(checkpoint.tensors["w"].torch(), value)
        assert same(
            torch.from_numpy(checkpoint.tensors["w"].slice((slice(1, 3), 2)).copy()).view(torch.uint8),
            value[1:3, 2].contiguous().view(torch.uint8),
        )


def test_a_short_storage_is_never_filled_up(tmp_path: Path) -> None:
    plain = save(tmp_path / "plain.pt", {"w": torch.ones(8), "head": torch.zeros(2)})
    short = rezip(
        plain,
        tmp_path / "short.pt",
        change=lambda name, content: content[:-4] if name.endswith("data/0") else content,
    )
    with open_checkpoint(short) as checkpoint:
        assert not checkpoint.complete
        assert "cut short" in (checkpoint.tensors["w"].problem or "")
        with pytest.raises(ReadError, match="cut short"):
            checkpoint.tensors["w"].read(0, 1)
        assert checkpoint.tensors["head"].problem is None
        assert any("28" in problem.text and problem.partial for problem in checkpoint.problems)


def test_a_missing_storage_is_named(tmp_path: Path) -> None:
    plain = save(tmp_path / "plain.pt", {"w": torch.ones(8), "b": torch.zeros(2)})
    lacking = rezip(
        plain, tmp_path / "lacking.pt", rename=lambda name: None if name.endswith("data/1") else name
    )
    with open_checkpoint(lacking) as checkpoint:
        assert not checkpoint.complete
        assert checkpoint.tensors["b"].problem == "the file has no member 'plain/data/1'"
        assert checkpoint.tensors["w"].numpy().sum() == 8


def test_quantized_tensors_are_dequantised(tmp_path: Path) -> None:
    values = torch.randn(4, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of it once in a process
        per_tensor = torch.quantize_per_tensor(values, 0.1, 5, torch.quint8)
    per_channel = torch.quantize_per_channel(
        values, torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.tensor([0, 1, 2, 3]), 0, torch.qint8
    )
    wide = torch.quantize_per_tensor(values, 0.01, 0, torch.qint32)
    file = save(tmp_path / "q.pt", {"a": per_tensor, "b": per_channel, "c": wide})
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.complete
        assert list(checkpoint.tensors) == ["a", "b", "c"]
        for name, expected in (("a", per_tensor), ("b", per_channel), ("c", wide)):
            tensor = checkpoint.tensors[name]
            assert tensor.dtype.kind == "quantized"
            np.testing.assert_allclose(tensor.numpy(), expected.dequantize().numpy(), rtol=1e-6)
            np.testing.assert_array_equal(tensor.read(0, 12), expected.int_repr().numpy().reshape(-1))


def test_meta_tensors_have_no_values_and_that_is_no_damage(tmp_path: Path) -> None:
    file = save(tmp_path / "m.pt", {"m": torch.empty(3, 4, device="meta"), "w": torch.ones(2)})
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.complete
        assert checkpoint.tensors["m"].shape == (3, 4)
        assert "without values" in (checkpoint.tensors["m"].problem or "")


def test_subclasses_and_attributes_are_kept(tmp_path: Path) -> None:
    tensor = torch.ones(3)
    tensor.label = "kept"  # type: ignore[attr-defined]
    with open_checkpoint(save(tmp_path / "a.pt", {"t": tensor})) as checkpoint:
        assert checkpoint.tensors["t"].attributes == {"label": "kept"}
        assert checkpoint.tensors["t"].numpy().tolist() == [1, 1, 1]
