"""Known results for random matrices."""

import numpy as np
import pytest

from pthreport.measure.spectrum import SpectrumTask, spectra_of
from pthreport.measure.spectrum.random_matrix import noise_edges
from tests.measure.arrays import tensor


@pytest.mark.parametrize("shape", [(1024, 1024), (1024, 256), (900, 400)])
def test_gaussian_stable_rank(shape: tuple[int, int]) -> None:
    many, few = max(shape), min(shape)
    found = spectra_of(
        SpectrumTask(tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32)))
    )
    assert found.whole is not None
    expected = many * few / (np.sqrt(many) + np.sqrt(few)) ** 2
    assert found.whole.stable_rank == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("shape", [(4096, 4096), (4096, 1024)])
def test_edges_give_the_known_stable_ranks(shape: tuple[int, int]) -> None:
    edges = noise_edges(*shape, 1.0)
    stable = shape[0] * shape[1] / edges.high**2
    assert stable == pytest.approx({4096: 1024.0, 1024: 455.1}[shape[1]], abs=0.06)
    assert edges.low == pytest.approx(np.sqrt(shape[0]) - np.sqrt(shape[1]))
    assert edges.high_margin > edges.high
    assert edges.low_margin <= edges.low


@pytest.mark.parametrize("shape", [(100, 100), (100, 250), (30, 400)])
def test_noise_seldom_leaves_the_margins(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    stack = random.standard_normal((300, *shape))
    values = np.linalg.svd(stack, compute_uv=False)
    edges = noise_edges(*shape, 1.0)
    # Noise passes the margin in 1 of 100 matrices, the bare edge in many more.
    assert (values[:, 0] > edges.high_margin).mean() < 0.04
    assert (values[:, 0] > edges.high).mean() > 0.05
    if edges.low_margin > 0:
        assert (values[:, -1] < edges.low_margin).mean() < 0.04


def test_what_was_learnt_stands_out() -> None:
    random = np.random.default_rng(2)
    noise = random.standard_normal((200, 300))
    signal = random.standard_normal((200, 5)) @ random.standard_normal((5, 300))
    for array, above in ((noise, 0), (noise + signal, 5)):
        found = spectra_of(SpectrumTask(tensor(array.astype(np.float32)))).whole
        assert found is not None
        assert found.random is not None
        assert found.random.above == above
        assert found.random.outside == (found.random.above + found.random.below) / 200
