"""Folders from a grammar: layouts that are known, with files beside them that somebody else loads."""

import json

from tests.hostile.archives import VALUES
from tests.hostile.headers import one, safetensors
from tests.oracle.choices import Choices
from tests.oracle.programs import Embed, program
from tests.oracle.torch_files import legacy, torch_zip, zipped

PLACES = (
    "pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "pytorch_model-00009-of-00009.bin", "optimizer.pt", "scheduler.pt",
    "rng_state.pth", "rng_state_0.pth", "training_args.bin", "random_states_0.pkl", "optimizer.bin", "tokenizer.pkl", "vocab.bin",
    "data.pkl", ".metadata", "__0_0.distcp", "mp_rank_00_model_states.pt", "global_step1/mp_rank_00_model_states.pt", "latest",
    "model_world_size_2_rank_0.pt", "consolidated.00.pth", "consolidated.01.pth", "mp_rank_00/model_optim_rng.pt", "README.md",
    "adapter_model.bin", "last.ckpt", "model.npy", "model.joblib", "nested/deep/model.pt", "modeling_net.py", "LICENSE", "x",
)  # fmt: skip
"""Where a file that names something may be."""

HEADER = one()


def archived(c: Choices, main: bytes) -> bytes:
    """A torch archive around the pickle."""
    members = [("data.pkl", main), ("version", b"3\n"), ("byteorder", b"little"), ("data/0", VALUES)]
    return zipped(c, [(f"archive/{name}", content) for name, content in members])


def folder(c: Choices, embed: Embed, depth: int) -> dict[str, bytes]:
    """Relative names of files and their bytes: weights of some layout, and what is put beside them."""
    files: dict[str, bytes] = {}
    form = c.below(6)
    good = b"\x80\x02}X\x01\x00\x00\x00wK\x01s."
    if form <= 1:
        files["model.safetensors"] = safetensors(HEADER)
        files["config.json"] = json.dumps(
            {"auto_map": {"AutoModel": "modeling_net.Net"}} if form else {}
        ).encode()
    elif form == 2:
        names = [f"pytorch_model-0000{at}-of-00002.bin" for at in (1, 2)]
        files.update(dict.fromkeys(names, archived(c, good)))
        index = {"metadata": {}, "weight_map": {"w": names[0], "v": names[c.below(2)]}}
        files["pytorch_model.bin.index.json"] = json.dumps(index).encode()
    elif form == 3:
        files["model-00001-of-00001.safetensors"] = safetensors(HEADER)
        files["model.safetensors.index.json"] = json.dumps(
            {"metadata": {}, "weight_map": {"w": "model-00001-of-00001.safetensors"}}
        ).encode()
    elif form == 4:
        files["data.pkl"], files["version"], files["byteorder"], files["data/0"] = (
            good,
            b"3\n",
            b"little",
            VALUES,
        )
    else:
        files["pytorch_model.bin"] = archived(c, good)
    for _ in range(1 + c.below(2)):
        form = c.below(4)
        if form == 0:
            content = archived(c, program(c, embed, 2))
        elif form == 1:
            content = program(c, embed, 2)
        else:
            content = torch_zip(c, embed, 2) if form == 2 else legacy(c, embed, 2)
        files[c.pick((*files, *PLACES))] = content
    return {
        name: content
        for name, content in files.items()
        if not any(other.startswith(f"{name}/") for other in files)
    }
