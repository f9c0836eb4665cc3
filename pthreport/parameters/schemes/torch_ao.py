"""torch.ao's packed parameters, and those prepacked for mobile: a weight and its bias in the state of an object.

A state dict has them as a tuple (`_packed_params._packed_params`), a whole module, TorchScript and mobile files as
the state of an object of torch's own classes. A quantized weight carries its scale and zero point; a layer
beside it has those of its output, which are no weights.
"""

from math import prod

import numpy as np

from pthreport.checkpoint import Record, Tensor
from pthreport.parameters.codes import Whole
from pthreport.parameters.matrix import Array, Floats, Matrix, Plane
from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scaled import Blocks, Grid, Nested, Places, Scaled
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site

_LINEAR = "._packed_params._packed_params"
_CELL_WEIGHTS = ("weight_ih", "weight_hh")
_CELL_BIASES = ("bias_ih", "bias_hh")
# Ending of the path, and what the tensor is in its layer; a state's class is looked at where it has one.
_ENDINGS = {
    f"{_LINEAR}.0": ".weight",
    f"{_LINEAR}.1": ".bias",
    f"{_LINEAR}.state.0": ".weight",
    f"{_LINEAR}.state.1": ".bias",
    f"._modules{_LINEAR}.state.0.0": ".weight",
    f"._modules{_LINEAR}.state.0.1": ".bias",
    **{
        f".param.state.{outer}4.{at}.state.{inner}0": f".{name}"
        for at, name in enumerate(_CELL_WEIGHTS)
        for outer, inner in (("0.", "0."), ("", ""))
    },
    **{
        f".param.state.{outer}1.{at}": f".{name}"
        for at, name in enumerate(_CELL_BIASES)
        for outer in ("0.", "")
    },
    ".state.10": ".weight",
    ".state.11": ".bias",
    ".state.0": ".weight",
    ".state.1": ".bias",
    ".state.0.0": ".weight",
    ".state.0.1": ".bias",
    ".zero_point": ".weight",
}
_CONTEXTS = ("LinearOpContext", "Conv2dOpContext", "TransposeConv2dOpContext")
_PACKED = ("LinearPackedParamsBase", "Conv2dPackedParamsBase", "Conv3dPackedParamsBase", "CellParamsBase")
_CONVOLUTIONS: tuple[str, ...] = (
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvReLU1d",
    "ConvReLU2d",
    "ConvReLU3d",
    "ConvAdd2d",
    "ConvAddReLU2d",
)


def _find(site: Site) -> Outcome:
    if site.ending == ".zero_point":
        return _beside_weight(site)
    tensor, leaf = site.tensor, _ENDINGS[site.ending]
    quantized = tensor.quantization is not None
    if not (quantized or tensor.dtype.name in FLOATS) or not _belongs(site):
        return None
    if leaf.startswith(".weight") and len(tensor.shape) < 2:
        return None
    role: MemberRole = ("codes" if quantized else "values") if leaf.startswith(".weight") else "bias"
    members: list[tuple[str, MemberRole]] = [(site.ending, role)]
    if leaf == ".weight":
        members += [(".scale", "activation scale"), (".zero_point", "activation scale")]
    elif ".4." in site.ending:
        # The bias is packed with its weight once more.
        members.append((f"{site.ending[:-1]}1", "bias"))
    group = Group(site, "torch-ao", tuple(members))
    decoder = _decoder(tensor)
    label = _label(tensor)
    return group.parameter(
        label,
        tensor.shape,
        8 * tensor.dtype.itemsize,
        decoder=decoder,
        undecoded=None if decoder is not None else "its codes are not read",
        order=tensor.order,
        leaf=leaf,
        kind="packed" if quantized else "wrapped",
        wide=tensor.dtype.name == "float64",
    )


def _beside_weight(site: Site) -> Outcome:
    """A convolution of a state dict: its quantized weight has its own scale, those beside it are its output's."""
    weight = site.get(".weight")
    if weight is None or weight.quantization is None or site.tensor.numel != 1:
        return None
    members: tuple[tuple[str, MemberRole], ...] = (
        (".weight", "codes"),
        (".scale", "activation scale"),
        (".zero_point", "activation scale"),
    )
    decoder = _decoder(weight)
    return Group(site, "torch-ao", members).parameter(
        _label(weight),
        weight.shape,
        8 * weight.dtype.itemsize,
        decoder=decoder,
        undecoded=None if decoder is not None else "its codes are not read",
        order=weight.order,
    )


def _belongs(site: Site) -> bool:
    """Whether the tensor lies in the state of one of torch's classes, or in the tuple of a state dict."""
    if site.ending in (f"{_LINEAR}.0", f"{_LINEAR}.1"):
        return True
    holder = site.anchor[: site.anchor.rfind(".state.")]
    record = site.surroundings.values.get(holder)
    if not isinstance(record, Record):
        return False
    if record.name in _CONVOLUTIONS:
        return site.ending in (".state.10", ".state.11") and ".quantized." in f".{record.module}."
    name = record.name
    if name == "ScriptObject" and isinstance(record.state, tuple) and isinstance(record.state[-1], str):
        name = record.state[-1].rpartition(".")[2]
    if name in _CONTEXTS:
        return site.ending in (".state.0", ".state.1")
    return name in _PACKED and site.ending not in (".state.10", ".state.11")


def _label(tensor: Tensor) -> str:
    if tensor.quantization is None:
        return tensor.dtype.name
    return {"qint8": "int8", "quint8": "uint8", "qint32": "int32"}.get(tensor.dtype.name, tensor.dtype.name)


def _decoder(tensor: Tensor) -> Matrix | None:
    """The numbers in reading order: scale (code - zero point)."""
    sizes = tensor.read_shape
    width = sizes[-1] if sizes else 1
    plane = Plane(tensor, prod(sizes[:-1]), width, as_stored=True)
    quantization = tensor.quantization
    if quantization is None:
        return Floats(plane)
    if tensor.dtype.unreadable is not None:
        return None
    scale, zero = (values.reshape(-1) for values in quantization.parameters(len(tensor.shape)))
    axis = quantization.axis
    by_row: Places
    if axis is None:
        by_row, by_column = Blocks(max(1, plane.rows)), Blocks(max(1, width))
    else:
        place = tensor.order.index(axis)
        spans = tuple(1 if at == place else size for at, size in enumerate(sizes))
        by_row = Nested(sizes[:-1], spans[:-1])
        by_column = Blocks(spans[-1])
    shape = (-1, 1) if axis is None or tensor.order.index(axis) < len(sizes) - 1 else (1, -1)
    return Scaled(
        Whole(plane),
        [
            ("subtract", Grid(Held(zero.reshape(shape)), by_row, by_column)),
            ("multiply", Grid(Held(scale.astype(np.float32).reshape(shape)), by_row, by_column)),
        ],
    )


class Held:
    """A small matrix that is at hand."""

    row_step = column_step = 1

    def __init__(self, values: Array) -> None:
        self.values = values
        self.rows, self.columns = values.shape

    def block(self, start: int, stop: int, left: int, right: int) -> Array:
        """Its values."""
        return self.values[start:stop, left:right]


SCHEME = Scheme(
    id="torch-ao",
    title="torch.ao packed parameters",
    anchors=tuple(_ENDINGS),
    layout="(quantized weight, bias) in _packed_params, or in the state of LinearPackedParamsBase, CellParamsBase, a convolution, an XNNPACK context",
    reference="https://pytorch.org/docs/stable/quantization.html; torch/ao/nn/quantized/modules",
    find=_find,
)
