"""Models, optimizers, schedules and facts found in files written by torch."""

from argparse import Namespace
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pthreport.anatomy import Anatomy, describe
from pthreport.checkpoint import open_checkpoint


def network() -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(3, 8, 3), bn=nn.BatchNorm2d(8), flat=nn.Flatten(), fc=nn.Linear(8 * 36, 5)
        )
    )


def saved(tmp_path: Path, value: Any, **options: Any) -> Anatomy:
    path = tmp_path / "file.pth"
    torch.save(value, path, **options)
    with open_checkpoint(path) as checkpoint:
        return describe(checkpoint)


def trained(optimizer_class: Any, model: nn.Module, parameters: Any = None, **options: Any) -> Any:
    optimizer = optimizer_class(parameters or model.parameters(), lr=0.1, **options)
    model(torch.randn(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    return optimizer


def test_a_bare_state_dict_is_a_model(tmp_path: Path) -> None:
    anatomy = saved(tmp_path, network().state_dict())
    (model,) = anatomy.models
    described = model.described
    assert described.key == ""
    assert [la.name for la in described.layer_list] == ["conv", "bn", "fc"]
    assert [la.kind for la in described.layer_list] == ["conv2d", "batchnorm", "linear"]
    assert described.parameters == sum(p.numel() for p in network().parameters())
    assert described.buffers == 8 + 8 + 1
    assert described.modules[0].parameters == described.parameters
    assert all(la.basis == "inferred" for la in described.layer_list)


@pytest.mark.parametrize("key", ["state_dict", "model", "model_state", "policy", "whatever_at_all"])
def test_a_model_is_found_under_any_key(tmp_path: Path, key: str) -> None:
    anatomy = saved(tmp_path, {"epoch": 3, "best": {"deep": [{key: network().state_dict()}]}, "loss": 0.5})
    assert [m.described.key for m in anatomy.models] == [f"best.deep.0.{key}"]


def test_several_models_and_an_average(tmp_path: Path) -> None:
    weights = network().state_dict()
    value = {
        "generator": weights,
        "discriminator": nn.Linear(3, 2).state_dict(),
        "params_ema": {k: v.clone() for k, v in weights.items()},
    }
    anatomy = saved(tmp_path, value)
    assert {m.described.key: m.described.role for m in anatomy.models} == {
        "generator": "raw",
        "discriminator": "",
        "params_ema": "ema",
    }


def test_nested_dicts_are_one_model(tmp_path: Path) -> None:
    value = {
        "Dense_0": {"kernel": torch.zeros(3, 4), "bias": torch.zeros(4)},
        "Dense_1": {"kernel": torch.zeros(4, 2)},
    }
    anatomy = saved(tmp_path, value)
    (model,) = anatomy.models
    assert [la.name for la in model.described.layer_list] == ["Dense_0", "Dense_1"]


def test_wrapper_prefixes_are_removed_and_said(tmp_path: Path) -> None:
    weights = {f"module._orig_mod.{k}": v for k, v in network().state_dict().items()}
    (model,) = saved(tmp_path, {"state_dict": weights}).models
    assert [la.name for la in model.described.layer_list] == ["conv", "bn", "fc"]
    assert {p.prefix for p in model.described.prefixes} == {"module.", "_orig_mod."}


def test_lightning(tmp_path: Path) -> None:
    value = {
        "pytorch-lightning_version": "2.0",
        "state_dict": {f"model.{k}": v for k, v in network().state_dict().items()},
        "epoch": 4,
        "global_step": 100,
        "hyper_parameters": {"lr": 0.1, "width": 8},
    }
    anatomy = saved(tmp_path, value)
    assert [la.name for la in anatomy.models[0].described.layer_list] == ["conv", "bn", "fc"]
    assert {f.name: f.value for f in anatomy.training.counters} == {"epoch": "4", "global_step": "100"}
    assert {f.path for f in anatomy.training.arguments} == {"hyper_parameters.lr", "hyper_parameters.width"}


def test_tied_weights_are_counted_once(tmp_path: Path) -> None:
    embedding = nn.Embedding(10, 4)
    head = nn.Linear(4, 10, bias=False)
    head.weight = embedding.weight
    value = {"embed.weight": embedding.weight.detach(), "head.weight": head.weight.detach()}
    (model,) = saved(tmp_path, value).models
    assert model.described.parameters == 40
    assert [t.paths for t in model.described.ties] == [("embed.weight", "head.weight")]


@pytest.mark.parametrize(
    ("make", "options", "kind"),
    [
        (torch.optim.Adam, {}, "Adam"),
        (torch.optim.Adam, {"amsgrad": True}, "Adam with AMSGrad"),
        (torch.optim.AdamW, {"amsgrad": True}, "AdamW with AMSGrad"),
        (torch.optim.RAdam, {}, "RAdam"),
        (torch.optim.Adafactor, {}, "Adafactor"),
        (torch.optim.AdamW, {}, "AdamW"),
        (torch.optim.NAdam, {}, "NAdam"),
        (torch.optim.Adamax, {}, "Adamax"),
        (torch.optim.SGD, {}, "SGD"),
        (torch.optim.SGD, {"momentum": 0.9}, "SGD with momentum"),
        (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, "SGD with Nesterov momentum"),
        (torch.optim.RMSprop, {}, "RMSprop"),
        (torch.optim.Adagrad, {}, "Adagrad"),
        (torch.optim.Adadelta, {}, "Adadelta"),
        (torch.optim.Rprop, {}, "Rprop"),
        (torch.optim.ASGD, {}, "ASGD"),
    ],
)
def test_optimizers(tmp_path: Path, make: Any, options: dict[str, Any], kind: str) -> None:
    model = network()
    optimizer = trained(make, model, **options)
    anatomy = saved(tmp_path, {"net": model.state_dict(), "opt": optimizer.state_dict()})
    (found,) = anatomy.training.optimizers
    assert found.kind == kind
    assert found.groups[0].settings["lr"] == "0.1"
    assert (found.matched, found.parameters, found.matched_by) == (6, 6, "order and shape")
    assert found.model == "net"


def test_state_is_named_after_its_parameter(tmp_path: Path) -> None:
    model = network()
    optimizer = trained(torch.optim.AdamW, model)
    anatomy = saved(tmp_path, {"net": model.state_dict(), "opt": optimizer.state_dict()})
    assert anatomy.names["opt.state.2.exp_avg"].name == "exp_avg of bn.weight"
    assert anatomy.names["opt.state.2.exp_avg"].role == "optimizer"
    assert {s.name: s.tensors for s in anatomy.training.optimizers[0].slots} == {
        "step": 6,
        "exp_avg": 6,
        "exp_avg_sq": 6,
    }


def test_groups_that_change_the_order_leave_the_state_unnamed(tmp_path: Path) -> None:
    model = network()
    vectors = [p for p in model.parameters() if p.ndim < 2]
    groups = [
        {"params": [p for p in model.parameters() if p.ndim >= 2]},
        {"params": vectors, "weight_decay": 0.0},
    ]
    optimizer = trained(torch.optim.AdamW, model, groups)
    anatomy = saved(tmp_path, {"net": model.state_dict(), "opt": optimizer.state_dict()})
    (found,) = anatomy.training.optimizers
    assert found.matched == 0
    assert "order" in found.problem
    assert anatomy.names["opt.state.0.exp_avg"].name == "exp_avg of parameter 0"


def test_param_names_decide_where_the_file_has_them(tmp_path: Path) -> None:
    model = network()
    named = list(model.named_parameters())
    optimizer = trained(torch.optim.AdamW, model, list(reversed(named)))
    anatomy = saved(tmp_path, {"net": model.state_dict(), "opt": optimizer.state_dict()})
    (found,) = anatomy.training.optimizers
    assert (found.matched, found.matched_by) == (6, "param_names")
    assert anatomy.names["opt.state.0.exp_avg"].name == "exp_avg of fc.bias"


def test_an_optimizer_of_another_model_is_not_matched(tmp_path: Path) -> None:
    optimizer = trained(torch.optim.AdamW, network())
    anatomy = saved(tmp_path, {"net": nn.Linear(3, 4).state_dict(), "opt": optimizer.state_dict()})
    (found,) = anatomy.training.optimizers
    assert found.matched == 0
    assert "6 parameters, the model has 2" in found.problem


lr = torch.optim.lr_scheduler


@pytest.mark.parametrize(
    ("make", "options", "kind"),
    [
        (lr.StepLR, {"step_size": 3}, "StepLR"),
        (lr.MultiStepLR, {"milestones": [2, 4]}, "MultiStepLR"),
        (lr.ExponentialLR, {"gamma": 0.9}, "ExponentialLR"),
        (lr.CosineAnnealingLR, {"T_max": 10}, "CosineAnnealingLR"),
        (lr.CosineAnnealingWarmRestarts, {"T_0": 10}, "CosineAnnealingWarmRestarts"),
        (lr.OneCycleLR, {"max_lr": 0.1, "total_steps": 10}, "OneCycleLR"),
        (lr.ReduceLROnPlateau, {}, "ReduceLROnPlateau"),
        (lr.PolynomialLR, {}, "PolynomialLR"),
        (lr.LinearLR, {}, "LinearLR"),
        (lr.ConstantLR, {}, "ConstantLR"),
        (lr.LambdaLR, {"lr_lambda": lambda e: 1.0}, "LambdaLR or MultiplicativeLR"),
        (torch.optim.swa_utils.SWALR, {"swa_lr": 0.1}, "SWALR"),
        (lr.CyclicLR, {"base_lr": 0.01, "max_lr": 0.1, "cycle_momentum": False}, "CyclicLR"),
    ],
)
def test_schedulers(tmp_path: Path, make: Any, options: dict[str, Any], kind: str) -> None:
    scheduler = make(torch.optim.SGD(network().parameters(), lr=0.1), **options)
    state = {k: v for k, v in scheduler.state_dict().items() if not callable(v)}
    anatomy = saved(tmp_path, {"net": network().state_dict(), "sched": state})
    assert [s.kind for s in anatomy.training.schedulers] == [kind]


def test_facts_beside_the_weights(tmp_path: Path) -> None:
    value = {
        "model": network().state_dict(),
        "epoch": 7,
        "val_accuracy": 0.9,
        "history": {"loss": [0.5, 0.4, 0.3]},
        "args": Namespace(width=8, name="net"),
        "train_args": {"epochs": 30},
        "classes": ["cat", "dog"],
    }
    training = saved(tmp_path, value).training
    assert [f.path for f in training.counters] == ["epoch"]
    assert {f.path for f in training.metrics} == {"val_accuracy", "history.loss"}
    assert next(f.series for f in training.metrics if f.series) == (0.5, 0.4, 0.3)
    assert {f.path for f in training.arguments} == {"args.width", "args.name", "train_args.epochs"}
    assert [f.path for f in training.other] == ["classes"]


def test_rows_of_a_log_are_series(tmp_path: Path) -> None:
    rows = [
        {"epoch": n, "val": {"loss": 1.0 / n, "note": "x"}, "train": {"loss": 2.0 / n}} for n in (1, 2, 4)
    ]
    training = saved(
        tmp_path, {"model": network().state_dict(), "history": rows, "log": [{"a": "b"}, {}]}
    ).training
    series = {f.path: f.series for f in training.metrics if f.series}
    assert series == {
        "history.*.epoch": (1.0, 2.0, 4.0),
        "history.*.val.loss": (1.0, 0.5, 0.25),
        "history.*.train.loss": (2.0, 1.0, 0.5),
    }


def test_nothing_goes_missing(tmp_path: Path) -> None:
    """Every tensor of the file is in the contents, whatever it belongs to."""
    model = network()
    optimizer = trained(torch.optim.AdamW, model)
    value = {
        "m": model.state_dict(),
        "o": optimizer.state_dict(),
        "x": [torch.ones(2), {"y": (torch.ones(1),)}],
    }
    path = tmp_path / "file.pth"
    torch.save(value, path)
    with open_checkpoint(path) as checkpoint:
        node = describe(checkpoint).contents
        found, stack = set(), [node]
        while stack:
            current = stack.pop()
            stack.extend(current.children)
            if current.kind == "tensor":
                found.add(current.path)
        assert found == set(checkpoint.tensors)


def test_a_module_pickled_whole_is_read_not_inferred(tmp_path: Path) -> None:
    (model,) = saved(tmp_path, network()).models
    layers = {la.name: la for la in model.described.layer_list}
    assert layers["conv"].kind == "conv2d"
    assert layers["conv"].basis == "read"
    assert layers["conv"].settings["kernel_size"] == "(3, 3)"
    assert layers["bn"].settings["eps"] == "1e-05"
    assert model.described.buffers == 17


def test_long_lists_are_cut_with_their_count(tmp_path: Path) -> None:
    node = saved(tmp_path, {"numbers": list(range(100_000)), "net": network().state_dict()}).contents
    numbers = node.children[0]
    assert numbers.count == 100_000
    assert 0 < len(numbers.children) < 100


def test_a_dict_of_tensors_that_are_no_layers(tmp_path: Path) -> None:
    anatomy = saved(tmp_path, {"epoch": 1, "loss_curve": torch.ones(3)})
    assert anatomy.models == ()
    anatomy = saved(tmp_path, [torch.ones(3)])
    assert anatomy.models == ()
