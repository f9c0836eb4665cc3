"""Tensors out of a checkpoint as `.npy` files (`--export`)."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from pthreport.anatomy import describe
from pthreport.checkpoint import CheckpointError, Limits, ReadError, Tensor, open_checkpoint
from pthreport.render import OutputError
from pthreport.survey.plan import chosen, unknown


def export(path: Path, folder: Path, pattern: str | None, limits: Limits | None = None) -> int:
    """Write each tensor whose path or name fits `pattern` (all without one) into `folder`; how many.

    bfloat16 and the 8-bit float types, which numpy lacks, are widened to float32 without loss;
    quantized tensors are dequantised to float32. File names are the paths with everything but
    letters, digits, "." "_" and "-" replaced, so that no name of the file leads out of the folder.
    Raises `CheckpointError`, `OutputError`.
    """
    with open_checkpoint(path, limits) as checkpoint:
        anatomy = describe(checkpoint)
        paths = chosen(checkpoint, anatomy, pattern)
        if not paths:
            raise CheckpointError(unknown(checkpoint, anatomy, pattern or "*"), path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in paths:
                _write(checkpoint.tensors[name], folder / _file_name(name))
        except ReadError as error:
            raise CheckpointError(f"{name}: {error}", path) from error
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return len(paths)


def _write(tensor: Tensor, target: Path) -> None:
    import numpy as np

    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.save(file, tensor.numpy(), allow_pickle=False)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _file_name(path: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", path).lstrip(".")[:180]
    if plain != path:
        # Two paths may become one name; the hash keeps them apart.
        plain += "-" + hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return plain + ".npy"
