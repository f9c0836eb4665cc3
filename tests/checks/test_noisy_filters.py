"""First-layer filters that look like noise."""

from pathlib import Path

import pytest
import torch

from tests.checks.examples import Examples, analyzed, finding, saved


def first(kernels: torch.Tensor) -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    return {
        "conv1.weight": kernels,
        "conv1.bias": torch.randn(kernels.shape[0]),
        "conv2.weight": torch.randn(16, kernels.shape[0], 3, 3),
        "conv2.bias": torch.randn(16),
    }


def waves(count: int, size: int) -> torch.Tensor:
    """Gabor-like waves of all directions, the faster ones near the grid's own frequency."""
    at = torch.arange(size) - size // 2
    y, x = torch.meshgrid(at, at, indexing="ij")
    angle = torch.linspace(0, 3.1, count)[:, None, None]
    speed = torch.linspace(0.3, 2.9, count)[:, None, None]
    wave = torch.cos(speed * (x * torch.cos(angle) + y * torch.sin(angle)))
    return (wave * torch.exp(-(x**2 + y**2) / 8.0))[:, None].repeat(1, 3, 1, 1)


def noise() -> torch.Tensor:
    torch.manual_seed(6)
    return torch.randn(32, 3, 7, 7)


EXAMPLES = Examples(faulty=saved(first(noise())), sound=saved(first(waves(32, 7))), found="warn")


@pytest.mark.parametrize("size", [5, 7, 11])
def test_noise_of_any_size_is_found(tmp_path: Path, size: int) -> None:
    torch.manual_seed(7)
    found = finding(analyzed(tmp_path, first(torch.randn(64, 3, size, size))), "noisy-filters")
    assert found.status == "warn"
    assert found.where == ("conv1.weight",)


def test_a_fourier_basis_is_no_noise(tmp_path: Path) -> None:
    time, speed = torch.arange(256.0), torch.arange(1.0, 128.0)[:, None]
    basis = torch.cos(2 * torch.pi * speed * time / 256)[:, None]
    found = finding(
        analyzed(tmp_path, {"stft.weight": basis, "fc.weight": torch.randn(4, 4)}), "noisy-filters"
    )
    assert found.status == "pass", found.evidence


def test_small_kernels_are_not_judged(tmp_path: Path) -> None:
    found = finding(analyzed(tmp_path, first(torch.randn(32, 3, 3, 3))), "noisy-filters")
    assert found.status == "not-applicable"
