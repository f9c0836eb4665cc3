"""Optimizer state dicts: recognised, described, their numbers matched to parameter names.

The form is torch's own: `{"state": {index: {slot: value}}, "param_groups": [{..., "params": [index]}]}`
(https://docs.pytorch.org/docs/stable/optim.html). Which optimizer it was is not written down; slots
and options tell the family.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pthreport.anatomy.layers import Entry, identity
from pthreport.anatomy.optimizer_kind import kind_of
from pthreport.anatomy.value_text import brief, is_number
from pthreport.checkpoint import Key, Record, Tensor, key_text
from pthreport.document import Group, Optimizer, Slot
from pthreport.document.base import Basis

_OWN_SHAPES = frozenset(
    {"exp_avg_sq_row", "exp_avg_sq_col", "row_var", "col_var", "d", "prev_flat_grad", "H_diag"}
)
"""Slots whose shape is not the parameter's: Adafactor's, and LBFGS's of all parameters in one vector."""

STEPS = ("step", "n_iter")
"""What counts the steps, LBFGS's last."""


@dataclass(frozen=True)
class SlotTensor:
    """One tensor of the state: which parameter's (None where it could not be matched), which slot,
    of the optimizer at which path."""

    tensor: Tensor
    optimizer: str
    index: str
    slot: str
    parameter: str | None


@dataclass(frozen=True)
class OptimizerFound:
    """An optimizer with its tensors; `names` maps a parameter's index to the path of its weight."""

    described: Optimizer
    tensors: tuple[SlotTensor, ...]
    names: Mapping[str, str]


@dataclass(frozen=True)
class Candidate:
    """A model that an optimizer may belong to: its parameters in order, tied ones once."""

    key: str
    parameters: Sequence[Entry]


def state_of(value: object) -> Mapping[object, object] | None:
    """What `value` keeps if it has the form of torch's optimizer state dicts, else None.

    An optimizer pickled whole keeps the same two attributes; its parameters are then tensors, not
    numbers.
    """
    if isinstance(value, Record):
        value = value.state
    if not isinstance(value, dict) or "state" not in value or "param_groups" not in value:
        return None
    groups = value["param_groups"]
    form = (
        isinstance(value["state"], dict)
        and isinstance(groups, list)
        and all(isinstance(g, dict) for g in groups)
    )
    return value if form else None


def describe(path: str, value: object, models: Sequence[Candidate]) -> OptimizerFound:
    """What is known of the optimizer `value` at `path`, its parameters matched to those of `models`."""
    kept = state_of(value) or {}
    state = kept["state"]
    groups = kept["param_groups"]
    assert isinstance(state, dict)
    assert isinstance(groups, list)
    indices = [
        i
        for g in groups
        if isinstance(g.get("params"), list)
        for p in g["params"]
        if (i := index_of(p)) is not None
    ]
    options = {key_text(k) for g in groups for k in g}
    slots: dict[str, list[int]] = {}
    found: list[tuple[Tensor, str, str]] = []
    steps: list[int] = []
    shapes: dict[str, tuple[int, ...]] = {}
    for group in groups:
        # An optimizer pickled whole holds its parameters too, the same storages as the model's.
        for parameter in group["params"] if isinstance(group.get("params"), list) else []:
            if isinstance(parameter, Tensor):
                found.append((parameter, repr(identity(parameter)), "parameter"))
    for index, entry in state.items():
        number = index_of(index)
        if not isinstance(entry, dict) or number is None:
            continue
        for slot, content in entry.items():
            if isinstance(content, Tensor):
                sums = slots.setdefault(key_text(slot), [0, 0, 0])
                for position, amount in enumerate((1, content.numel, content.nbytes)):
                    sums[position] += amount
                found.append((content, number, key_text(slot)))
                if content.shape and key_text(slot) not in _OWN_SHAPES:
                    shapes.setdefault(number, content.shape)
            elif slot in STEPS and is_number(content):
                steps.append(int(content))
    # apex counts the steps in the groups.
    steps += [int(step) for g in groups if not steps and is_number(step := g.get("step"))]
    kind, evidence = kind_of(frozenset(slots), groups, options)
    basis: Basis = "inferred"
    if isinstance(value, Record):
        kind, evidence, basis = value.name, f"the file names its class, {value.type_name}", "read"
    stepped = {index_of(key) for key, entry in state.items() if isinstance(entry, dict) and entry}
    names, model, by, problem = _match(indices, shapes, groups, models)
    described = Optimizer(
        path=path,
        kind=kind,
        basis=basis,
        evidence=evidence,
        groups=tuple(
            Group(
                settings={
                    key_text(k): brief(v) for k, v in g.items() if k not in ("params", "param_names")
                },
                parameters=len(g["params"]) if isinstance(g.get("params"), list) else 0,
            )
            for g in groups
        ),
        slots=tuple(Slot(name=n, tensors=t, elements=e, bytes=b) for n, (t, e, b) in slots.items()),
        parameters=len(indices),
        model=model,
        matched=len(names),
        matched_by=by,
        problem=problem,
        absent=_absent(names, model, models),
        stateless=tuple(names[i] for i in indices if i in names and i not in stepped) if stepped else (),
        steps=(min(steps), max(steps)) if steps else None,
    )
    tensors = tuple(SlotTensor(t, path, i, s, names.get(i)) for t, i, s in found)
    return OptimizerFound(described, tensors, names)


def _match(
    indices: Sequence[str],
    shapes: Mapping[str, tuple[int, ...]],
    groups: Sequence[Mapping[object, object]],
    models: Sequence[Candidate],
) -> tuple[dict[str, str], str | None, str, str]:
    """Names by the groups' own `param_names`, else by order and shape against each model in turn."""
    if not indices:
        return {}, None, "", "its groups list no parameters"
    for matched in (_by_identity(indices, models), _by_param_names(groups, models)):
        if matched is not None:
            return matched
    problem = "no model in the file has as many parameters in this order"
    for model in models:
        parameters = model.parameters
        if len(parameters) != len(indices) and shapes.keys() >= set(indices):
            # An optimizer of matrices (Muon) leaves the rest to another.
            matrices = [entry for entry in parameters if len(entry.shape) == 2]
            parameters = matrices if len(matrices) == len(indices) else parameters
        if len(parameters) != len(indices):
            if len(models) == 1:
                problem = f"it holds {len(indices)} parameters, the model has {len(parameters)}"
            continue
        wrong = next(
            (
                (index, name, shape)
                for index, name, shape in zip(
                    indices, (e.name for e in parameters), (e.shape for e in parameters), strict=True
                )
                if index in shapes and shapes[index] != shape
            ),
            None,
        )
        if wrong is None:
            return (
                {i: e.path for i, e in zip(indices, parameters, strict=True)},
                model.key,
                "order and shape",
                "",
            )
        index, name, shape = wrong
        problem = (
            f"the order of its {len(groups)} groups is not the model's (parameter {index} has shape "
            f"{shapes[index]}, {name} in that place {shape}), so its state is left unnamed"
        )
    return {}, None, "", problem


def _absent(names: Mapping[str, str], key: str | None, models: Sequence[Candidate]) -> tuple[str, ...]:
    held = set(names.values())
    own = next((model.parameters for model in models if model.key == key), ()) if held else ()
    return tuple(entry.path for entry in own if entry.path not in held)


def index_of(value: object) -> str | None:
    """A parameter's number, or what tells the tensor that stands for it from others."""
    if isinstance(value, Key):
        value = value.value
    if isinstance(value, Tensor):
        return repr(identity(value))
    return str(value) if is_number(value) else None


def _by_identity(
    indices: Sequence[str], models: Sequence[Candidate]
) -> tuple[dict[str, str], str | None, str, str] | None:
    """An optimizer pickled whole holds the very tensors that the models do."""
    owners = {
        repr(entry.storage): (entry.path, model.key) for model in models for entry in model.parameters
    }
    names = {index: owners[index][0] for index in indices if index in owners}
    if not names:
        return None
    missing = len(indices) - len(names)
    problem = f"{missing} of its parameters are in no model" if missing else ""
    return names, owners[next(iter(names))][1], "the tensors themselves", problem


def _by_param_names(
    groups: Sequence[Mapping[object, object]], models: Sequence[Candidate]
) -> tuple[dict[str, str], str | None, str, str] | None:
    pairs: list[tuple[str, str]] = []
    for group in groups:
        params, names = group.get("params"), group.get("param_names")
        if not isinstance(params, list) or not isinstance(names, list) or len(params) != len(names):
            return None
        pairs.extend((key_text(i), key_text(n)) for i, n in zip(params, names, strict=True))
    best: tuple[dict[str, str], str] | None = None
    for model in models:
        by_name = {entry.name: entry.path for entry in model.parameters}
        matched = {i: by_name[n] for i, n in pairs if n in by_name}
        if matched and (best is None or len(matched) > len(best[0])):
            best = matched, model.key
    if best is None:
        return {}, None, "", "the names in its groups are those of no model in the file"
    missing = len(pairs) - len(best[0])
    return best[0], best[1], "param_names", f"{missing} names are not in the model" if missing else ""
