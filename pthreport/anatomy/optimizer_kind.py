"""Which optimizer left a state: told by the slots it keeps and the options of its groups.

Slots and options are those of torch.optim, of transformers' and apex's own, and of bitsandbytes; where
two keep the same, both are named.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from pthreport.document import Fact, Optimizer

_BY_OPTIONS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"max_iter", "history_size", "line_search_fn"}), "LBFGS"),
    (frozenset({"ns_coefficients", "ns_steps"}), "Muon"),
    (frozenset({"betas", "grad_averaging", "max_grad_norm"}), "LAMB"),
)
"""Options that only one optimizer has, whatever it keeps."""

_BY_SLOTS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"exp_avg", "exp_avg_sq", "mu_product"}), "NAdam"),
    (frozenset({"exp_avg", "exp_inf"}), "Adamax"),
    (frozenset({"exp_avg", "exp_avg_slow", "exp_avg_sq"}), "AdEMAMix"),
    (frozenset({"exp_avg_sq_row", "exp_avg_sq_col"}), "Adafactor"),
    (frozenset({"row_var", "col_var"}), "Adafactor"),
    (frozenset({"exp_avg", "exp_avg_sq"}), "Adam family"),
    (frozenset({"square_avg", "acc_delta"}), "Adadelta"),
    (frozenset({"square_avg"}), "RMSprop"),
    (frozenset({"prev", "step_size"}), "Rprop"),
    (frozenset({"eta", "mu", "ax"}), "ASGD"),
    (frozenset({"sum"}), "Adagrad"),
    (frozenset({"momentum_buffer"}), "SGD with momentum"),
    (frozenset({"exp_avg"}), "Lion"),
    (frozenset({"state1", "state2"}), "8-bit Adam family (bitsandbytes)"),
)
"""Slots that must be there, the most telling first."""

_BEFORE_THE_FIRST_STEP: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"betas", "momentum_decay"}), "NAdam"),
    (frozenset({"betas", "amsgrad"}), "Adam family"),
    (frozenset({"betas", "decoupled_weight_decay"}), "Adam family"),
    (frozenset({"momentum", "dampening", "nesterov"}), "SGD"),
    (frozenset({"alpha", "centered"}), "RMSprop"),
    (frozenset({"rho", "eps"}), "Adadelta"),
    (frozenset({"lr_decay", "initial_accumulator_value"}), "Adagrad"),
    (frozenset({"etas", "step_sizes"}), "Rprop"),
    (frozenset({"lambd", "alpha", "t0"}), "ASGD"),
    (frozenset({"beta2_decay", "d"}), "Adafactor"),
)
"""Options of the groups, for state dicts saved before the first step, and for SGD without momentum."""


def kind_of(
    slots: frozenset[str], groups: Sequence[Mapping[object, object]], options: set[str]
) -> tuple[str, str]:
    """The optimizer and from what it was concluded; `options` are the keys of all `groups`."""
    for wanted, kind in _BY_OPTIONS:
        if wanted <= options:
            return kind, "options " + ", ".join(sorted(wanted))
    for wanted, kind in _BY_SLOTS:
        if wanted <= slots:
            shown = "slots " + ", ".join(sorted(wanted))
            if kind == "Adam family" and groups:
                return _adam(slots, groups, options, shown)
            if kind == "SGD with momentum" and any(g.get("nesterov") is True for g in groups):
                return "SGD with Nesterov momentum", shown + ", nesterov set"
            return kind, shown
    for wanted, kind in _BEFORE_THE_FIRST_STEP:
        if wanted <= options:
            found = kind, "options " + ", ".join(sorted(wanted))
            if kind == "Adam family":
                found = _adam(slots, groups, options, found[1])
            return found[0], found[1] + "; no state" + (" yet" if kind != "SGD" else "")
    return "not recognised", "slots " + (", ".join(sorted(slots)) or "none")


def told_by_arguments(described: Optimizer, arguments: Sequence[Fact]) -> Optimizer:
    """`described`, Adam told from AdamW by what the file's arguments call the optimizer, where the state
    itself tells them not apart and the arguments agree."""
    if not described.kind.startswith(_EITHER):
        return described
    named: dict[str, Fact] = {}
    for fact in arguments:
        if _OPTIMIZER.fullmatch(fact.path.rpartition(".")[2]) and (found := _ADAM.search(fact.value)):
            named.setdefault("AdamW" if found[1] else "Adam", fact)
    if len(named) != 1:
        return described
    kind, fact = next(iter(named.items()))
    return msgspec.structs.replace(
        described,
        kind=kind + described.kind.removeprefix(_EITHER),
        evidence=f"{described.evidence}, and {fact.path} says {fact.value}",
    )


_EITHER = "Adam or AdamW"
_OPTIMIZER = re.compile(r"optim(izer)?(_?(name|type|class))?|opt", re.I)
_ADAM = re.compile(r"(?:^|\.)adam(w)?(?:$|_torch|_hf|_apex)", re.I)


def _adam(
    slots: frozenset[str], groups: Sequence[Mapping[object, object]], options: set[str], shown: str
) -> tuple[str, str]:
    """Which of those that keep a running mean of gradients and of their squares."""
    if "correct_bias" in options:
        return "AdamW", shown + ", transformers' option correct_bias"
    if "bias_correction" in options:
        return "Adam or AdamW", shown + ", apex's or DeepSpeed's option bias_correction"
    if "amsgrad" not in options:
        if "decoupled_weight_decay" in options:
            return "RAdam", shown + ", decoupled_weight_decay without amsgrad among its options"
        if options >= {"betas", "eps", "maximize"} and "weight_decay" not in options:
            return "SparseAdam", shown + ", no weight_decay among its options"
        return "Adam family", shown + "; several keep the same state"
    kind, more = "Adam or AdamW", "; the two keep the same state"
    if any(g.get("decoupled_weight_decay") is True for g in groups):
        kind, more = "AdamW", ", decoupled_weight_decay set"
    elif any(g.get("decoupled_weight_decay") is False for g in groups):
        kind, more = "Adam", ", decoupled_weight_decay not set"
    if "max_exp_avg_sq" in slots:
        return f"{kind} with AMSGrad", f"{shown}, max_exp_avg_sq{more}"
    return kind, shown + more
