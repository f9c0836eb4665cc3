"""What kind of layer a group of tensors is, from their names and shapes.

Everything here is inference: a state dict holds no classes. Each answer says from what it was
concluded, and which other layer would look the same. Shapes are torch's: convolutions (out, in /
groups, *kernel), transposed ones (in, out / groups, *kernel), linear (out, in), recurrent
(gates * hidden, in).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Shape = tuple[int, ...]

KINDS = {
    "conv1d": "convolution 1-D",
    "conv2d": "convolution 2-D",
    "conv3d": "convolution 3-D",
    "depthwise-conv": "depthwise convolution",
    "conv-transpose": "transposed convolution",
    "linear": "linear",
    "attention": "attention projection",
    "embedding": "embedding",
    "batchnorm": "normalisation with running statistics",
    "layernorm": "layer normalisation",
    "groupnorm": "group normalisation",
    "instancenorm": "instance normalisation",
    "rmsnorm": "RMS normalisation",
    "norm": "normalisation without running statistics",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "recurrent",
    "prelu": "PReLU",
    "scale": "scale or shift",
    "parameter": "parameter of its own",
    "buffers": "buffers only",
    "other": "not recognised",
}
"""Every kind there is, in words."""

CONVOLUTIONS = frozenset({"conv1d", "conv2d", "conv3d", "depthwise-conv", "conv-transpose"})
NORMS = frozenset({"batchnorm", "layernorm", "groupnorm", "instancenorm", "rmsnorm", "norm"})
RECURRENT = frozenset({"lstm", "gru", "rnn"})

BUFFER_NAMES = frozenset(
    "running_mean running_var num_batches_tracked position_ids token_type_ids inv_freq cos_cached sin_cached "
    "relative_position_index relative_coords_table attn_mask causal_mask masked_bias anchor_grid anchors "
    "total_ops total_params n_averaged weight_u num_updates decay".split()
)
"""Names that torch and the common model libraries give to buffers."""

PROJECTIONS = {
    "query": "query", "q_proj": "query", "to_q": "query", "wq": "query", "q_lin": "query", "q": "query",
    "key": "key", "k_proj": "key", "to_k": "key", "wk": "key", "k_lin": "key", "k": "key",
    "value": "value", "v_proj": "value", "to_v": "value", "wv": "value", "v_lin": "value", "v": "value",
    "qkv": "query, key and value", "c_attn": "query, key and value", "in_proj": "query, key and value",
    "wqkv": "query, key and value", "query_key_value": "query, key and value", "qkv_proj": "query, key and value",
    "to_qkv": "query, key and value", "to_kv": "key and value", "kv": "key and value",
    "out_proj": "output", "o_proj": "output", "to_out": "output", "wo": "output", "out_lin": "output", "o": "output",
}  # fmt: skip
"""Last names of the linear layers around an attention, lower case, and what each projects to."""

_ATTENTION = re.compile(r"att(n|ention)?\b|att(n|ention)|mha|self_?att|encdec", re.I)
_EMBEDDING = re.compile(r"emb|\bwte\b|\bwpe\b|\blut\b|(^|\.)tokens?$|vocab|codebook", re.I)
_TRANSPOSED = re.compile(r"transpose|deconv|conv_?t\b|convt|up_?conv|upsample|\bup\d*\b", re.I)
_DEPTHWISE = re.compile(r"depth_?wise|\bdw(conv)?\b|conv_dw|\bdw_", re.I)
_GATES = {1: "rnn", 3: "gru", 4: "lstm"}


@dataclass(frozen=True)
class Kind:
    """A layer's kind and what it was concluded from.

    `weight` is the leaf name of the tensor that stands for the layer. `unit_axis` is the axis of that
    tensor along which its outputs lie (None where outputs make no sense), with `groups` for grouped
    transposed convolutions. `settings` are what shapes tell of the constructor's arguments.
    """

    kind: str
    evidence: str
    weight: str | None
    unit_axis: int | None = 0
    groups: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)


def infer(name: str, shapes: Mapping[str, Shape], *, outputs_before: frozenset[int]) -> Kind:
    """The kind of the layer called `name` with tensors `shapes` (by leaf name).

    `outputs_before` are the output counts of the layers before it: a kernel of one input channel is
    depthwise only where as many channels as it has outputs can come in.
    """
    for judge in (_recurrent, _batchnorm, _fused_attention):
        if (kind := judge(shapes)) is not None:
            return kind
    leaf = next(
        (n for n in ("weight", "weight_v", "weight_orig", "qweight", "kernel", "w") if n in shapes), None
    )
    if leaf is None:
        return _without_weight(name, shapes)
    shape = shapes[leaf]
    bias = shapes.get("bias", shapes.get("b"))
    rank = sum(1 for _ in shape)
    if rank <= 1:
        return _vector(name, leaf, shape, bias)
    if rank == 2:
        return _matrix(name, leaf, shape, bias)
    if rank <= 5:
        return _convolution(name, leaf, shape, bias, outputs_before)
    return Kind("other", f"a weight of {rank} dimensions", leaf, None)


def _recurrent(shapes: Mapping[str, Shape]) -> Kind | None:
    hh = next((n for n in ("weight_hh_l0", "weight_hh") if n in shapes), None)
    ih = hh.replace("hh", "ih") if hh else ""
    if hh is None or ih not in shapes or len(shapes[hh]) != 2 or len(shapes[ih]) != 2:
        return None
    projection = shapes.get("weight_hr_l0")
    hidden = projection[1] if projection and len(projection) == 2 else shapes[hh][1]
    gates = shapes[hh][0] // hidden if hidden and shapes[hh][0] % hidden == 0 else 0
    if gates not in _GATES:
        return None
    layers = {n.removesuffix("_reverse") for n in shapes if n.startswith("weight_hh")}
    settings = {
        "input_size": str(shapes[ih][1]),
        "hidden_size": str(hidden),
        "num_layers": str(len(layers)),
        "bidirectional": str(any(n.endswith("_reverse") for n in shapes)),
        "gates": {1: "one", 3: "reset, update, new", 4: "input, forget, cell, output"}[gates],
    }
    evidence = f"{hh} is {gates} x {hidden} rows by {shapes[hh][1]} columns"
    return Kind(_GATES[gates], evidence, ih, 0, 1, settings)


def _batchnorm(shapes: Mapping[str, Shape]) -> Kind | None:
    if "running_mean" not in shapes or "running_var" not in shapes:
        return None
    channels = shapes["running_mean"][0] if shapes["running_mean"] else 1
    affine = "weight" in shapes
    return Kind(
        "batchnorm",
        "running_mean and running_var (an InstanceNorm that tracks statistics looks the same)",
        "weight" if affine else "running_var",
        0,
        1,
        {"num_features": str(channels), "affine": str(affine)},
    )


def _fused_attention(shapes: Mapping[str, Shape]) -> Kind | None:
    shape = shapes.get("in_proj_weight")
    if shape is None or len(shape) != 2 or shape[0] != 3 * shape[1]:
        return None
    settings = {"projection": "query, key and value", "embed_dim": str(shape[1])}
    return Kind(
        "attention", "in_proj_weight is (3 x embed_dim, embed_dim)", "in_proj_weight", 0, 1, settings
    )


def _without_weight(name: str, shapes: Mapping[str, Shape]) -> Kind:
    if all(leaf in BUFFER_NAMES for leaf in shapes):
        return Kind("buffers", "only names that buffers have", None, None)
    largest = max(shapes, key=lambda n: (_size(shapes[n]), len(shapes[n])))
    if len(shapes) == 1:
        kind = "embedding" if len(shapes[largest]) >= 2 and _EMBEDDING.search(name) else "parameter"
        return Kind(kind, f"a tensor called {largest} alone", largest, None)
    if set(shapes) <= {"gamma", "beta", "scale", "bias", "shift"} and all(
        len(s) <= 1 for s in shapes.values()
    ):
        return Kind("norm", "vectors called " + " and ".join(sorted(shapes)), largest, 0)
    return Kind("other", "none of the names that torch's layers use", largest, None)


def _vector(name: str, leaf: str, shape: Shape, bias: Shape | None) -> Kind:
    size = shape[0] if shape else 1
    last = name.rpartition(".")[2]
    text = name.casefold()
    if bias is not None and len(bias) == 1 and bias[0] == size:
        known = next((k for p, k in _NORM_NAMES if re.search(p, last, re.I) or re.search(p, text)), "norm")
        if known == "rmsnorm":
            known = "norm"
        note = "" if known != "norm" else "; LayerNorm and GroupNorm look the same"
        return Kind(
            known,
            f"1-D weight and bias of {size}, no running statistics{note}",
            leaf,
            0,
            1,
            {"size": str(size)},
        )
    if re.search(r"prelu|\bact|relu", last, re.I) or (size == 1 and "norm" not in text):
        return Kind(
            "prelu" if re.search(r"relu|act", text) else "scale", f"1-D weight of {size} alone", leaf, None
        )
    if re.search(r"norm|\bln|rms", last, re.I):
        known = next((k for p, k in _NORM_NAMES if re.search(p, last, re.I)), "norm")
        # RMSNorm, and a LayerNorm without bias, look the same, whatever the attribute is called.
        known = "norm" if known == "layernorm" else known
        return Kind(
            known,
            f"1-D weight of {size} without a bias, named like a norm",
            leaf,
            0,
            1,
            {"size": str(size)},
        )
    return Kind("scale", f"1-D weight of {size} without a bias", leaf, None, 1, {"size": str(size)})


_NORM_NAMES = (
    (r"rms", "rmsnorm"),
    (r"group_?norm|\bgn\d*\b", "groupnorm"),
    (r"instance_?norm|\bin\d+\b", "instancenorm"),
    (r"layer_?norm|\bln(_|\d|\b)", "layernorm"),
)


def _matrix(name: str, leaf: str, shape: Shape, bias: Shape | None) -> Kind:
    rows, columns = shape
    last = name.rpartition(".")[2].casefold()
    if (
        bias is None
        and _EMBEDDING.search(name.rpartition(".")[2])
        and not re.search(r"proj|linear|fc", last)
    ):
        settings = {"num_embeddings": str(rows), "embedding_dim": str(columns)}
        return Kind(
            "embedding",
            f"2-D weight ({rows}, {columns}) without a bias, named like an embedding",
            leaf,
            None,
            1,
            settings,
        )
    # transformers' Conv1D (GPT-2) keeps (in, out); only its bias gives it away.
    turned = bias is not None and len(bias) == 1 and bias[0] == columns != rows
    inputs, outputs = (rows, columns) if turned else (columns, rows)
    settings = {"in_features": str(inputs), "out_features": str(outputs)}
    evidence = f"2-D weight ({'in, out' if turned else 'out, in'}) = ({rows}, {columns})"
    projection = PROJECTIONS.get(last) or PROJECTIONS.get(_without_index(name).casefold())
    parents = ".".join(name.split(".")[:-1])
    plain = last in {"q", "k", "v", "o", "wo", "kv", "query", "key", "value"} and not _ATTENTION.search(
        parents
    )
    if projection and not plain:
        settings["projection"] = projection
        return Kind("attention", evidence + f", named {last}", leaf, int(turned), 1, settings)
    return Kind("linear", evidence, leaf, int(turned), 1, settings)


def _convolution(
    name: str, leaf: str, shape: Shape, bias: Shape | None, outputs_before: frozenset[int]
) -> Kind:
    first, second, *kernel = shape
    size = " x ".join(map(str, kernel))
    words = f"{len(shape)}-D weight {shape}".replace(",)", ")")
    bias_size = bias[0] if bias is not None and len(bias) == 1 else None
    by_bias = bias_size is not None and bias_size != first and second > 0 and bias_size % second == 0
    by_name = bool(_TRANSPOSED.search(name.rpartition(".")[2])) and bias_size in (None, second)
    if by_bias or (by_name and max(kernel) > 1):
        groups = bias_size // second if by_bias and bias_size and first % (bias_size // second) == 0 else 1
        settings = {"in_channels": str(first), "out_channels": str(second * groups), "kernel_size": size}
        if groups > 1:
            settings["groups"] = str(groups)
        why = f"{words}, bias of {bias_size}" if by_bias else f"{words}, named like a transposed one"
        return Kind("conv-transpose", why, leaf, 1, groups, settings)
    settings = {"out_channels": str(first), "kernel_size": size}
    if second == 1 and first > 1 and (first in outputs_before or _DEPTHWISE.search(name)):
        settings |= {"in_channels": str(first), "groups": str(first)}
        why = f"{words}: one input channel a filter, and {first} channels come in"
        return Kind("depthwise-conv", why, leaf, 0, first, settings)
    settings["in_channels"] = str(second)
    return Kind(f"conv{len(kernel)}d", f"{words} (out, in per group, kernel)", leaf, 0, 1, settings)


def _without_index(name: str) -> str:
    """The last segment that is not a number: `to_out` of `attn.to_out.0`."""
    return next((p for p in reversed(name.split(".")) if not p.isdigit()), name)


def _size(shape: Shape) -> int:
    size = 1
    for extent in shape:
        size *= extent
    return size
