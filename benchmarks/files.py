"""The checkpoints that are measured, made from a seed: no download, no torchvision.

Run in a process of its own, so that the one that measures stays small:

    python -m benchmarks.files FOLDER
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

RESNET50 = "resnet50_shaped.pth"
MATRICES = "sixteen_matrices.pth"

# ResNet-50's four stages, blocks and width (He et al. 2015, https://arxiv.org/abs/1512.03385, table 1).
STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))
EXPANSION = 4

Shapes = Iterator[tuple[str, tuple[int, ...]]]


def _norm(name: str, channels: int) -> Shapes:
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{part}", (channels,)
    yield f"{name}.num_batches_tracked", ()


def resnet50_shapes() -> Shapes:
    """Names and shapes of ResNet-50's 320 tensors, in the order of its state dict; 25.6 million values."""
    yield "conv1.weight", (64, 3, 7, 7)
    yield from _norm("bn1", 64)
    channels = 64
    for stage, (blocks, width) in enumerate(STAGES, start=1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            yield f"{name}.conv1.weight", (width, channels, 1, 1)
            yield from _norm(f"{name}.bn1", width)
            yield f"{name}.conv2.weight", (width, width, 3, 3)
            yield from _norm(f"{name}.bn2", width)
            yield f"{name}.conv3.weight", (width * EXPANSION, width, 1, 1)
            yield from _norm(f"{name}.bn3", width * EXPANSION)
            if block == 0:
                yield f"{name}.downsample.0.weight", (width * EXPANSION, channels, 1, 1)
                yield from _norm(f"{name}.downsample.1", width * EXPANSION)
            channels = width * EXPANSION
    yield "fc.weight", (1000, channels)
    yield "fc.bias", (1000,)


def write_resnet50(path: Path) -> None:
    """102 MB: weights from Kaiming's normal distribution, norm layers near those of a trained network."""
    import torch

    random = torch.Generator().manual_seed(50)

    def values(name: str, shape: tuple[int, ...]) -> torch.Tensor:
        if not shape:
            return torch.tensor(450_000)
        noise = torch.randn(shape, generator=random)
        if len(shape) > 1:
            fan_out = shape[0] * math.prod(shape[2:])
            return noise.mul(math.sqrt(2.0 / fan_out))
        if name.endswith("running_var"):
            return noise.square() + 0.1
        return noise * 0.1 + (1.0 if name.endswith("weight") else 0.0)

    torch.save({name: values(name, shape) for name, shape in resnet50_shapes()}, path)


def write_matrices(path: Path) -> None:
    """1.07 GB: sixteen float32 matrices of 4096 x 4096, as in a block of a language model."""
    import torch

    random = torch.Generator().manual_seed(16)
    torch.save(
        {
            f"layers.{layer}.mlp.weight": torch.randn(4096, 4096, generator=random) * 0.02
            for layer in range(16)
        },
        path,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the checkpoints that are measured.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, write in ((RESNET50, write_resnet50), (MATRICES, write_matrices)):
        if not (folder / name).exists():
            part = folder / f"{name}.part"
            write(part)
            part.rename(folder / name)


if __name__ == "__main__":
    main()
