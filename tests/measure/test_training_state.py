"""The step last made, told from the state, against the step that torch's optimizers made."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from pthreport.measure.distance import blocks, comparable, relative, squared_distance
from pthreport.measure.source import Source
from pthreport.measure.training_state import Settings, StateFigures, scalar, state_figures
from tests.measure.arrays import ArrayTensor, tensor

Optimizer = torch.optim.Optimizer


def source(values: torch.Tensor) -> ArrayTensor:
    return tensor(values.detach().numpy())


def told(optimizer: Optimizer, parameter: torch.Tensor, rule: str) -> StateFigures:
    group = optimizer.param_groups[0]
    state = optimizer.state[parameter]
    slots: dict[str, Source] = {k: source(v) for k, v in state.items() if isinstance(v, torch.Tensor)}
    betas = group.get("betas", (None, None))
    settings = Settings(
        rule=rule,  # type: ignore[arg-type]
        rate=group["lr"],
        beta1=betas[0],
        beta2=betas[1],
        eps=group.get("eps"),
        rho=group.get("rho"),
        nesterov=bool(group.get("nesterov")),
    )
    step = float(state["step"]) if "step" in state else None
    return state_figures(slots, settings, step, source(parameter))


def stepped(
    make: Callable[[list[torch.Tensor]], Optimizer], shape: tuple[int, ...] = (30, 40), steps: int = 7
) -> tuple[Optimizer, torch.Tensor, torch.Tensor]:
    """The optimizer after some steps on noisy gradients, the parameter, and its value before the last."""
    torch.manual_seed(0)
    parameter = torch.nn.Parameter(torch.randn(shape, dtype=torch.float64))
    optimizer = make([parameter])
    before = parameter.detach().clone()
    for _ in range(steps):
        before = parameter.detach().clone()
        parameter.grad = torch.randn(shape, dtype=torch.float64) + 0.3
        optimizer.step()
    return optimizer, parameter, before


EXACT: dict[str, tuple[Callable[[list[torch.Tensor]], Optimizer], str]] = {
    "Adam": (lambda p: torch.optim.Adam(p, lr=3e-3, betas=(0.8, 0.95)), "adam"),
    "Adam, one step": (lambda p: torch.optim.Adam(p, lr=3e-3, eps=1e-3), "adam"),
    "Adam, coupled decay": (lambda p: torch.optim.Adam(p, lr=3e-3, weight_decay=0.1), "adam"),
    "AMSGrad": (lambda p: torch.optim.Adam(p, lr=3e-3, amsgrad=True), "adam"),
    "Adam, maximising": (lambda p: torch.optim.Adam(p, lr=3e-3, maximize=True), "adam"),
    "AdamW": (lambda p: torch.optim.AdamW(p, lr=3e-3, weight_decay=0.0), "adam"),
    "Adamax": (lambda p: torch.optim.Adamax(p, lr=3e-3), "adamax"),
    "SGD": (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), "momentum"),
    "SGD, damped": (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5), "momentum"),
    "RAdam": (lambda p: torch.optim.RAdam(p, lr=3e-3), "radam"),
    "RAdam, rectified at once": (lambda p: torch.optim.RAdam(p, lr=3e-3, betas=(0.8, 0.7)), "radam"),
    "Rprop": (lambda p: torch.optim.Rprop(p, lr=3e-3), "rprop"),
    "RMSprop": (lambda p: torch.optim.RMSprop(p, lr=0.01, momentum=0.9), "momentum"),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("steps", [1, 7])
def test_the_step_is_the_one_that_was_made(name: str, steps: int) -> None:
    make, rule = EXACT[name]
    optimizer, parameter, before = stepped(make, steps=steps)
    found = told(optimizer, parameter, rule)
    made = (parameter.detach() - before).numpy()
    rms = float(np.sqrt((made**2).mean()))
    size = float(np.sqrt((parameter.detach().numpy() ** 2).mean()))
    assert found.update_rms == pytest.approx(rms, rel=1e-9)
    assert found.update_ratio == pytest.approx(rms / size, rel=1e-9)
    assert not found.estimated
    assert found.nan == 0


def test_decoupled_weight_decay_is_left_out() -> None:
    rate, decay = 3e-3, 0.2
    optimizer, parameter, before = stepped(lambda p: torch.optim.AdamW(p, lr=rate, weight_decay=decay))
    made = (parameter.detach() - before * (1 - rate * decay)).numpy()
    found = told(optimizer, parameter, "adam")
    assert found.update_rms == pytest.approx(float(np.sqrt((made**2).mean())), rel=1e-9)


def test_nesterov_is_an_estimate() -> None:
    optimizer, parameter, before = stepped(
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True)
    )
    found = told(optimizer, parameter, "momentum")
    rms = float(np.sqrt(((parameter.detach() - before).numpy() ** 2).mean()))
    assert found.estimated
    assert found.update_rms == pytest.approx(rms, rel=0.5)


def test_adadelta_s_step_is_an_estimate() -> None:
    optimizer, parameter, before = stepped(lambda p: torch.optim.Adadelta(p, lr=0.5), steps=50)
    found = told(optimizer, parameter, "adadelta")
    rms = float(np.sqrt(((parameter.detach() - before).numpy() ** 2).mean()))
    assert found.estimated
    assert found.update_rms == pytest.approx(rms, rel=0.5)


@pytest.mark.parametrize("make", [torch.optim.NAdam, torch.optim.RAdam])
def test_noise_of_adam_s_kin(make: Callable[..., Optimizer]) -> None:
    optimizer, parameter, _ = stepped(lambda p: make(p, lr=3e-3))
    found = told(optimizer, parameter, make.__name__.lower())
    state = optimizer.state[parameter]
    mean = state["exp_avg"] / (1 - 0.9**7)
    power = state["exp_avg_sq"] / (1 - 0.999**7)
    assert found.noise == pytest.approx(1 - float(mean.square().sum() / power.sum()), rel=1e-9)
    assert (found.update_rms is None) == (make is torch.optim.NAdam)


def test_gradients_that_never_came_and_noise() -> None:
    parameter = torch.nn.Parameter(torch.randn(20, 50))
    adam = torch.optim.Adam([parameter], betas=(0.9, 0.999))
    torch.manual_seed(1)
    for _ in range(200):
        parameter.grad = torch.randn(20, 50)
        parameter.grad[:5] = 0
        adam.step()
    found = told(adam, parameter, "adam")
    assert found.zero_share == 0.25
    mean = adam.state[parameter]["exp_avg"].double() / (1 - 0.9**200)
    square = adam.state[parameter]["exp_avg_sq"].double() / (1 - 0.999**200)
    assert found.noise == pytest.approx(float(1 - (mean**2).sum() / square.sum()), rel=1e-9)
    assert found.noise is not None
    assert found.noise > 0.9
    for _ in range(300):
        parameter.grad = torch.ones(20, 50)
        adam.step()
    steady = told(adam, parameter, "adam")
    assert steady.noise is not None
    assert steady.noise < found.noise


def test_damage_is_counted_and_left_out() -> None:
    r = np.random.default_rng(0)
    first, squares = r.standard_normal((10, 10)), r.uniform(0, 1, (10, 10))
    weight = r.standard_normal((10, 10))
    squares[0, 0], squares[1, 1], first[2, 2], weight[3, 3] = np.nan, -1.0, np.inf, np.nan
    slots: dict[str, Source] = {"exp_avg": tensor(first), "exp_avg_sq": tensor(squares)}
    settings = Settings("adam", 1e-3, 0.9, 0.999, 1e-8)
    found = state_figures(slots, settings, 10.0, tensor(weight))
    assert (found.nan, found.negative) == (2, 1)
    assert found.update_rms is not None
    assert np.isfinite(found.update_rms)
    wrong = state_figures(slots, settings, 10.0, tensor(np.ones((10, 11))))
    assert wrong.update_ratio is None
    assert wrong.update_rms is not None


def test_what_cannot_be_told_is_none() -> None:
    nothing = StateFigures()
    settings = Settings("adam", 1e-3, 0.9, 0.999, 1e-8)
    zeros = tensor(np.zeros((3, 4), np.float32))
    assert state_figures({}, settings, 1.0, None) == nothing
    empty: dict[str, Source] = {"exp_avg": tensor(np.zeros((0, 4))), "exp_avg_sq": tensor(np.zeros((0, 4)))}
    assert state_figures(empty, settings, 1.0, None) == nothing
    eight: dict[str, Source] = {"exp_avg_sq": tensor(np.zeros((3, 4), np.uint8), "uint8")}
    assert state_figures(eight, settings, 1.0, None) == nothing
    found = state_figures({"exp_avg": zeros, "exp_avg_sq": zeros}, settings, None, zeros)
    assert (found.zero_share, found.update_rms) == (1.0, None)
    still = state_figures({"exp_avg": zeros, "exp_avg_sq": zeros}, settings, 5.0, zeros)
    assert (still.update_rms, still.update_ratio, still.noise) == (0.0, None, None)


def test_long_and_differently_laid_out_tensors_are_read_side_by_side() -> None:
    r = np.random.default_rng(4)
    first, second = r.standard_normal((700, 300)), r.standard_normal((700, 300)).astype(np.float32)
    for one, other in ((first, second), (first, np.asfortranarray(second))):
        pair = (tensor(one), tensor(other))
        whole = [np.concatenate(parts) for parts in zip(*blocks(pair), strict=True)]
        assert (whole[0] == first.reshape(-1)).all()
        assert (whole[1] == second.reshape(-1)).all()
        apart, size = squared_distance(*pair)
        distance = relative(apart, size)
        wanted = np.linalg.norm(first - second) / np.linalg.norm(second.astype(np.float64))
        assert distance == pytest.approx(wanted, rel=1e-9)
    assert not comparable((tensor(first), tensor(first[:5])))
    assert relative(0.0, 0.0) is None
    assert relative(1.0, 0.0) == np.inf
    assert squared_distance(tensor(np.asarray([np.nan, 3.0])), tensor(np.asarray([1.0, 1.0]))) == (4.0, 1.0)
    assert list(blocks((tensor(np.zeros((0, 3))), tensor(np.zeros((0, 3)))))) == []


def test_scalars() -> None:
    assert scalar(tensor(np.asarray(7.0, np.float32))) == 7.0
    assert scalar(tensor(np.asarray([5]))) == 5.0
    assert scalar(tensor(np.zeros(2))) is None
