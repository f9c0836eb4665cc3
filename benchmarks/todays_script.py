"""The script people write today to look at a checkpoint, as found in notebooks and forum answers.

Everything is loaded, each tensor goes through numpy for its statistics and through `plt.hist` for a
picture, each convolution through an 8 x 8 grid of `imshow`. Nothing here is slow on purpose: one figure is
open at a time, without a screen, at matplotlib's own resolution.

    python -m benchmarks.todays_script FILE FOLDER
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import torch


def main() -> None:
    path, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    state_dict = torch.load(path, map_location="cpu", weights_only=True)
    for name, tensor in state_dict.items():
        values = tensor.numpy()
        low, median, high = np.percentile(values, [1, 50, 99])
        print(
            f"{name:45} {tuple(values.shape)!s:20} mean {values.mean():+.4f} std {values.std():.4f} "
            f"min {values.min():+.4f} max {values.max():+.4f} "
            f"1% {low:+.4f} 50% {median:+.4f} 99% {high:+.4f}"
        )

        plt.figure(figsize=(6, 4))
        plt.hist(values.ravel(), bins=100)
        plt.title(name)
        plt.savefig(folder / f"{name}.hist.png")
        plt.close()

        if values.ndim == 4:
            figure, axes = plt.subplots(8, 8, figsize=(8, 8))
            for axis, kernel in zip(axes.flat, values, strict=False):
                axis.imshow(kernel[0], cmap="gray")
                axis.axis("off")
            figure.suptitle(name)
            figure.savefig(folder / f"{name}.filters.png")
            plt.close(figure)


if __name__ == "__main__":
    main()
