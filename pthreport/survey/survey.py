"""What takes several tensors at once, or a tensor and its place: initialisations, the state of
training, moving averages, adapters, mixtures of experts."""

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pthreport.anatomy import Anatomy, ModelAnatomy, ParameterFound
from pthreport.anatomy.value_text import is_number
from pthreport.checkpoint import Checkpoint, ReadError, Tensor
from pthreport.document import (
    Adapter,
    Average,
    Copies,
    Experts,
    Initialisation,
    LayerDistance,
    ParameterState,
    Smoothness,
    Training,
)
from pthreport.measure import Measurement
from pthreport.measure.distance import comparable, relative, short, squared_distance
from pthreport.measure.initialisation import Place, initialisation
from pthreport.measure.training_state import Rule, Settings, scalar, state_figures
from pthreport.survey.adapters import with_figures
from pthreport.survey.duplicates import stored_twice
from pthreport.survey.experts import with_comparison
from pthreport.survey.first_layers import smooth
from pthreport.survey.layer_facts import LayerFacts, layer_facts

FARTHEST = 8
"""Tensors named of a moving average."""
STATES = 5000
"""Parameters' states that a report lists of one optimizer."""

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Joint:
    """`initialisations` by tensor path, `states` by optimizer path, `layers` by model and layer,
    `adapters` and `experts` by model, `smooth` by the path of the weight that sees a model's input."""

    initialisations: Mapping[str, Initialisation] = field(default_factory=dict)
    states: Mapping[str, Sequence[ParameterState]] = field(default_factory=dict)
    averages: tuple[Average, ...] = ()
    layers: Mapping[tuple[str, str], LayerFacts] = field(default_factory=dict)
    adapters: Mapping[str, tuple[Adapter, ...]] = field(default_factory=dict)
    copies: tuple[Copies, ...] = ()
    experts: Mapping[str, tuple[Experts, ...]] = field(default_factory=dict)
    smooth: Mapping[str, Smoothness] = field(default_factory=dict)


NOTHING = Joint()
"""Where nothing was measured together."""


def measure_together(
    checkpoint: Checkpoint,
    anatomy: Anatomy,
    measured: Mapping[str, Measurement],
    wanted: set[str],
    jobs: int,
    *,
    everything: bool = False,
) -> Joint:
    """All of which the tensors are `wanted`, `everything` without estimates. The number of `jobs` changes no result."""
    states = [
        state
        for state in anatomy.states
        if any(tensor.path in wanted for name, tensor in state.slots.items() if name != "step")
    ]
    # BLAS in one thread each: the last digits then depend neither on `jobs` nor on the cores.
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(jobs, thread_name_prefix="joint") as pool,
    ):
        found = _map(pool, lambda state: _state(checkpoint, state), states)
        same = stored_twice(checkpoint, anatomy, measured, pool)
        averages = tuple(
            _average(checkpoint, average, raw, wanted, pool) for average, raw in _averaged(anatomy.models)
        )
        adapters = {
            model.found.key: tuple(
                _map(
                    pool,
                    lambda adapter: with_figures(adapter, checkpoint, measured, wanted),
                    model.described.adapters,
                )
            )
            for model in anatomy.models
        }
        experts = {
            model.found.key: tuple(
                _map(
                    pool,
                    lambda one: with_comparison(one, checkpoint, measured, wanted, everything=everything),
                    model.described.experts,
                )
            )
            for model in anatomy.models
        }
    by_optimizer: dict[str, list[ParameterState]] = {}
    for state, figures in zip(states, found, strict=True):
        by_optimizer.setdefault(state.optimizer, []).append(figures)
    return Joint(
        initialisations=_initialisations(anatomy, measured),
        states=by_optimizer,
        averages=tuple(average for average in averages if average.tensors),
        layers=layer_facts(checkpoint, anatomy, measured, wanted),
        adapters=adapters,
        copies=same,
        experts=experts,
        smooth=smooth(checkpoint, anatomy, wanted),
    )


def update_ratios(joint: Joint) -> dict[str, float]:
    """The ratio of the last step to the weight, by the weight's path; of several optimizers' the
    largest."""
    found: dict[str, float] = {}
    for states in joint.states.values():
        for state in states:
            if state.parameter is not None and state.update_ratio is not None:
                found[state.parameter] = max(state.update_ratio, found.get(state.parameter, 0.0))
    return found


def with_states(training: Training, joint: Joint, most: int = STATES) -> Training:
    """The training with what was measured of its optimizers' states, the `most` largest ones where
    there are more, and the rates' peaks that its schedules tell."""
    curves = [s.curve for s in training.schedulers if s.curve is not None]
    optimizers = []
    for optimizer in training.optimizers:
        states = list(joint.states.get(optimizer.path, ()))
        kept = states
        if len(states) > most:
            largest = sorted(range(len(states)), key=lambda at: (-states[at].elements, at))[:most]
            kept = [states[at] for at in sorted(largest)]
        groups = list(optimizer.groups)
        if groups and len(training.optimizers) == 1:
            peaks = [curve.peak for curve in curves]
            own = groups[0].peak_rate
            peak = max([*peaks, *([] if own is None else [own])], default=None)
            groups[0] = msgspec.structs.replace(groups[0], peak_rate=peak)
        optimizers.append(
            msgspec.structs.replace(
                optimizer,
                groups=tuple(groups),
                states=tuple(kept),
                states_left_out=len(states) - len(kept),
            )
        )
    return msgspec.structs.replace(training, optimizers=tuple(optimizers), averages=joint.averages)


def _map(pool: ThreadPoolExecutor, call: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    return list(pool.map(call, items))


def _state(checkpoint: Checkpoint, found: ParameterFound) -> ParameterState:
    weight = checkpoint.tensors.get(found.parameter) if found.parameter is not None else None
    elements = max((tensor.numel for tensor in found.slots.values()), default=0)
    step = found.step
    try:
        if step is None and "step" in found.slots:
            step = scalar(found.slots["step"])
        figures = state_figures(found.slots, _settings(found), step, weight)
    except (ReadError, OSError):
        return ParameterState(
            parameter=found.parameter, index=found.index, group=found.group, elements=elements, step=step
        )
    return ParameterState(
        parameter=found.parameter,
        index=found.index,
        group=found.group,
        elements=elements,
        step=step,
        zero_share=short(figures.zero_share),
        negative=figures.negative,
        nan=figures.nan,
        update_rms=short(figures.update_rms),
        update_ratio=short(figures.update_ratio),
        ratio_basis="estimated" if figures.estimated else "computed",
        noise=short(figures.noise),
    )


def _settings(found: ParameterFound) -> Settings:
    options = found.options

    def number(value: object) -> float | None:
        if isinstance(value, Tensor):
            return scalar(value)
        return float(value) if is_number(value) and isinstance(value, int | float) else None

    betas = options.get("betas")
    pair = betas if isinstance(betas, list | tuple) and len(betas) == 2 else (None, None)
    return Settings(
        rule=_rule(found.slots.keys(), options),
        rate=number(options.get("lr")),
        beta1=number(pair[0]),
        beta2=number(pair[1]),
        eps=number(options.get("eps")),
        rho=number(options.get("rho")),
        nesterov=options.get("nesterov") is True,
    )


def _rule(slots: Set[str], options: Mapping[str, object]) -> Rule:
    """How the last step followed from the slots. RAdam and NAdam keep what Adam does: only options that
    its groups have tell which it was."""
    if slots >= {"exp_avg", "exp_avg_sq"}:
        if "amsgrad" in options or options.get("correct_bias", options.get("bias_correction")) is True:
            return "adam"
        if "mu_product" in slots or "momentum_decay" in options:
            return "nadam"
        return "radam" if "decoupled_weight_decay" in options else "none"
    for wanted, rule in _RULES:
        if slots >= wanted and not ("ns_steps" in options and rule == "momentum"):
            return rule
    return "none"


_RULES: tuple[tuple[Set[str], Rule], ...] = (
    ({"exp_avg", "exp_inf"}, "adamax"),
    ({"momentum_buffer"}, "momentum"),
    ({"prev", "step_size"}, "rprop"),
    ({"square_avg", "acc_delta"}, "adadelta"),
)


def _averaged(models: Sequence[ModelAnatomy]) -> list[tuple[ModelAnatomy, ModelAnatomy]]:
    """Each moving average with the raw weights that have its names."""
    pairs = []
    for model in models:
        names = {entry.name for entry in model.found.entries}
        if model.found.role != "ema":
            continue
        raw = next(
            (
                other
                for other in models
                if other.found.role != "ema" and names == {e.name for e in other.found.entries}
            ),
            None,
        )
        if raw is not None:
            pairs.append((model, raw))
    return pairs


def _average(
    checkpoint: Checkpoint,
    average: ModelAnatomy,
    raw: ModelAnatomy,
    wanted: set[str],
    pool: ThreadPoolExecutor,
) -> Average:
    others = {entry.name: entry.path for entry in raw.found.entries if entry.role == "parameter"}
    both = [
        (entry.name, entry.path, checkpoint.tensors[entry.path], checkpoint.tensors[others[entry.name]])
        for entry in average.found.entries
        if entry.name in others and entry.path in wanted and others[entry.name] in wanted
    ]
    pairs = [item for item in both if comparable(item[2:])]

    def squares(item: tuple[str, str, Tensor, Tensor]) -> tuple[float, float] | None:
        try:
            return squared_distance(item[2], item[3])
        except (ReadError, OSError):
            return None

    sums = _map(pool, squares, pairs)
    known = [(item, one) for item, one in zip(pairs, sums, strict=True) if one is not None]
    distances = [
        LayerDistance(name=item[0], path=item[1], distance=distance)
        for item, one in known
        if (distance := relative(*one)) is not None
    ]
    distances.sort(key=lambda d: (-d.distance, d.path))
    return Average(
        average=average.found.key,
        raw=raw.found.key,
        tensors=len(known),
        distance=relative(sum(one[0] for _, one in known), sum(one[1] for _, one in known)),
        farthest=tuple(distances[:FARTHEST]),
    )


def _initialisations(anatomy: Anatomy, measured: Mapping[str, Measurement]) -> dict[str, Initialisation]:
    found: dict[str, Initialisation] = {}
    for model in anatomy.models:
        for layer in model.layers:
            hidden = layer.settings.get("hidden_size", "") if layer.kind.kind in _RECURRENT else ""
            for leaf, entry in layer.entries.items():
                result = measured.get(entry.path)
                if result is None or result.statistics is None or result.sketch is None:
                    continue
                place = Place(
                    kind=layer.kind.kind,
                    leaf=leaf,
                    shape=entry.shape,
                    weight=layer.weight.shape if layer.weight else None,
                    hidden=int(hidden) if hidden.isdigit() else None,
                )
                judged = initialisation(place, result.statistics, result.sketch)
                if judged is not None:
                    found[entry.path] = judged
    return found


_RECURRENT = frozenset({"lstm", "gru", "rnn"})
