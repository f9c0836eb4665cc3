"""Layer kinds from the names and shapes that torch's own layers give."""

from collections.abc import Callable

import pytest
import torch

from pthreport.anatomy.kinds import KINDS, infer

NOTHING = frozenset[int]()


def shapes_of(module: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(t.shape) for name, t in module.state_dict().items()}


nn = torch.nn
CASES: list[tuple[str, Callable[[], torch.nn.Module], str, dict[str, str]]] = [
    ("conv1", lambda: nn.Conv1d(8, 16, 5), "conv1d", {"in_channels": "8", "out_channels": "16", "kernel_size": "5"}),
    ("conv1", lambda: nn.Conv2d(3, 64, 7), "conv2d", {"in_channels": "3", "kernel_size": "7 x 7"}),
    ("conv1", lambda: nn.Conv2d(3, 64, 7, bias=False), "conv2d", {}),
    ("conv", lambda: nn.Conv3d(2, 4, 3), "conv3d", {"kernel_size": "3 x 3 x 3"}),
    ("stem", lambda: nn.Conv2d(1, 16, 3), "conv2d", {"in_channels": "1"}),
    ("head", lambda: nn.ConvTranspose2d(16, 8, 2), "conv-transpose", {"in_channels": "16", "out_channels": "8"}),
    ("head", lambda: nn.ConvTranspose2d(8, 4, 3, groups=2), "conv-transpose", {"groups": "2", "out_channels": "4"}),
    ("up1.upsample", lambda: nn.ConvTranspose2d(16, 16, 2, bias=False), "conv-transpose", {}),
    ("fc", lambda: nn.Linear(10, 20), "linear", {"in_features": "10", "out_features": "20"}),
    ("word_embeddings", lambda: nn.Embedding(100, 16), "embedding", {"num_embeddings": "100"}),
    ("bn1", lambda: nn.BatchNorm2d(8), "batchnorm", {"num_features": "8"}),
    ("bn1", lambda: nn.BatchNorm2d(8, affine=False), "batchnorm", {"affine": "False"}),
    ("in1", lambda: nn.InstanceNorm2d(8, affine=True), "instancenorm", {}),
    ("layer_norm", lambda: nn.LayerNorm(8), "layernorm", {"size": "8"}),
    ("ln_1", lambda: nn.LayerNorm(8), "layernorm", {}),
    ("group_norm", lambda: nn.GroupNorm(2, 8), "groupnorm", {}),
    ("norm1", lambda: nn.GroupNorm(2, 8), "norm", {}),
    ("input_layernorm", lambda: nn.RMSNorm(8), "norm", {}),
    ("rms_norm", lambda: nn.RMSNorm(8), "rmsnorm", {}),
    ("act", lambda: nn.PReLU(8), "prelu", {}),
    ("rnn", lambda: nn.LSTM(10, 20, 2, bidirectional=True), "lstm", {"hidden_size": "20", "num_layers": "2", "bidirectional": "True"}),
    ("rnn", lambda: nn.LSTM(10, 20, proj_size=5), "lstm", {"hidden_size": "20"}),
    ("rnn", lambda: nn.GRU(10, 20), "gru", {"input_size": "10", "bidirectional": "False"}),
    ("rnn", lambda: nn.RNN(10, 20), "rnn", {}),
    ("cell", lambda: nn.LSTMCell(10, 20), "lstm", {}),
    ("cell", lambda: nn.GRUCell(10, 20), "gru", {}),
    ("encoder.attn.q_proj", lambda: nn.Linear(16, 16), "attention", {"projection": "query"}),
    ("encoder.attn.to_out.0", lambda: nn.Linear(16, 16), "attention", {"projection": "output"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "make", "kind", "settings"), CASES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_torch_layers(
    name: str, make: Callable[[], torch.nn.Module], kind: str, settings: dict[str, str]
) -> None:
    found = infer(name, shapes_of(make()), outputs_before=NOTHING)
    assert found.kind == kind
    assert found.kind in KINDS
    assert settings.items() <= dict(found.settings).items()
    assert found.evidence


def test_multihead_attention_is_an_attention_projection() -> None:
    shapes = shapes_of(nn.MultiheadAttention(16, 4))
    own = {n: s for n, s in shapes.items() if "." not in n}
    assert infer("self_attn", own, outputs_before=NOTHING).kind == "attention"


def test_one_input_channel_is_depthwise_only_where_its_channels_come_in() -> None:
    shapes = shapes_of(nn.Conv2d(32, 32, 3, groups=32))
    assert infer("features.1", shapes, outputs_before=NOTHING).kind == "conv2d"
    found = infer("features.1", shapes, outputs_before=frozenset({32}))
    assert found.kind == "depthwise-conv"
    assert found.settings["groups"] == "32"


def test_a_transposed_convolution_has_its_units_in_dim_1() -> None:
    found = infer("up", shapes_of(nn.ConvTranspose2d(8, 4, 3, groups=2)), outputs_before=NOTHING)
    assert (found.unit_axis, found.groups) == (1, 2)


def test_gpt2_keeps_its_linear_weights_turned() -> None:
    found = infer("h.0.attn.c_attn", {"weight": (8, 24), "bias": (24,)}, outputs_before=NOTHING)
    assert found.kind == "attention"
    assert found.unit_axis == 1
    assert found.settings["out_features"] == "24"


def test_what_nothing_is_known_of_is_said_to_be_so() -> None:
    assert infer("odd", {"foo": (3, 4), "bar": (2,)}, outputs_before=NOTHING).kind == "other"
    assert infer("odd", {"weight": (1, 2, 3, 4, 5, 6)}, outputs_before=NOTHING).kind == "other"
    assert infer("pos_embed", {"pos_embed": (1, 197, 768)}, outputs_before=NOTHING).kind == "embedding"
    assert infer("cls_token", {"cls_token": (1, 1, 768)}, outputs_before=NOTHING).kind == "parameter"
    assert infer("bn", {"num_batches_tracked": ()}, outputs_before=NOTHING).kind == "buffers"


def test_degenerate_shapes_do_not_trip_it() -> None:
    for shapes in ({"weight": ()}, {"weight": (0,)}, {"weight": (0, 0)}, {"weight": (0, 0, 0, 0)}, {"weight_hh_l0": (0, 0), "weight_ih_l0": (0, 0)}, {"running_mean": (), "running_var": ()}):  # fmt: skip
        assert infer("x", shapes, outputs_before=NOTHING).kind in KINDS
