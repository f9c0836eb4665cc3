"""Optimizer state that is not of the models in the file."""

from collections import Counter

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import table
from pthreport.document import Optimizer
from pthreport.document.numbers import plural, verb
from pthreport.document.text import listed

UNSHAPED = ("exp_avg_sq_row", "exp_avg_sq_col", "row_var", "col_var", "step")
"""Slots whose shape is not the parameter's."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Fail where state has shapes that no parameter has, note state that could not be given names."""
    shapes = {t.shape for t in facts.tensors.values() if t.role in ("parameter", "buffer") and t.numel > 1}
    strangers: list[tuple[Optimizer, str, tuple[int, ...]]] = []
    unmatched = []
    for optimizer in facts.training.optimizers:
        found = _strange_shapes(optimizer, facts, shapes) if facts.models else []
        strangers += found
        if not found and optimizer.parameters and not optimizer.matched:
            unmatched.append(optimizer)
    if not facts.models:
        return Outcome(
            status="not-applicable", evidence="the file holds an optimizer and no model to compare it with"
        )
    if strangers:
        shapes_found = Counter(f"{shape}" for _, _, shape in strangers)
        return Outcome(
            status="warn",
            evidence=f"{plural(len(strangers), 'tensor')} of optimizer state {verb(len(strangers), 'has a shape', 'have shapes')} that no parameter in the file has: {listed(shapes_found)}",
            where=tuple(path for _, path, _ in strangers),
            details=(
                table(
                    ("state", "shape", "optimizer"),
                    [(path, str(shape), o.path or "the root") for o, path, shape in strangers],
                ),
            ),
        )
    if unmatched:
        one = unmatched[0]
        return Outcome(
            status="info",
            severity="info",
            evidence=f"the state at {one.path or 'the root'} fits by its shapes, and could not be given names: {one.problem or 'nothing tells which parameter is which'}",
            where=(one.path,),
        )
    matched = sum(o.matched for o in facts.training.optimizers)
    return Outcome(
        status="pass", evidence=f"the state of {plural(matched, 'parameter')} was matched to the models"
    )


def _strange_shapes(
    optimizer: Optimizer, facts: Facts, shapes: set[tuple[int, ...]]
) -> list[tuple[Optimizer, str, tuple[int, ...]]]:
    inside = f"{optimizer.path}." if optimizer.path else ""
    return [
        (optimizer, t.path, t.shape)
        for t in facts.tensors.values()
        if t.role == "optimizer"
        and t.path.startswith(inside)
        and t.numel > 1
        and not t.name.startswith(UNSHAPED)
        and len(t.shape) > 0
        and t.shape not in shapes
    ]


MISMATCHED_OPTIMIZER = Check(
    id="mismatched-optimizer",
    category="training",
    needs=("optimizers",),
    passed="The optimizer's state belongs to the model",
    failed="The optimizer's state does not fit the model",
    severity="warning",
    judges="a tensor of optimizer state whose shape no parameter in the file has (row and column averages, and scalars, left out)",
    why=(
        "Training cannot go on from such a file: load_state_dict of the optimizer takes the state without looking at "
        "shapes, and the next step fails or, with shapes that happen to broadcast, goes astray."
    ),
    remedy=(
        "Look whether the model was changed (a new head, a resized embedding) after the optimizer was made, or whether "
        "two runs were mixed. Start a new optimizer, or drop the state of the parameters that changed. State that "
        "merely lacks names loads as long as the parameters come in the same order."
    ),
    reference="https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.load_state_dict.html",
    examine=examine,
)
