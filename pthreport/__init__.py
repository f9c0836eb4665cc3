"""What is in a PyTorch checkpoint: read without running it, measured, examined, drawn.

    import pthreport

    report = pthreport.analyze("model.pth")
    report.save("report.html")
    with pthreport.open_checkpoint("model.pth") as checkpoint:
        weight = checkpoint.tensors["state_dict.conv1.weight"].numpy()

Importing this package imports nothing heavy; the names below are fetched when they are first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pthreport.analysis import analyze
    from pthreport.checkpoint import (
        Checkpoint,
        CheckpointError,
        LimitError,
        Limits,
        Tensor,
        open_checkpoint,
    )
    from pthreport.document import Report, ReportError, from_json
    from pthreport.render import OutputError
    from pthreport.verification import verify

__version__ = "0.1.0"

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "LimitError",
    "Limits",
    "OutputError",
    "Report",
    "ReportError",
    "Tensor",
    "__version__",
    "analyze",
    "from_json",
    "open_checkpoint",
    "verify",
]

_HOMES = {
    "analyze": "pthreport.analysis",
    "Checkpoint": "pthreport.checkpoint",
    "CheckpointError": "pthreport.checkpoint",
    "LimitError": "pthreport.checkpoint",
    "Limits": "pthreport.checkpoint",
    "Tensor": "pthreport.checkpoint",
    "open_checkpoint": "pthreport.checkpoint",
    "Report": "pthreport.document",
    "ReportError": "pthreport.document",
    "from_json": "pthreport.document",
    "OutputError": "pthreport.render",
    "verify": "pthreport.verification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pthreport' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
