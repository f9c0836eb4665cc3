"""Learning-rate schedules as curves, by the closed forms of torch.optim.lr_scheduler.

A scheduler's state dict holds its settings; what OneCycleLR and CyclicLR keep in the optimizer's groups
(`initial_lr`, `max_lr`, `min_lr`) is taken from there. Nothing is guessed: where a setting is missing
or no number, there is no curve.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pthreport.anatomy.value_text import is_number
from pthreport.document import Curve

POINTS = 200
"""Points of a curve at most."""

FARTHEST = 10**9
"""Steps beyond which a schedule is not followed."""

_SPECIAL = 20

State = Mapping[object, object]
Rate = Callable[[int], float]


@dataclass(frozen=True)
class Schedule:
    """The rate at each step; `end` is the step from which it is the same for good, or up to which it
    is worth showing where it never is (`ends` false); `special` are steps with a jump before them."""

    rate: Rate
    end: int
    ends: bool = False
    special: tuple[int, ...] = ()


class _UnknownError(Exception):
    """A setting is missing or of another type."""


def curve(kind: str, state: State, group: State | None) -> Curve | None:
    """The curve of the scheduler `state` of `kind` for the first parameter group, whose options are
    `group`."""
    try:
        at = max(0, int(_checked(counter(state))))
        found = schedule(kind, state, group or {})
        end = min(max(found.end, at, 1), FARTHEST)
        steps = _steps(end, at, found.special)
        rates = tuple(found.rate(step) for step in steps)
        now = found.rate(at)
    except (_UnknownError, ZeroDivisionError, OverflowError, ValueError):
        return None
    if not all(math.isfinite(rate) for rate in (*rates, now)):
        return None
    return Curve(
        steps=steps, rates=rates, at=at, now=now, peak=max(*rates, now), ends=found.ends and at <= found.end
    )


def schedule(kind: str, state: State, group: State) -> Schedule:
    """The rate by step of the scheduler `state`. Raises where its settings do not tell."""
    if kind == "OneCycleLR":
        return _one_cycle(state, group)
    if kind == "SequentialLR":
        return _sequential(state, group)
    if kind == "ChainedScheduler":
        return _chained(state, group)
    if kind == "SWALR":
        return _averaging(state, group)
    base = _first(state, "base_lrs")
    if kind == "CyclicLR":
        return _cyclic(state, group, base)
    gamma = _number(state, "gamma") if "gamma" in state else 1.0
    if kind == "StepLR":
        size = _whole(state, "step_size", least=1)
        return Schedule(
            lambda t: base * gamma ** (t // size),
            4 * size,
            special=tuple(size * n for n in range(1, _SPECIAL)),
        )
    if kind == "MultiStepLR":
        stones = _milestones(state)
        return Schedule(
            lambda t: base * gamma ** sum(n for stone, n in stones if stone <= t),
            max((stone for stone, _ in stones), default=0),
            True,
            tuple(stone for stone, _ in stones[:_SPECIAL]),
        )
    if kind == "ExponentialLR":
        far = math.ceil(math.log(0.01) / math.log(gamma)) if 0 < gamma < 1 else 100
        return Schedule(lambda t: base * gamma**t, far)
    if kind == "CosineAnnealingLR":
        length, least = _whole(state, "T_max", least=1), _number(state, "eta_min")
        return Schedule(
            lambda t: least + (base - least) * (1 + math.cos(math.pi * t / length)) / 2, length, True
        )
    if kind == "CosineAnnealingWarmRestarts":
        return _restarts(state, base)
    total = _whole(state, "total_iters", least=1)
    if kind == "LinearLR":
        first, last = _number(state, "start_factor"), _number(state, "end_factor")
        return Schedule(lambda t: base * (first + (last - first) * min(t, total) / total), total, True)
    if kind == "PolynomialLR":
        power = _number(state, "power")
        return Schedule(lambda t: base * (1 - min(t, total) / total) ** power, total, True)
    if kind == "ConstantLR":
        factor = _number(state, "factor")
        return Schedule(lambda t: base * (factor if t < total else 1.0), total, True, (total,))
    raise _UnknownError


def _restarts(state: State, base: float) -> Schedule:
    first, factor = _whole(state, "T_0", least=1), _whole(state, "T_mult", least=1)
    least = _number(state, "eta_min")

    def cycle(t: int) -> tuple[int, int]:
        # How far into which length of cycle.
        if factor == 1:
            return t % first, first
        length = first
        while t >= length:
            t -= length
            length *= factor
        return t, length

    def rate(t: int) -> float:
        into, length = cycle(t)
        return least + (base - least) * (1 + math.cos(math.pi * into / length)) / 2

    starts, length = [0], first
    while len(starts) < _SPECIAL and starts[-1] < FARTHEST:
        starts.append(starts[-1] + length)
        length *= factor
    at = max(0, _whole(state, "last_epoch"))
    end = next((start for start in starts[2:] if start > at), at)
    return Schedule(rate, end, special=tuple(starts[1:]))


def _one_cycle(state: State, group: State) -> Schedule:
    phases = state.get("_schedule_phases")
    total = _whole(state, "total_steps", least=1)
    anneal = state.get("_anneal_func_type", "cos")
    if not isinstance(phases, list) or not phases or anneal not in ("cos", "linear"):
        raise _UnknownError
    stretches = []
    for phase in phases:
        if not isinstance(phase, dict):
            raise _UnknownError
        ends = (group.get(phase.get("start_lr")), group.get(phase.get("end_lr")))
        stretches.append((_number(phase, "end_step"), *(_checked(end) for end in ends)))

    def rate(t: int) -> float:
        begin = 0.0
        for at, (end, first, last) in enumerate(stretches):
            if t <= end or at == len(stretches) - 1:
                share = (t - begin) / (end - begin)
                if anneal == "linear":
                    return (last - first) * share + first
                return last + (first - last) / 2 * (math.cos(math.pi * share) + 1)
            begin = end
        raise _UnknownError

    return Schedule(rate, total - 1, True, tuple(round(end) for end, _, _ in stretches[:-1]))


def _cyclic(state: State, group: State, base: float) -> Schedule:
    most = _first(state, "max_lrs") if "max_lrs" in state else _number(group, "max_lr")
    size, turn = _number(state, "total_size"), _number(state, "step_ratio")
    mode, gamma = state.get("mode"), _number(state, "gamma")
    if mode not in ("triangular", "triangular2", "exp_range") or size <= 0:
        raise _UnknownError

    def rate(t: int) -> float:
        cycle = math.floor(1 + t / size)
        share = 1 + t / size - cycle
        height = share / turn if share <= turn else (share - 1) / (turn - 1)
        scale = {"triangular": 1.0, "triangular2": 2.0 ** (1 - cycle), "exp_range": gamma**t}[mode]
        return base + (most - base) * height * scale

    corners = [size * (n + part) for n in range(_SPECIAL // 2) for part in (0.0, turn)]
    return Schedule(rate, math.ceil(2 * size), special=tuple(round(corner) for corner in corners))


def _sequential(state: State, group: State) -> Schedule:
    from pthreport.anatomy.schedule import kind_of

    parts, stones = state.get("_schedulers"), state.get("_milestones")
    if not isinstance(parts, list) or not isinstance(stones, list) or len(parts) != len(stones) + 1:
        raise _UnknownError
    starts = [0, *(int(_checked(stone)) for stone in stones)]
    found = []
    for part in parts:
        if not isinstance(part, dict) or (kind := kind_of(part)[0]) == "SequentialLR":
            raise _UnknownError
        found.append(schedule(kind, part, group))

    def rate(t: int) -> float:
        at = max(n for n, start in enumerate(starts) if start <= t)
        return found[at].rate(t - starts[at])

    special = tuple(
        start + step for start, part in zip(starts, found, strict=True) for step in (0, *part.special[:5])
    )
    return Schedule(rate, starts[-1] + found[-1].end, found[-1].ends, special)


def _chained(state: State, group: State) -> Schedule:
    """Schedules that each multiply the rate: the product of what each makes of the first one's base."""
    from pthreport.anatomy.schedule import kind_of

    parts = state.get("_schedulers")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise _UnknownError
    kinds = [kind_of(part)[0] for part in parts]
    if not set(kinds) <= _MULTIPLYING:
        raise _UnknownError
    bases = [_first(part, "base_lrs") for part in parts]
    found = [schedule(kind, part, group) for kind, part in zip(kinds, parts, strict=True)]

    def rate(t: int) -> float:
        return bases[0] * math.prod(one.rate(t) / base for one, base in zip(found, bases, strict=True))

    special = tuple(sorted({step for one in found for step in one.special}))[:_SPECIAL]
    return Schedule(rate, max(one.end for one in found), all(one.ends for one in found), special)


_MULTIPLYING = frozenset(
    {"StepLR", "MultiStepLR", "ExponentialLR", "LinearLR", "PolynomialLR", "ConstantLR"}
)


def _averaging(state: State, group: State) -> Schedule:
    """SWALR: from the rate that it found to that of averaging, over some epochs. What it found is told by
    the rate that it last set, as long as that is not the end."""
    length, last = _whole(state, "anneal_epochs", least=0), _number(group, "swa_lr")
    way = state.get("_anneal_strategy", "cos")
    if way not in ("cos", "linear"):
        raise _UnknownError

    def share(t: int) -> float:
        done = max(0.0, min(1.0, t / max(1, length)))
        return (1 - math.cos(math.pi * done)) / 2 if way == "cos" else done

    at = max(0, _whole(state, "last_epoch"))
    first = _first(state, "base_lrs")
    if share(at) < 1 and "_last_lr" in state:
        first = (_first(state, "_last_lr") - last * share(at)) / (1 - share(at))
    return Schedule(lambda t: last * share(t) + first * (1 - share(t)), max(length, 1), True)


def counter(state: State) -> int | None:
    """The steps that the scheduler `state` has made; a chain counts by its first part."""
    parts = state.get("_schedulers")
    own = state.get("last_epoch")
    if own is None and isinstance(parts, list) and parts and isinstance(parts[0], dict):
        own = parts[0].get("last_epoch")
    return own if isinstance(own, int) and not isinstance(own, bool) and abs(own) < 2**53 else None


def _steps(end: int, at: int, special: Sequence[int]) -> tuple[int, ...]:
    if end < POINTS:
        return tuple(range(end + 1))
    marks = {step for jump in special[:_SPECIAL] for step in (jump - 1, jump) if 0 <= step <= end} | {at}
    spread = POINTS - len(marks)
    return tuple(sorted(marks | {n * end // (spread - 1) for n in range(spread)}))


def _milestones(state: State) -> list[tuple[int, int]]:
    stones = state.get("milestones")
    if isinstance(stones, dict):
        pairs = [(int(_checked(key)), int(_checked(count))) for key, count in stones.items()]
    elif isinstance(stones, list | tuple):
        pairs = [(int(_checked(stone)), 1) for stone in stones]
    else:
        raise _UnknownError
    return sorted(pairs)


def _first(state: State, key: str) -> float:
    values = state.get(key)
    if not isinstance(values, list | tuple) or not values:
        raise _UnknownError
    return _checked(values[0])


def _number(state: State, key: str) -> float:
    return _checked(state.get(key))


def _whole(state: State, key: str, least: int = -(10**9)) -> int:
    value = _checked(state.get(key))
    if value != int(value) or value < least or abs(value) > FARTHEST:
        raise _UnknownError
    return int(value)


def _checked(value: object) -> float:
    if not is_number(value):
        raise _UnknownError
    assert isinstance(value, int | float)
    return float(value)
