"""Which parts a layer's matrix has."""

import numpy as np
import pytest

from pthreport.measure.spectrum import Section, SpectrumTask, spectra_of
from pthreport.measure.spectrum.sections import gate_sections, projection_sections
from tests.measure.arrays import tensor

QKV = "query, key and value"


def test_gates() -> None:
    assert [part.name for part in gate_sections("lstm", 40, 7)] == [
        "input gate", "forget gate", "cell gate", "output gate",
    ]  # fmt: skip
    assert gate_sections("gru", 30, 7)[2] == Section("new gate", (20, 30), (0, 7))
    assert gate_sections("lstm", 42, 7) == gate_sections("rnn", 40, 7) == ()


def test_fused_projections() -> None:
    parts = projection_sections(QKV, "c_attn", 36, 12)
    assert [(part.name, part.rows) for part in parts] == [
        ("query", (0, 12)), ("key", (12, 24)), ("value", (24, 36)),
    ]  # fmt: skip
    assert projection_sections(QKV, "qkv", 40, 12) == ()
    assert projection_sections(QKV, "query_key_value", 36, 12) == ()
    assert projection_sections("query", "q_proj", 12, 12) == ()


def test_heads() -> None:
    parts = projection_sections(QKV, "qkv_proj", 32, 16, heads=4, kv_heads=2)
    rows = {part.name: part.rows for part in parts}
    assert rows["query"] == (0, 16)
    assert rows["key"] == (16, 24)
    assert rows["value, head 1"] == (28, 32)
    assert rows["query, head 3"] == (12, 16)
    output = projection_sections("output", "o_proj", 16, 32, heads=4)
    assert (output[1].rows, output[1].columns, output[1].detail) == ((0, 16), (8, 16), "scalars")
    assert projection_sections("query", "q_proj", 13, 12, heads=4) == ()


@pytest.mark.parametrize("axis", [0, 1])
def test_each_part_is_its_own_matrix(axis: int) -> None:
    array = np.random.default_rng(0).standard_normal((36, 12)).astype(np.float32)
    parts = projection_sections(QKV, "c_attn", 36, 12, heads=3)
    stored = array if axis == 0 else np.ascontiguousarray(array.T)
    found = spectra_of(SpectrumTask(tensor(stored), "attention", unit_axis=axis, sections=parts))
    assert [part.part for part in found.parts] == [part.name for part in parts]
    for part, section in zip(found.parts, parts, strict=True):
        block = array[slice(*section.rows), slice(*section.columns)]
        assert part.shape == block.shape
        assert part.spectral_norm == pytest.approx(np.linalg.norm(block, 2), rel=1e-6)
        assert (part.points is None) == (section.detail == "scalars")
