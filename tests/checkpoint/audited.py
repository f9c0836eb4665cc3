"""Run as a program: open each file named on standard input under an audit hook, one JSON line each.

An interpreter of its own, because an audit hook cannot be taken away again, and because a crash here
must not take the tests down.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from pthreport.checkpoint import CheckpointError, ReadError, open_checkpoint, walk

FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "subprocess.Popen",
    "exec",
    "compile",
    "import",
    "ctypes.dlopen",
    "pickle.find_class",
    "marshal.loads",
    "mmap.__new__",
    "socket",
)
READ = 100_000


def opened(path: Path) -> dict[str, Any]:
    """What opening, walking and reading a file gives."""
    try:
        with open_checkpoint(path) as checkpoint:
            nodes = sum(1 for _ in walk(checkpoint.tree))
            refused = []
            for tensor in checkpoint.tensors.values():
                try:
                    values = tensor.read(0, min(tensor.numel, READ))
                    assert isinstance(values, np.ndarray)
                except ReadError as error:
                    refused.append(str(error))
            return {
                "container": checkpoint.container,
                "complete": checkpoint.complete,
                "nodes": nodes,
                "tensors": len(checkpoint.tensors),
                "refused": refused,
                "imports": [(one.module, one.name, one.verdict) for one in checkpoint.imports],
                "left out": checkpoint.imports_left_out,
                "problems": [problem.text for problem in [*checkpoint.problems, *checkpoint.verify()]],
            }
    except CheckpointError as error:
        return {"error": error.message, "offset": error.offset}


def main() -> None:
    """Read paths, write results."""
    events: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event.startswith(FORBIDDEN):
            events.append(f"{event} {str(arguments)[:200]}")

    sys.addaudithook(hook)
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        print(json.dumps({"begins": path.name}), flush=True)
        begin = time.process_time()
        watching = True
        result = opened(path)
        watching = False
        result["seconds"] = time.process_time() - begin
        result["mebibytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        result["events"] = list(events)
        events.clear()
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
