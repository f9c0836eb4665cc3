"""Groups that were truncated, mis-shaped or mixed up: a problem that names them, or tensors left as they are; never a
crash, never a guess."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from math import prod
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pthreport.checkpoint import DTYPES, Checkpoint, ReadError, Tensor, open_checkpoint
from pthreport.checkpoint.geometry import contiguous_strides
from pthreport.parameters import SCHEMES, Parameters, Scheme, logical_parameters
from pthreport.parameters.scheme import Outcome, Site
from tests.parameters.packing import Array, awq, found_in, gptq, opened

DATA = Path(__file__).parent / "data"
FILES = sorted(p for p in DATA.rglob("*") if p.suffix in (".pt", ".safetensors"))


@cache
def checkpoint_of(path: Path) -> Checkpoint:
    return open_checkpoint(path)


def changed(tensor: Tensor, how: str, at: int) -> Tensor:
    """A tensor of another shape or type over the same bytes."""
    shape = list(tensor.shape)
    if how == "shorter" and shape:
        shape[at % len(shape)] = max(0, shape[at % len(shape)] - 1)
    elif how == "longer" and shape:
        shape[at % len(shape)] += 1
    elif how == "flat":
        shape = [prod(shape)]
    elif how == "deeper":
        shape = [1, *shape]
    elif how == "scalar":
        shape = []
    elif how == "empty":
        shape = [0, *shape[1:]]
    dtype = tensor.dtype
    if how == "retyped":
        dtype = DTYPES[("float32", "int32", "uint8", "int8", "int64", "float8_e4m3fn")[at % 6]]
    return replace(
        tensor, shape=tuple(shape), strides=contiguous_strides(shape), dtype=dtype, quantization=None
    )


def read_everything(parameters: Parameters) -> None:
    for one in parameters.found:
        if one.numel < 1 << 22:
            try:
                values = one.read(0, one.numel)
            except ReadError:
                continue
            assert values.shape == (one.numel,)
            assert values.dtype == one.dtype.raw


@settings(max_examples=150, deadline=None)
@given(
    file=st.sampled_from(FILES),
    how=st.sampled_from(["drop", "shorter", "longer", "flat", "deeper", "scalar", "empty", "retyped"]),
    which=st.integers(0, 10_000),
    at=st.integers(0, 5),
)
def test_a_damaged_group_is_named_or_left_alone(file: Path, how: str, which: int, at: int) -> None:
    checkpoint = checkpoint_of(file)
    tensors: dict[str, Tensor] = dict(checkpoint.tensors.items())
    whole = logical_parameters(tensors, checkpoint.tree)
    members = sorted(whole.member_of)
    victim = members[which % len(members)]
    if how == "drop":
        del tensors[victim]
    else:
        tensors[victim] = changed(tensors[victim], how, at)
    damaged = logical_parameters(tensors, checkpoint.tree)
    read_everything(damaged)
    for group in damaged.inconsistent:
        assert group.text
        assert group.members
        assert set(group.members) <= set(tensors)
    # Every other parameter is what it was.
    before = {p.anchor: p for p in whole.found if victim not in {m.path for m in p.members}}
    after = {p.anchor: p for p in damaged.found}
    for anchor, one in before.items():
        assert after[anchor].shape == one.shape
    # What still stands for a value has all its members where they were.
    for one in damaged.found:
        assert all(m.path in tensors for m in one.members)


def test_a_truncated_file_says_which_member_cannot_be_read(tmp_path: Path) -> None:
    tensors, _ = gptq(64, 32, 4, 32)
    path = tmp_path / "model.safetensors"
    opened(tmp_path, {f"m.{k}": v for k, v in tensors.items()})
    path.write_bytes(path.read_bytes()[:-40])
    one = found_in(open_checkpoint(path)).found[0]
    assert one.shape == (32, 64)
    assert (one.problem or "").startswith("its scales cannot be read")
    with pytest.raises(ReadError, match="scales"):
        one.read(0, 10)


def test_an_index_that_names_no_group_is_an_error_of_reading(tmp_path: Path) -> None:
    tensors, _ = gptq(64, 32, 4, 32)
    tensors["g_idx"][5] = 2
    one = found_in(opened(tmp_path, {f"m.{k}": v for k, v in tensors.items()})).found[0]
    with pytest.raises(ReadError, match="names group 2 of 2"):
        one.read(0, one.numel)


LOOKALIKES: dict[str, Mapping[str, Array]] = {
    "floats named as codes": {
        "m.qweight": np.ones((4, 8), np.float32),
        "m.scales": np.ones((4, 8), np.float32),
    },
    "codes alone": {"m.qweight": np.ones((4, 8), np.int32)},
    "a scale beside a plain weight": {
        "m.weight": np.ones((4, 8), np.float32),
        "m.weight_scale": np.ones(4, np.float32),
    },
    "a layer scale": {"m.scale": np.ones(8, np.float32), "m.weight": np.ones(8, np.float32)},
    "a learned gain": {"m.alpha_g": np.ones((), np.float32), "m.alpha_v": np.ones((4, 8), np.float32)},
    "an attention mask": {"m.attn_mask": np.ones((4, 8), np.float32)},
    "blocks": {"m.blocks": np.ones((2, 3, 16), np.uint8)},
    "data": {"m._data": np.ones((4, 8), np.int8)},
    "SCB": {"m.SCB": np.ones(4, np.float32), "m.weight": np.ones((4, 8), np.float32)},
    "packed": {"m.weight_packed": np.ones((4, 8), np.int32)},
    "W_q": {"m.W_q": np.ones((4, 8), np.uint8), "m.scale": np.ones(4, np.float32)},
    "integers with zero points of activations": {
        "m.weight": np.ones((4, 8), np.int32),
        "m.zero_point": np.zeros(1, np.int64),
    },
}


@pytest.mark.parametrize("case", LOOKALIKES)
def test_names_alone_are_no_scheme(case: str, tmp_path: Path) -> None:
    found = found_in(opened(tmp_path, dict(LOOKALIKES[case])))
    assert (found.found, found.inconsistent, dict(found.member_of)) == ((), (), {})


def test_an_inconsistent_group_names_its_tensors_and_what_is_wrong(tmp_path: Path) -> None:
    tensors, _ = gptq(64, 32, 4, 32)
    tensors["g_idx"] = tensors["g_idx"][:-1]
    found = found_in(opened(tmp_path, {f"m.{k}": v for k, v in tensors.items()}))
    assert found.found == ()
    (one,) = found.inconsistent
    assert one.text == "its g_idx has not one group for each of 64 inputs"
    assert one.members == ("m.qweight", "m.scales", "m.qzeros", "m.g_idx")


def test_a_hundred_thousand_tensors_take_no_longer_than_reading_their_names(tmp_path: Path) -> None:
    """Counted in look-ups, not in seconds: each scheme is asked about its anchors' places only."""
    tensors, _ = awq(32, 8, 32)
    checkpoint = opened(tmp_path, {f"m.{k}": v for k, v in tensors.items()})
    plain = changed(checkpoint.tensors["m.scales"], "flat", 0)
    many = {f"layers.{i}.weight": plain for i in range(20_000)}
    asked: list[str] = []

    def counting(scheme: Scheme) -> Scheme:
        def find(site: Site) -> Outcome:
            asked.append(site.anchor)
            return scheme.find(site)

        return replace(scheme, find=find)

    counted = tuple(map(counting, SCHEMES))
    assert logical_parameters(many, None, schemes=counted).found == ()
    assert asked == []
    found = logical_parameters({**many, **checkpoint.tensors}, None, schemes=counted)
    assert [one.path for one in found.found] == ["m.weight"]
    assert len(asked) < 5


def test_each_scheme_describes_itself() -> None:
    assert len({scheme.id for scheme in SCHEMES}) == len(SCHEMES)
    for scheme in SCHEMES:
        assert scheme.find.__module__ == f"pthreport.parameters.schemes.{scheme.id.replace('-', '_')}"
        assert scheme.title
        assert scheme.layout
        assert scheme.reference
        assert scheme.anchors
