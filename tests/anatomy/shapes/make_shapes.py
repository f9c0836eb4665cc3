"""Writes `shapes.json.xz`: the state dicts' shapes of models that others wrote, and what their configurations say.

Nothing of it is a dependency of the project. In an environment of its own (most are made on torch's meta device; no
weights are downloaded):

    pip install torch
    pip install --no-deps torchvision timm transformers diffusers unet-pytorch unet3d pytorchcv open_clip_torch
    python -m tests.anatomy.shapes.make_shapes

`--no-deps` keeps pip from exchanging torch; what is missing then (Pillow, PyYAML, huggingface_hub, safetensors, tokenizers,
regex, ...) is installed by name. Ultralytics and OpenAI's Whisper need only be unpacked onto PYTHONPATH.
A model that cannot be made is an error.
"""

import json
import lzma
import sys
from importlib import import_module
from pathlib import Path

from tests.anatomy.shapes import of_images, of_text

LIBRARIES = (
    of_images.torchvision, of_images.timm, of_images.unets, of_images.ultralytics, of_images.others,
    of_text.transformers, of_text.openai_whisper, of_text.diffusers, of_text.recurrent,
)  # fmt: skip


def main() -> None:
    torch = import_module("torch")
    written = []
    for library in LIBRARIES:
        for name, variant, make, says in library():
            print(name, file=sys.stderr)
            try:
                with torch.device("meta"):
                    model = make()
            except (NotImplementedError, RuntimeError):  # what computes its widths with tensors
                model = make()
            shapes = {
                k: list(v.shape) for k, v in model.state_dict().items() if isinstance(v, torch.Tensor)
            }
            facts = {key: str(value) for key, value in (says(model) if callable(says) else says).items()}
            written.append({"name": name, "variant": variant, "facts": facts, "shapes": shapes})
    text = json.dumps(written, separators=(",", ":"))
    Path(__file__).with_name("shapes.json.xz").write_bytes(
        lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    )


if __name__ == "__main__":
    main()
