"""The sentence that says what a file is."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pthreport.anatomy import describe
from pthreport.checkpoint import open_checkpoint
from pthreport.document import Family
from pthreport.summary import sentence as what
from tests.anatomy.test_families import shapes_of


def sentence(tmp_path: Path, value: Any) -> str:
    torch.save(value, tmp_path / "file.pt")
    with open_checkpoint(tmp_path / "file.pt") as checkpoint:
        anatomy = describe(checkpoint)
        models = [m.described for m in anatomy.models]
        training = anatomy.training
        dtypes = Counter({"float32": 10})
        return what.sentence(
            models, training.optimizers, training.counters, dtypes, len(checkpoint.tensors)
        )


def resnet18() -> dict[str, torch.Tensor]:
    return {k: torch.zeros(()).expand(s) for k, s in shapes_of("torchvision resnet18").items()}


def test_a_family_with_what_its_ends_tell(tmp_path: Path) -> None:
    assert sentence(tmp_path, {"model": resnet18(), "epoch": 7}) == (
        "A ResNet-18 (inferred from 8 basic residual blocks in stages of 2, 2, 2 and 2): 11.7 M parameters in float32, "
        "1,000 classes, 3 input channels at epoch 7"
    )


def test_a_part_is_named_with_its_place(tmp_path: Path) -> None:
    weights = {f"backbone.{k}": v for k, v in resnet18().items() if not k.startswith("fc.")}
    said = sentence(tmp_path, weights | {"head.weight": torch.zeros(4, 8, 3, 3)})
    assert said.startswith("A model whose largest part, backbone, is a ResNet-18 (inferred from 8 basic")
    assert said.endswith(": 11.2 M parameters in float32, 3 input channels")


def test_of_several_models_the_largest(tmp_path: Path) -> None:
    value = {"net": resnet18(), "critic": nn.Linear(3, 2).state_dict()}
    assert sentence(tmp_path, value).startswith("Two models, the largest a ResNet-18 (inferred from 8")


def test_what_is_of_no_family_is_told_by_its_layers(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(32, 2))
    assert sentence(tmp_path, model.state_dict()).startswith(
        "A convolutional network (1 convolution, 1 linear layer), 290 parameters"
    )


@pytest.mark.parametrize(
    ("variant", "article"),
    [("ALBERT", "An"), ("EfficientNet-B0", "An"), ("LSTM of 2 layers", "An"), ("U-Net of 4 levels", "A"), ("YOLOv8n", "A"),
     ("SE-ResNet-50", "An"), ("encoder of a T5-small", "An"), ("MobileNetV2", "A")],
)  # fmt: skip
def test_articles(variant: str, article: str) -> None:
    family = Family(name="any", variant=variant, evidence="it")
    assert what.of_family(family) == f"{article} {variant} (inferred from it)"


def test_heads_with_what_proves_them_and_one_output() -> None:
    facts = {"outputs": "1", "vocabulary": "30522", "heads": "12", "heads known by": "said in config"}
    family = Family(name="any", variant="any", evidence="it", facts=facts)
    assert what.ends(family) == ["1 output", "a vocabulary of 30,522", "12 heads (said in config)"]
    stages = Family(name="any", variant="any", evidence="it", facts={"heads": "3, 6, 12"})
    assert what.ends(stages) == []
