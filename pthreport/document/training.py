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
    """One parameter group: its settings as they stand in the file, how many parameters, and the same
    in words ("AdamW, learning rate 1e-3, weight decay 0.01 on 14 parameters").

    `rate` is the learning rate in the file, `peak_rate` the largest that the group's own
    `initial_lr`, `max_lr` or the file's schedule tell of, None where nothing does."""

    settings: dict[str, str]
    parameters: int
    words: str = ""
    rate: float | None = None
    peak_rate: float | None = None


class ParameterState(Part, frozen=True, kw_only=True):
    """What an optimizer's state says of one parameter: `parameter` is the weight's path, None where it
    could not be matched; `group` the number of its group.

    `zero_share`: the share of elements whose squared-gradient average is exactly zero: no gradient
    ever came (SGD: of the momentum). `negative` counts squared averages below zero, `nan` elements
    of any slot that are not finite. `update_rms` is the root mean square of the step last made,
    learning rate and bias correction included, weight decay left out; `update_ratio` the same over
    that of the weight as it stands now. `ratio_basis` is "estimated" where the last step needed the
    gradient too (Nesterov). `noise` is 1 - sum m_hat^2 / sum v_hat: 0 where gradients always said the
    same, 1 where they average to nothing.
    """

    parameter: str | None
    index: str
    group: int
    elements: int
    step: float | None = None
    zero_share: float | None = None
    negative: int = 0
    nan: int = 0
    update_rms: float | None = None
    update_ratio: float | None = None
    ratio_basis: Basis = "computed"
    noise: float | None = None


class Optimizer(Part, frozen=True, kw_only=True):
    """An optimizer's state dict at `path`.

    `kind` is the family as far as slots and options tell it, `evidence` from what. `model` is the key
    of the model its parameters were matched to, by `matched_by` ("the tensors themselves", "param_names", "order and shape", ""
    where they were not); `matched` of `parameters` got a name. `problem` says why the rest did not. `absent` are the paths of that model's
    parameters that none of its groups holds, `stateless` those that it holds and has no state of, though of
    others it has: torch makes a parameter's state at its first gradient.
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
    absent: tuple[str, ...] = ()
    stateless: tuple[str, ...] = ()
    steps: tuple[int, int] | None = None
    states: tuple[ParameterState, ...] = ()
    states_left_out: int = 0


class Curve(Part, frozen=True, kw_only=True):
    """A schedule from its first step to `steps[-1]`, computed from its settings: the learning rate
    `rates[i]` at step `steps[i]` (counted as the scheduler counts, epochs or batches), at most 200
    points. `at` is the step at which the file was saved, `now` the rate there by the curve, `peak`
    the largest rate. It is that of the group `group`; `ends` says whether the schedule comes to an
    end of its own at the last point."""

    steps: tuple[int, ...]
    rates: tuple[float, ...]
    at: int
    now: float
    peak: float
    group: int = 0
    ends: bool = False


class Scheduler(Part, frozen=True, kw_only=True):
    """A learning-rate scheduler's state at `path`. `at` is its counter (`last_epoch`), `words` says
    where on its curve that is, `curve` is None where its kind is not known well enough."""

    path: str
    kind: str
    basis: Basis
    evidence: str
    settings: dict[str, str]
    at: int | None = None
    words: str = ""
    curve: Curve | None = None


class Scaler(Part, frozen=True, kw_only=True):
    """A gradient scaler of mixed-precision training: `scale` now, what it is multiplied by after
    `growth_interval` steps without an overflow (`growth_factor`) or at one (`backoff_factor`), and
    how many steps ago the last one was (`growth_tracker`). None where the file says it otherwise."""

    path: str
    scale: float | None
    growth_factor: float | None
    backoff_factor: float | None
    growth_interval: int | None
    growth_tracker: int | None


class LayerDistance(Part, frozen=True, kw_only=True):
    """A tensor of two models by its name, and the relative L2 distance of its two versions."""

    name: str
    path: str
    distance: float


class Average(Part, frozen=True, kw_only=True):
    """A moving average of the weights beside the raw ones (keys of the two models): the relative
    distance ||average - raw|| / ||raw|| over all `tensors` that both have, and the farthest ones."""

    average: str
    raw: str
    tensors: int
    distance: float | None
    farthest: tuple[LayerDistance, ...] = ()


class Training(Part, frozen=True, kw_only=True):
    """Everything beside the weights: optimizers, schedulers, counters, metrics, arguments, the rest."""

    optimizers: tuple[Optimizer, ...] = ()
    schedulers: tuple[Scheduler, ...] = ()
    counters: tuple[Fact, ...] = ()
    metrics: tuple[Fact, ...] = ()
    arguments: tuple[Fact, ...] = ()
    other: tuple[Fact, ...] = ()
    scalers: tuple[Scaler, ...] = ()
    averages: tuple[Average, ...] = ()
