"""Learning-rate schedulers and gradient scalers, told by the attributes that they save.

A scheduler's state dict is its `__dict__` without the optimizer (torch.optim.lr_scheduler): the
attributes that only one class has say which class it was.
"""

from collections.abc import Mapping

from pthreport.anatomy.curve import counter, curve
from pthreport.anatomy.value_text import brief, is_number
from pthreport.checkpoint import key_text
from pthreport.document import Curve, Scaler, Scheduler
from pthreport.document.numbers import plural

_KINDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"_schedulers", "_milestones"}), "SequentialLR"),
    (frozenset({"_schedulers"}), "ChainedScheduler"),
    (frozenset({"total_steps", "_schedule_phases"}), "OneCycleLR"),
    (frozenset({"total_steps", "anneal_func"}), "OneCycleLR"),
    (frozenset({"T_0", "T_mult"}), "CosineAnnealingWarmRestarts"),
    (frozenset({"T_max", "eta_min"}), "CosineAnnealingLR"),
    (frozenset({"milestones", "gamma"}), "MultiStepLR"),
    (frozenset({"step_size", "gamma"}), "StepLR"),
    (frozenset({"num_bad_epochs", "patience"}), "ReduceLROnPlateau"),
    (frozenset({"total_size", "step_ratio"}), "CyclicLR"),
    (frozenset({"base_lrs", "max_lrs"}), "CyclicLR"),
    (frozenset({"power", "total_iters"}), "PolynomialLR"),
    (frozenset({"start_factor", "end_factor"}), "LinearLR"),
    (frozenset({"factor", "total_iters"}), "ConstantLR"),
    (frozenset({"lr_lambdas"}), "LambdaLR or MultiplicativeLR"),
    (frozenset({"anneal_epochs"}), "SWALR"),
    (frozenset({"gamma", "base_lrs"}), "ExponentialLR"),
)
"""Attributes that must be there, the most telling first."""

_SCALER = frozenset({"scale", "growth_factor", "backoff_factor", "growth_interval"})


def is_scheduler(value: object) -> bool:
    """Whether `value` has the form of a torch scheduler's state dict."""
    if not isinstance(value, dict):
        return False
    if "last_epoch" not in value:  # a chain has no counter of its own
        return "_last_lr" in value and isinstance(value.get("_schedulers"), list)
    return any(k in value for k in ("_step_count", "base_lrs", "_last_lr", "num_bad_epochs", "_schedulers"))


def is_scaler(value: object) -> bool:
    """Whether `value` is the state of a torch GradScaler."""
    return isinstance(value, dict) and value.keys() >= _SCALER


def kind_of(value: Mapping[object, object]) -> tuple[str, str]:
    """The class of the scheduler whose state is `value`, and from what that was concluded."""
    keys = {key_text(k) for k in value}
    for wanted, name in _KINDS:
        if wanted <= keys:
            return name, "it keeps " + ", ".join(sorted(wanted))
    return "not recognised", "it keeps last_epoch like all schedulers do, and nothing that only one has"


def describe(
    path: str, value: Mapping[object, object], group: Mapping[object, object] | None = None
) -> Scheduler:
    """What is known of the scheduler state dict at `path`; `group` are the options of the first group
    of the optimizer that it belongs to, if known."""
    kind, evidence = kind_of(value)
    drawn = curve(kind, value, group)
    at = counter(value)
    settings = {key_text(k): brief(v) for k, v in value.items() if not isinstance(v, dict)}
    return Scheduler(
        path=path,
        kind=kind,
        basis="inferred",
        evidence=evidence,
        settings=settings,
        at=at,
        words=_words(value, drawn),
        curve=drawn,
    )


def scaler(path: str, value: Mapping[object, object]) -> Scaler:
    """The GradScaler state dict at `path`."""

    def number(key: str) -> float | None:
        found = value.get(key)
        return float(found) if is_number(found) and isinstance(found, int | float) else None

    def whole(key: str) -> int | None:
        found = value.get(key)
        return (
            found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 2**53 else None
        )

    return Scaler(
        path=path,
        scale=number("scale"),
        growth_factor=number("growth_factor"),
        backoff_factor=number("backoff_factor"),
        growth_interval=whole("growth_interval"),
        growth_tracker=whole("_growth_tracker"),
    )


def _words(value: Mapping[object, object], drawn: Curve | None) -> str:
    """Where on its curve the schedule stands, or what is known of it without one."""
    if drawn is not None:
        where = f"step {drawn.at:,} of {drawn.steps[-1]:,}" if drawn.ends else f"step {drawn.at:,}"
        share = f", {drawn.now / drawn.peak:.3g} of its peak {drawn.peak:.3g}" if drawn.peak > 0 else ""
        return f"{where}, learning rate {drawn.now:.3g}{share}"
    said = []
    bad, patience, best = (value.get(key) for key in ("num_bad_epochs", "patience", "best"))
    if isinstance(bad, int) and isinstance(patience, int):
        said.append(f"{plural(bad, 'epoch')} without improvement, patience {patience:,}")
        if is_number(best):
            said.append(f"best value {best:.4g}")
    elif is_number(at := counter(value)):
        said.append(f"step {at:,}")
    last = value.get("_last_lr")
    if isinstance(last, list | tuple) and last and is_number(last[0]):
        said.append(f"learning rate {last[0]:.3g}")
    if "lr_lambdas" in value:
        said.append("by a function that the file does not hold")
    return ", ".join(said)
