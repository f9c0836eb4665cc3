"""Architectures of the tests, named as a user would: py:tests.checks.architectures:small."""

from collections import OrderedDict

from torch import nn


def small(classes: int = 10) -> nn.Module:
    """What `tests.checks.examples.trained` was trained with."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(3, 16, 3),
            bn=nn.BatchNorm2d(16),
            flat=nn.Flatten(),
            fc=nn.Linear(16 * 36, classes),
        )
    )


def larger() -> nn.Module:
    """The same for 20 classes."""
    return small(20)


class Renamed(nn.Module):
    """The same under other names, inside a backbone."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.stem = nn.Conv2d(3, 16, 3)
        self.backbone.bn = nn.BatchNorm2d(16)
        self.backbone.head = nn.Linear(16 * 36, 10)


def broken() -> nn.Module:
    """A factory that fails."""
    raise ValueError("no width was given\nnor a depth")


def leaves() -> nn.Module:
    """A factory that ends the program."""
    raise SystemExit(7)


NUMBER = 3
