"""One file through all loaders, twice: with stand-ins only, and with the harmless names for real. Runs in the jail."""

import gc
import importlib
import sys
from typing import Any

import torch

from pthreport.checkpoint.known import KNOWN
from tests.oracle import loaders
from tests.oracle.stand_ins import Pair, Recorder, Session

CALLED_ONLY = ("torch.storage", "_load_from_bytes")
"""The name that is known at a call whose bytes were read: had for real, so that it loads what it is given."""

WARMED = ("encodings.latin_1", "encodings.utf_8", "encodings.ascii", "encodings.raw_unicode_escape", "encodings.unicode_escape",
          "encodings.utf_16_le", "encodings.rot_13", "encodings.hex_codec", "encodings.base64_codec", "encodings.idna",
          "zoneinfo", "difflib", "inspect", "torch._sources", "safetensors.torch")  # fmt: skip
"""Modules that the loaders import late: nobody may read the interpreter's folder there."""


class Trial:
    """The names that may be had for real, looked up once."""

    def __init__(self) -> None:
        for name in WARMED:
            importlib.import_module(name)
        self.real: dict[Pair, Any] = {}
        for pair in (*KNOWN, CALLED_ONLY):
            found = _real(*pair)
            if found is not None:
                self.real[pair] = found
        for name in dir(torch.optim):  # torch wraps each optimizer's step when it sees the first one
            kind = getattr(torch.optim, name)
            if isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer):
                kind._patch_step_function(kind.__new__(kind))
        gc.disable()
        gc.freeze()

    def of(self, path: str, watch: Any) -> dict[str, Any]:
        """The names that loading looks up with the loader that does, what it did besides, and what it took."""
        names: dict[Pair, str] = {}
        events: list[str] = []
        taken: set[str] = set()
        escaped: list[str] = []
        changed: list[Pair] = []
        for really in (False, True):
            recorder = Session.recorder = Recorder(self.real)
            recorder.really = really
            loads = loaders.Loads((self.real[CALLED_ONLY],))
            watch.events, watch.on = [], True
            try:
                loads.path(path)
            except Exception as error:
                events.append(f"the oracle itself: {type(error).__name__}: {error}"[:300])
            watch.on = False
            torch.serialization._serialization_tls.map_location = None
            for pair, loader in recorder.names.items():
                names.setdefault(pair, loader)
            events += [f"{'for real' if really else 'with stand-ins'}: {one}" for one in watch.events]
            taken |= loads.taken
            escaped += loads.escaped
            changed += recorder.changed() if really else []
        gc.collect(0)
        return {
            "names": [[*pair, loader] for pair, loader in names.items()],
            "events": events,
            "changed": [".".join(pair) for pair in changed],
            "escaped": escaped[:5],
            "taken": sorted(taken),
        }


def _real(module: str, name: str) -> Any:
    """The thing of that name, None where this Python or torch has it no longer."""
    if module == "__builtin__":
        module = "builtins"
    try:
        importlib.import_module(module)
        return getattr(sys.modules[module], name, None)
    except Exception:
        return None
