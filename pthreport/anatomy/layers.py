"""A model's tensors grouped into layers, and the layers into a module tree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pthreport.anatomy.kinds import BUFFER_NAMES, CONVOLUTIONS, Kind, infer
from pthreport.checkpoint import Tensor
from pthreport.document import Module
from pthreport.document.base import Basis
from pthreport.document.tensor import Role

# Leaf names that torch's own layers give their tensors. Anything else at a module that has children
# is a parameter of its own (ViT's `cls_token`, Swin's `relative_position_bias_table`).
STANDARD = frozenset(
    "weight bias running_mean running_var num_batches_tracked in_proj_weight in_proj_bias q_proj_weight "
    "k_proj_weight v_proj_weight bias_k bias_v weight_g weight_v weight_orig weight_u weight_mask bias_mask "
    "kernel scale gamma beta w b qweight qzeros scales g_idx lora_A lora_B SCB weight_scale".split()
)
_DIGITS = 10
_PARAMETRIZED = ".parametrizations."

MAX_DEPTH = 64
"""Levels of a module tree; what a name holds beyond them stays one label. A name is the file's own
text: a megabyte of dots must not become half a million nodes."""


@dataclass(frozen=True)
class Entry:
    """One tensor of a model before it is grouped: its path in the file, its name in the model, its type
    of element. `storage` is its `identity`."""

    path: str
    name: str
    shape: tuple[int, ...]
    numel: int
    nbytes: int
    role: Role
    storage: object
    dtype: str = "float32"


def identity(tensor: Tensor) -> object:
    """Equal for tensors that are the same values in the same storage, None where there are none."""
    return (tensor.storage_key, tensor.offset, tensor.shape, tensor.strides) if tensor.numel else None


@dataclass(frozen=True)
class LayerFound:
    """One layer: the tensors by leaf name, and what it is."""

    name: str
    entries: Mapping[str, Entry]
    kind: Kind
    basis: Basis = "inferred"
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def weight(self) -> Entry | None:
        """The tensor that stands for the layer."""
        return self.entries.get(self.kind.weight) if self.kind.weight else None


def group(
    entries: Sequence[Entry],
    classes: Mapping[str, tuple[str, Mapping[str, str]]],
    said_by: str = "the file names its class",
) -> list[LayerFound]:
    """Layers in the order in which their first tensor stands in the file, or, where that is not the
    order of lists' members (safetensors sorts by text: 0, 1, 10, 2), in the order of the tree.

    `classes` maps module names to (class, settings) where the file itself says them (a module pickled
    whole, TorchScript) or an architecture does (`said_by`): those layers' kinds are read, all others inferred.
    """
    parents: set[str] = set()
    for entry in entries:
        parts = segments(_module_of(entry.name))
        parents.update(".".join(parts[:depth]) for depth in range(len(parts)))
    grouped: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        module, leaf = _module_of(entry.name), _leaf_of(entry.name)
        alone = (
            leaf not in STANDARD and leaf not in BUFFER_NAMES and not leaf.startswith(("weight_", "bias_"))
        )
        if alone and (module in parents or not module) and module not in classes:
            module = f"{module}.{leaf}" if module else leaf
        tensors = grouped.setdefault(module, {})
        # "0" alone and "0.0" would be the same leaf of one module.
        tensors[leaf if leaf not in tensors else entry.name] = entry
    layers: list[LayerFound] = []
    outputs: set[int] = set()
    for module in _in_order(list(grouped)):
        tensors = grouped[module]
        shapes = {leaf: entry.shape for leaf, entry in tensors.items()}
        kind = infer(module, shapes, outputs_before=frozenset(outputs))
        if kind.weight and kind.weight in shapes and kind.unit_axis is not None and shapes[kind.weight]:
            outputs.add(
                shapes[kind.weight][kind.unit_axis] * (kind.groups if kind.kind == "conv-transpose" else 1)
            )
        layers.append(LayerFound(module, tensors, kind, settings=kind.settings))
    return [
        read_class(layer, *classes[layer.name], said_by) if layer.name in classes else layer
        for layer in layers
    ]


_READ_KINDS = {
    "Conv1d": "conv1d", "Conv2d": "conv2d", "Conv3d": "conv3d", "ConvTranspose1d": "conv-transpose",
    "ConvTranspose2d": "conv-transpose", "ConvTranspose3d": "conv-transpose", "Linear": "linear",
    "NonDynamicallyQuantizableLinear": "linear", "Embedding": "embedding", "EmbeddingBag": "embedding",
    "BatchNorm1d": "batchnorm", "BatchNorm2d": "batchnorm", "BatchNorm3d": "batchnorm", "SyncBatchNorm": "batchnorm",
    "LayerNorm": "layernorm", "GroupNorm": "groupnorm", "InstanceNorm1d": "instancenorm",
    "InstanceNorm2d": "instancenorm", "InstanceNorm3d": "instancenorm", "RMSNorm": "rmsnorm", "LSTM": "lstm",
    "LSTMCell": "lstm", "GRU": "gru", "GRUCell": "gru", "RNN": "rnn", "RNNCell": "rnn", "PReLU": "prelu",
    "MultiheadAttention": "attention",
}  # fmt: skip


def read_class(layer: LayerFound, class_name: str, settings: Mapping[str, str], said_by: str) -> LayerFound:
    """`layer` with its kind read from the class that it is said to have, where that class is torch's."""
    kind = layer.kind
    short = class_name.rpartition(".")[2]
    known = _READ_KINDS.get(short) if class_name.startswith("torch.") else None
    basis: Basis = "inferred"
    if known is not None:
        weight = layer.entries.get(kind.weight or "weight") or layer.entries.get("weight")
        groups = int(settings["groups"]) if settings.get("groups", "").isdigit() else 1
        axis: int | None = 0
        if known == "conv-transpose":
            axis = 1
        elif known == "embedding":
            axis, groups = None, 1
        elif known in CONVOLUTIONS and weight is not None and groups > 1 and weight.shape[1:2] == (1,):
            known = "depthwise-conv"
        leaf = next((n for n, e in layer.entries.items() if e is weight), kind.weight)
        kind = Kind(known, f"{said_by}, {class_name}", leaf, axis, groups)
        basis = "read"
    else:
        kind = Kind(
            kind.kind,
            f"{kind.evidence}; its class is {class_name}",
            kind.weight,
            kind.unit_axis,
            kind.groups,
        )
    return LayerFound(
        layer.name, layer.entries, kind, basis, {**layer.settings, **settings, "class": class_name}
    )


def module_tree(layers: Sequence[LayerFound]) -> tuple[Module, ...]:
    """Every node from the root down to the layers, parents first; tied storages counted once."""
    own: dict[str, list[int]] = {}
    parent_of: dict[str, str | None] = {"": None}
    label: dict[str, str] = {"": ""}
    level: dict[str, int] = {"": 0}
    seen: set[object] = set()
    below: dict[str, int] = {}
    names = {layer.name for layer in layers}
    for layer in layers:
        sums = [0, 0, 0]
        for entry in layer.entries.values():
            if entry.storage in seen:
                continue
            if entry.storage is not None:
                seen.add(entry.storage)
            sums[1 if entry.role == "buffer" else 0] += entry.numel
            sums[2] += entry.nbytes
        parts = segments(layer.name) if layer.name else []
        for depth in range(len(parts) + 1):
            node = ".".join(parts[:depth])
            if node not in parent_of:
                parent_of[node] = ".".join(parts[: depth - 1])
                label[node], level[node] = parts[depth - 1], depth
            totals = own.setdefault(node, [0, 0, 0])
            for position in range(3):
                totals[position] += sums[position]
            below[node] = below.get(node, 0) + 1
    nodes = _preorder(parent_of)
    return tuple(
        Module(
            name=node,
            label=label[node],
            depth=level[node],
            layer=node in names,
            layers=below.get(node, 0),
            parameters=own.get(node, [0, 0, 0])[0],
            buffers=own.get(node, [0, 0, 0])[1],
            bytes=own.get(node, [0, 0, 0])[2],
        )
        for node in nodes
    )


def _in_order(names: Sequence[str]) -> list[str]:
    """`names`, sorted where members of a list stand in another order than that of their numbers: then
    by the tree, members by number, all others as they first came."""
    children: dict[tuple[str, ...], dict[str, int]] = {}
    for name in names:
        parts = tuple(segments(name))
        for depth, part in enumerate(parts):
            inside = children.setdefault(parts[:depth], {})
            inside.setdefault(part, len(inside))
    sorted_already = True
    for inside in children.values():
        members = [part for part in inside if part.isdecimal() and len(part) < _DIGITS]
        places = [inside[part] for part in members]
        for at, part in zip(places, sorted(members, key=int), strict=True):
            sorted_already &= inside[part] == at
            inside[part] = at
    if sorted_already:
        return list(names)

    def place(name: str) -> list[int]:
        parts = tuple(segments(name))
        return [children[parts[:depth]][part] for depth, part in enumerate(parts)]

    return sorted(names, key=place)


def segments(name: str) -> list[str]:
    """The parts of a dotted name, at most `MAX_DEPTH` of them."""
    return name.split(".", MAX_DEPTH - 1)


def _preorder(parent_of: Mapping[str, str | None]) -> list[str]:
    """Every node behind its parent, siblings in the order in which they first came."""
    children: dict[str | None, list[str]] = {}
    for node, parent in parent_of.items():
        children.setdefault(parent, []).append(node)
    ordered: list[str] = []
    stack = list(children[None])
    while stack:
        node = stack.pop()
        ordered.append(node)
        stack.extend(reversed(children.get(node, [])))
    return ordered


def _module_of(name: str) -> str:
    if _PARAMETRIZED in name:
        return name.split(_PARAMETRIZED, maxsplit=1)[0]
    return name.rpartition(".")[0]


def _leaf_of(name: str) -> str:
    if _PARAMETRIZED in name:
        return name.split(_PARAMETRIZED)[1]
    return name.rpartition(".")[2]
