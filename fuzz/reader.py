"""A coverage-guided fuzz target: any bytes end in a tree or in one `CheckpointError`, within limits.

    make fuzz                                    # ten minutes
    make fuzz FUZZ_ARGS="-max_total_time=3600"   # any option of libFuzzer

Whatever is raised beside `CheckpointError` and `ReadError`, a time-out (-timeout) or too much memory
(-rss_limit_mb) is a finding: libFuzzer writes the input to `fuzz/work/` and stops. The first corpus is
made from small good files of each container and the small ones among the hostile. A folder named in
FUZZ_ARGS takes the inputs that are found; its files are read first.
"""

import os
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pthreport.checkpoint", "pthreport.anatomy"]):
    from pthreport.anatomy import describe
    from pthreport.checkpoint import CheckpointError, Limits, ReadError, open_checkpoint

WORK = Path(__file__).parent / "work"
TIGHT = Limits(opcodes=50_000, objects=50_000, memo=50_000, nodes=50_000, depth=100, inflated_bytes=10**7)
LONGEST = 16_384
"""Bytes of an input."""

READ = 10_000
"""Elements read of each tensor, from its beginning and its end."""


def one_input(data: bytes) -> None:
    """Open, name and read what `data` holds."""
    descriptor = os.memfd_create("fuzz")
    try:
        os.write(descriptor, data)
        with open_checkpoint(f"/proc/self/fd/{descriptor}", TIGHT) as checkpoint:
            describe(checkpoint)
            assert checkpoint.torch_view is None or checkpoint.torch_view.version
            checkpoint.verify()
            for tensor in checkpoint.tensors.values():
                try:
                    tensor.read(0, min(tensor.numel, READ))
                    tensor.read(max(0, tensor.numel - READ), tensor.numel)
                except ReadError:
                    continue
    except CheckpointError:
        return
    finally:
        os.close(descriptor)


def seeds() -> None:
    """Write the first corpus: what the tests keep as small files, good and hostile."""
    from tests.checkpoint.test_any_bytes import good
    from tests.hostile.corpus import GROUPS

    (WORK / "corpus").mkdir(parents=True, exist_ok=True)
    files = {
        case.name: content
        for cases in GROUPS.values()
        for case in cases
        if case.kind != "bomb" and len(content := case.bytes()) <= LONGEST
    }
    for name, content in (good() | files).items():
        (WORK / "corpus" / name.replace(" ", "-").replace("/", "-")).write_bytes(content)


def main() -> None:
    """Run libFuzzer with the command line's options."""
    seeds()
    os.chdir(WORK)
    atheris.Setup(
        [sys.argv[0], *sys.argv[1:], f"-max_len={LONGEST}", "-timeout=20", "-rss_limit_mb=2048", "corpus"],
        one_input,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
