"""What an optimizer's state says of each parameter: gradients that never came, the step last made.

The state is what the last step left, so the step it made can be told from it alone, as torch.optim
computes it (weight decay left out, with the learning rate that stands in the file; a scheduler that
has stepped since has set that of the next step already):

- Adam, AdamW, AMSGrad: lr m_hat / (sqrt(v_hat) + eps), m_hat = m / (1 - beta1^t), v_hat = v / (1 - beta2^t);
- Adamax: lr m_hat / u;
- RAdam (arXiv 1908.03265): lr m_hat r / (sqrt(v_hat) + eps) where the variance is tractable, else lr m_hat;
- SGD and RMSprop with momentum: lr times the momentum buffer. With Nesterov momentum the last
  gradient takes part, which the state does not keep: then it is estimated;
- Rprop: the step sizes, where there was a gradient;
- Adadelta: estimated, by the running mean of the squares of its steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite, sqrt
from typing import Literal

import numpy as np

from pthreport.measure.distance import blocks, comparable
from pthreport.measure.source import Array, Float64, Source

Rule = Literal["adam", "nadam", "radam", "adamax", "momentum", "rprop", "adadelta", "none"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of a parameter's group as far as the last step needs them; None where the file does
    not say. `rule` is how the step was made of the slots."""

    rule: Rule
    rate: float | None = None
    beta1: float | None = None
    beta2: float | None = None
    eps: float | None = None
    rho: float | None = None
    nesterov: bool = False


@dataclass(frozen=True, slots=True)
class StateFigures:
    """Figures of one parameter's state: see `pthreport.document.ParameterState`."""

    zero_share: float | None = None
    negative: int = 0
    nan: int = 0
    update_rms: float | None = None
    update_ratio: float | None = None
    estimated: bool = False
    noise: float | None = None


MOST_STEPS = 1e15
SQUARES = ("exp_avg_sq", "square_avg", "sum", "exp_inf")
"""Slots that stay zero where no gradient ever came, and are never negative."""


_FIRST = {
    "adam": "exp_avg",
    "nadam": "exp_avg",
    "radam": "exp_avg",
    "adamax": "exp_avg",
    "momentum": "momentum_buffer",
    "rprop": "prev",
    "adadelta": "acc_delta",
}
"""The slot that the step is made of."""


def state_figures(
    slots: Mapping[str, Source], settings: Settings, step: float | None, weight: Source | None
) -> StateFigures:
    """The figures of the state `slots` after `step` steps, beside the `weight` as it stands now (None
    where it is not known). Raises `ReadError`."""
    squares = next((slots[name] for name in SQUARES if name in slots), None)
    first = slots.get(_FIRST.get(settings.rule, ""))
    settings, step = _sane(settings, step)
    shown = [tensor for tensor in (squares, first) if tensor is not None]
    if not shown or not comparable(shown):
        return StateFigures()
    most, sizes = slots.get("max_exp_avg_sq"), slots.get("step_size")
    used = weight if weight is not None and comparable([shown[0], weight]) else None
    tensors = {
        "first": first,
        "squares": squares,
        "sizes": sizes if sizes is not None and comparable([shown[0], sizes]) else None,
        "most": most if most is not None and comparable([shown[0], most]) else None,
        "weight": used,
    }
    present = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    sums = _Sums()
    with np.errstate(all="ignore"):
        for values in blocks(list(present.values())):
            _add(sums, dict(zip(present, values, strict=True)), settings, step)
    return _concluded(sums, settings, has_weight=used is not None)


def scalar(tensor: Source) -> float | None:
    """The number that a tensor of one element holds. Raises `ReadError`."""
    if tensor.numel != 1 or tensor.dtype.kind not in ("float", "int"):
        return None
    return float(tensor.dtype.decode(tensor.read(0, 1)).reshape(-1)[0])


def _sane(settings: Settings, step: float | None) -> tuple[Settings, float | None]:
    # A file may say anything: what no optimizer accepts is as good as not said.
    def share(beta: float | None) -> float | None:
        return beta if beta is not None and 0 <= beta < 1 else None

    eps, rate = settings.eps, settings.rate
    kept = replace(
        settings,
        rate=rate if rate is not None and isfinite(rate) else None,
        beta1=share(settings.beta1),
        beta2=share(settings.beta2),
        rho=share(settings.rho),
        eps=eps if eps is not None and 0 <= eps < inf else None,
    )
    return kept, step if step is not None and 1 <= step < MOST_STEPS else None


_ADAMS = ("adam", "nadam", "radam")


class _Sums:
    # What is added up over the blocks.

    def __init__(self) -> None:
        self.count = self.zeros = self.negative = self.nan = self.steps = 0
        self.update = self.weight = self.mean = self.power = 0.0


def _add(sums: _Sums, values: dict[str, Float64], settings: Settings, step: float | None) -> None:
    fine = np.ones(next(iter(values.values())).size, np.bool_)
    for name, array in values.items():
        finite = np.isfinite(array)
        fine &= finite
        if name != "weight":
            sums.nan += array.size - int(np.count_nonzero(finite))
    squares = values.get("squares", values.get("first"))
    assert squares is not None
    sums.count += squares.size
    sums.zeros += int(np.count_nonzero(squares == 0))
    if "squares" in values:
        sums.negative += int(np.count_nonzero(squares < 0))
    if not fine.all():
        values = {name: array[fine] for name, array in values.items()}
    known = "first" in values and "squares" in values
    if (
        known
        and settings.rule in _ADAMS
        and step
        and settings.beta1 is not None
        and settings.beta2 is not None
    ):
        sums.mean += (
            float(np.einsum("i,i->", values["first"], values["first"])) / (1 - settings.beta1**step) ** 2
        )
        sums.power += float(np.add.reduce(values["squares"])) / (1 - settings.beta2**step)
    made = _update(values, settings, step)
    if made is None:
        return
    sums.steps += made.size
    sums.update += float(np.einsum("i,i->", made, made))
    if "weight" in values:
        sums.weight += float(np.einsum("i,i->", values["weight"], values["weight"]))


def _update(values: dict[str, Float64], settings: Settings, step: float | None) -> Array | None:
    first, squares = values.get("first"), values.get("squares")
    rate = settings.rate
    if first is None or rate is None:
        return None
    if settings.rule == "momentum":
        return np.asarray(rate * first)
    if settings.rule == "rprop":
        return None if "sizes" not in values else np.asarray(np.sign(first) * values["sizes"])
    if step is None:
        return None
    if settings.rule == "adadelta":
        if settings.rho is None:
            return None
        return np.asarray(rate * np.sqrt(np.maximum(first, 0) / (1 - settings.rho**step)))
    if squares is None or settings.beta1 is None or settings.rule == "nadam":
        return None
    share = 1 - settings.beta1**step
    if settings.rule == "adamax":
        made = np.divide(first, squares, out=np.zeros_like(first), where=squares != 0)
        made *= rate / share
        return np.asarray(made)
    if settings.beta2 is None or settings.eps is None:
        return None
    if settings.rule == "radam":
        return _rectified(first, squares, rate / share, settings.beta2, settings.eps, step)
    below = np.sqrt(values.get("most", squares))
    below /= sqrt(1 - settings.beta2**step)
    below += settings.eps
    # Nothing over nothing is no step.
    made = np.divide(first, below, out=np.zeros_like(first), where=(below != 0) & ~np.isnan(below))
    made *= rate / share
    return np.asarray(made)


def _rectified(
    first: Float64, squares: Float64, rate: float, beta2: float, eps: float, step: float
) -> Array:
    """RAdam's step: adaptive once the variance of the adaptive rate is tractable, plain momentum before."""
    longest = 2 / (1 - beta2) - 1
    left = 1 - beta2**step
    length = longest - 2 * step * beta2**step / left
    if length <= 5:
        return np.asarray(rate * first)
    rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    below = np.sqrt(squares) + eps
    made = np.divide(first, below, out=np.zeros_like(first), where=(below != 0) & ~np.isnan(below))
    return np.asarray(made * rate * sqrt(left * rectified))


def _concluded(sums: _Sums, settings: Settings, *, has_weight: bool) -> StateFigures:
    if sums.count == 0:
        return StateFigures()
    found = StateFigures(
        # Rprop forgets a gradient that turned: its zeros do not say that none ever came.
        zero_share=None if settings.rule == "rprop" else sums.zeros / sums.count,
        negative=sums.negative,
        nan=sums.nan,
        noise=min(1.0, max(0.0, 1 - sums.mean / sums.power)) if sums.power > 0 else None,
    )
    if not sums.steps:
        return found
    made = sqrt(sums.update / sums.steps)
    ratio: float | None = None
    if has_weight:
        ratio = sqrt(sums.update / sums.weight) if sums.weight > 0 else (inf if sums.update else None)
    return replace(
        found,
        update_rms=made,
        update_ratio=ratio,
        estimated=settings.nesterov or settings.rule == "adadelta",
    )
