"""An optimizer's state parameter by parameter: its tensors, its step, the options of its group."""

from collections.abc import Mapping
from dataclasses import dataclass

from pthreport.anatomy.optimizer import STEPS, index_of, state_of
from pthreport.anatomy.value_text import is_number
from pthreport.checkpoint import Tensor, key_text
from pthreport.document.numbers import plural

MOST = 50_000
"""Parameters that are looked at."""


@dataclass(frozen=True)
class ParameterFound:
    """The state of one parameter: `index` in the state dict, the number of its `group` and that
    group's `options` as they stand in the file, the `slots` by name, `step` where it is a number.
    `parameter` is the path of its weight, None where it could not be matched."""

    optimizer: str
    index: str
    group: int
    parameter: str | None
    slots: Mapping[str, Tensor]
    step: float | None
    options: Mapping[str, object]


def parameter_states(path: str, value: object, names: Mapping[str, str]) -> tuple[ParameterFound, ...]:
    """The parameters of the optimizer `value` at `path` that have a state, in the groups' order;
    `names` maps their numbers to the paths of their weights."""
    kept = state_of(value) or {}
    groups, state = kept.get("param_groups"), kept.get("state")
    if not isinstance(groups, list) or not isinstance(state, dict):
        return ()
    by_index = {index_of(key): entry for key, entry in state.items() if isinstance(entry, dict)}
    found: list[ParameterFound] = []
    for number, group in enumerate(groups):
        params = group.get("params")
        options = {key_text(k): v for k, v in group.items() if k not in ("params", "param_names")}
        for parameter in params if isinstance(params, list) else []:
            index = index_of(parameter)
            entry = by_index.get(index) if index is not None else None
            if index is None or entry is None or len(found) >= MOST:
                continue
            step = next((s for name in STEPS if (s := entry.get(name)) is not None), group.get("step"))
            found.append(
                ParameterFound(
                    optimizer=path,
                    index=index,
                    group=number,
                    parameter=names.get(index),
                    slots={key_text(k): v for k, v in entry.items() if isinstance(v, Tensor)},
                    step=float(step) if is_number(step) and isinstance(step, int | float) else None,
                    options=options,
                )
            )
    return tuple(found)


def in_words(kind: str, options: Mapping[object, object], parameters: int) -> str:
    """A group in words: "AdamW, learning rate 0.001, weight decay 0.01, on 14 parameters"."""
    said = [kind]
    for key, word in _WORDS.items():
        value = options.get(key)
        if is_number(value) and (value or key == "lr"):
            assert isinstance(value, int | float)
            said.append(f"{word} {_short(value)}")
        elif value is True and not (key == "amsgrad" and "AMSGrad" in kind):
            said.append(word)
        elif key == "betas" and isinstance(value, list | tuple) and len(value) == 2:
            if all(is_number(v) for v in value):
                said.append(f"betas {_short(value[0])} and {_short(value[1])}")
        elif key == "lr" and isinstance(value, Tensor):
            said.append("a learning rate that is a tensor")
    return ", ".join(said) + f", on {plural(parameters, 'parameter')}"


_WORDS = {
    "lr": "learning rate",
    "betas": "betas",
    "momentum": "momentum",
    "momentum_decay": "momentum decay",
    "rho": "rho",
    "lr_decay": "decay of the rate",
    "max_iter": "iterations a step",
    "history_size": "history of",
    "dampening": "dampening",
    "nesterov": "Nesterov",
    "alpha": "smoothing",
    "centered": "centred",
    "amsgrad": "AMSGrad",
    "weight_decay": "weight decay",
    "maximize": "maximising",
}


def _short(value: float) -> str:
    return f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e")
