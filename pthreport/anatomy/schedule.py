"""Learning-rate schedulers and gradient scalers, told by the attributes that they save.

A scheduler's state dict is its `__dict__` without the optimizer (torch.optim.lr_scheduler): the
attributes that only one class has say which class it was.
"""

from collections.abc import Mapping

from pthreport.anatomy.plain import brief
from pthreport.document import Scheduler

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
    (frozenset({"lr_lambdas"}), "LambdaLR"),
    (frozenset({"lmbdas"}), "MultiplicativeLR"),
    (frozenset({"anneal_epochs", "swa_lrs"}), "SWALR"),
    (frozenset({"gamma", "base_lrs"}), "ExponentialLR"),
)
"""Attributes that must be there, the most telling first."""

_SCALER = frozenset({"scale", "growth_factor", "backoff_factor", "growth_interval"})


def is_scheduler(value: object) -> bool:
    """Whether `value` has the form of a torch scheduler's state dict."""
    if not isinstance(value, dict) or "last_epoch" not in value:
        return False
    return any(k in value for k in ("_step_count", "base_lrs", "_last_lr", "num_bad_epochs", "_schedulers"))


def is_scaler(value: object) -> bool:
    """Whether `value` is the state of a torch GradScaler."""
    return isinstance(value, dict) and value.keys() >= _SCALER


def describe(path: str, value: Mapping[object, object]) -> Scheduler:
    """What is known of the scheduler state dict at `path`."""
    keys = {str(k) for k in value}
    kind, evidence = (
        "not recognised",
        "it keeps last_epoch like all schedulers do, and nothing that only one has",
    )
    for wanted, name in _KINDS:
        if wanted <= keys:
            kind, evidence = name, "it keeps " + ", ".join(sorted(wanted))
            break
    settings = {str(k): brief(v) for k, v in value.items() if not isinstance(v, dict)}
    return Scheduler(path=path, kind=kind, basis="inferred", evidence=evidence, settings=settings)
