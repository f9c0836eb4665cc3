"""Storages that are bound to a device."""

from collections import Counter

from pthreport.checks.check import Check, Facts, Limits, Outcome
from pthreport.checks.listing import of, table
from pthreport.document.numbers import verb
from pthreport.document.text import listed

ANYWHERE = frozenset({"cpu", "meta", ""})
"""Locations that every machine has."""


def examine(facts: Facts, limits: Limits) -> Outcome:
    """Note a first device ("cuda", "cuda:0"); warn of a further one, which many machines have not."""
    located = [(t, t.location) for t in facts.tensors.values() if t.location is not None]
    away = [(t, location) for t, location in located if location not in ANYWHERE]
    if not away:
        return Outcome(status="pass", evidence="every tensor can be loaded without a device of its own")
    devices = Counter(location for _, location in away)
    worst = max(devices, key=_index)
    further = _index(worst) > 0
    rows = [(device, f"{number:,}") for device, number in sorted(devices.items())]
    return Outcome(
        status="warn" if further else "info",
        evidence=f"{of(len(away), len(facts.tensors), 'tensor')} {verb(len(away), 'was', 'were')} saved on {listed(sorted(devices))}",
        where=tuple(t.path for t, _ in away),
        details=(table(("device", "tensors"), rows),),
        severity="warning" if further else "info",
    )


def _index(location: str) -> int:
    number = location.rpartition(":")[2]
    return int(number) if number.isdecimal() and len(number) < 6 else 0


DEVICE_LOCATIONS = Check(
    id="device-locations",
    category="hygiene",
    passed="It loads on a machine without a GPU",
    failed="Tensors are bound to a device",
    severity="info",
    judges=(
        "0 tensors whose storage names a device other than the CPU; a warning where that is not the first of its kind"
    ),
    why=(
        "torch.load puts every storage back on the device that it was saved from: without map_location it fails on a "
        "machine without CUDA, and cuda:3 also fails where there are fewer than four GPUs, or fills the memory of one "
        "that others use."
    ),
    remedy=(
        "Load it with torch.load(path, map_location='cpu'). Before saving, move the state dict to the CPU: "
        "{name: tensor.cpu() for name, tensor in state.items()}."
    ),
    reference="https://docs.pytorch.org/docs/stable/generated/torch.load.html",
    examine=examine,
)
