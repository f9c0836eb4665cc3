"""A file's name says nothing: each kind opens under every name."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save as save_safetensors

from pthreport.checkpoint import open_checkpoint
from tests.checkpoint.files import saved_bytes
from tests.checkpoint.old_tar import OldTar

NAMES = ["model", "model.pth", "model.pt", "model.bin", "model.safetensors", "model.pth.tar", "model.ckpt",
         "model.gguf", "model.pt2", "model.json", "model.png", "pytorch_model.bin.index.json", ".metadata"]  # fmt: skip
WEIGHT = torch.arange(6.0).reshape(2, 3)


def script() -> bytes:
    module = torch.nn.Linear(3, 2)
    module.weight = torch.nn.Parameter(WEIGHT)
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(module), buffer)
    return buffer.getvalue()


def exported(folder: Path) -> bytes:
    module = torch.nn.Linear(3, 2)
    module.weight = torch.nn.Parameter(WEIGHT)
    torch.export.save(torch.export.export(module, (torch.ones(1, 3),)), folder / "x.pt2")
    return (folder / "x.pt2").read_bytes()


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
def test_every_kind_under_every_name(tmp_path: Path) -> None:
    value = {"weight": WEIGHT}
    contents = {
        "torch-zip": saved_bytes(value),
        "torch-legacy": saved_bytes(value, _use_new_zipfile_serialization=False),
        "torch-tar": OldTar(value).write(tmp_path / "old").read_bytes(),
        "torchscript": script(),
        "torch-export": exported(tmp_path),
        "safetensors": save_safetensors(value),
        "pickle": pickle.dumps({"weight": np.arange(6.0, dtype=np.float32).reshape(2, 3)}),
    }
    for container, content in contents.items():
        for name in NAMES:
            place = tmp_path / container
            place.mkdir(exist_ok=True)
            (place / name).write_bytes(content)
            with open_checkpoint(place / name) as checkpoint:
                assert checkpoint.container == container, name
                assert checkpoint.complete, name
                found = [one for path, one in checkpoint.tensors.items() if path.endswith("weight")]
                assert found[0].numpy().tolist() == WEIGHT.tolist()
            (place / name).unlink()
