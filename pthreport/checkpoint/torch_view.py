"""What `torch.load(weights_only=True)` would say to a file, found out without calling it."""

from dataclasses import dataclass

from pthreport.checkpoint.containers.reading import Reading
from pthreport.checkpoint.torch_allowed import TORCH_VERSION
from pthreport.checkpoint.weights_only import follow
from pthreport.document.text import encodable

_REFUSED = {
    "torchscript": "it is a TorchScript archive, which only torch.jit.load reads",
    "torch-package": "it is a torch.package archive, which only torch.package reads",
    "torch-export": "it is an exported program, which only torch.export.load reads",
    "torch-tar": "it is in torch's old tar format, which only weights_only=False reads",
    "pickle": "it is a bare pickle, without the magic number that torch looks for",
}
"""Containers that torch.load(weights_only=True) takes none of."""


@dataclass(frozen=True, slots=True)
class TorchView:
    """Whether `torch.load(path, weights_only=True)` of torch `version` takes the file.

    `weights_only` is false where either of the others says why: `stops_at` is the first name (or
    instruction, or act) at which its unpickler stops, `refuses_container` why its reader does not
    take the container, whatever the pickle in it.
    """

    weights_only: bool
    stops_at: str | None
    refuses_container: str | None
    version: str = TORCH_VERSION


def torch_view(reading: Reading) -> TorchView | None:
    """The view on a file that has been read; None for what nobody would give to torch.load."""
    stops_at = None
    for data, start, fields in reading.result.pickles:
        stops_at = follow(data, start, fields).stops_at
        if stops_at is not None:
            break
    if reading.result.container == "safetensors":
        named = reading.file.path.name.endswith(".safetensors")
        refuses = next((one.text for one in reading.result.problems if one.refused), None)
        if not named:
            refuses = "torch.load reads safetensors only from a file named .safetensors"
    elif reading.result.container in _REFUSED:
        refuses = _REFUSED[reading.result.container]
    elif reading.result.container in ("torch-zip", "torch-legacy"):
        refuses = next((one.text for one in reading.result.problems if one.refused), None)
        if reading.result.cannot_unpack:
            refuses = refuses or "a member that cannot be unpacked"
        if reading.file.path.name.endswith(".safetensors"):
            refuses = "torch.load takes a file named .safetensors for safetensors"
    else:
        return None
    accepted = stops_at is None and refuses is None
    return TorchView(accepted, None if stops_at is None else encodable(stops_at), refuses)
