"""What the file says of the training that made it."""

from pthreport.document.base import Basis, Part


class Fact(Part, frozen=True, kw_only=True):
    """A named value found at a path: an epoch, a metric, an argument of the run.

    `series` holds the numbers where the value is a list of them (its last `len(series)` ones).
    """

    path: str
    name: str
    value: str
    series: tuple[float, ...] = ()


class Slot(Part, frozen=True, kw_only=True):
    """One kind of per-parameter state ("exp_avg"): how many tensors, elements and bytes."""

    name: str
    tensors: int
    elements: int
    bytes: int


class Group(Part, frozen=True, kw_only=True):
    """One parameter group: its settings as they stand in the file, and how many parameters."""

    settings: dict[str, str]
    parameters: int


class Optimizer(Part, frozen=True, kw_only=True):
    """An optimizer's state dict at `path`.

    `kind` is the family as far as slots and options tell it, `evidence` from what. `model` is the key
    of the model its parameters were matched to, by `matched_by` ("the tensors themselves", "param_names", "order and shape", ""
    where they were not); `matched` of `parameters` got a name. `problem` says why the rest did not.
    """

    path: str
    kind: str
    basis: Basis
    evidence: str
    groups: tuple[Group, ...]
    slots: tuple[Slot, ...]
    parameters: int
    model: str | None = None
    matched: int = 0
    matched_by: str = ""
    problem: str = ""
    steps: tuple[int, int] | None = None


class Scheduler(Part, frozen=True, kw_only=True):
    """A learning-rate scheduler's state at `path`."""

    path: str
    kind: str
    basis: Basis
    evidence: str
    settings: dict[str, str]


class Training(Part, frozen=True, kw_only=True):
    """Everything beside the weights: optimizers, schedulers, counters, metrics, arguments, the rest."""

    optimizers: tuple[Optimizer, ...] = ()
    schedulers: tuple[Scheduler, ...] = ()
    counters: tuple[Fact, ...] = ()
    metrics: tuple[Fact, ...] = ()
    arguments: tuple[Fact, ...] = ()
    other: tuple[Fact, ...] = ()
