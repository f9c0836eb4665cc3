"""A coverage-guided fuzz target: any bytes end in a tree or in one `CheckpointError`, within limits.

    make fuzz                                            # ten minutes
    make fuzz FUZZ_ARGS="--seconds 7200 --idle 3600"     # two hours, or until an hour brings nothing new

Whatever is raised beside `CheckpointError` and `ReadError`, a time-out (-timeout) or too much memory
(-rss_limit_mb) is a finding: libFuzzer writes the input to `fuzz/work/` and stops. The first corpus is
made from small good files of each container, the small ones among the hostile, and some of the oracle's grammar,
whose changes are tried too: instructions and headers put in, spans doubled, cut out, cut off. The inputs
that bring something new are kept in `fuzz/work/corpus`.
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

GENERATED = 1_500
"""Files of the oracle's grammar in the first corpus."""


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
    from tests.oracle.files import generate

    (WORK / "corpus").mkdir(parents=True, exist_ok=True)
    files = {
        case.name: content
        for cases in GROUPS.values()
        for case in cases
        if case.kind != "bomb" and len(content := case.bytes()) <= LONGEST
    }
    made = {f"oracle-{at}": generate(f"fuzz:{at}")[0].content for at in range(GENERATED)}
    for name, content in (good() | files | made).items():
        (WORK / "corpus" / name.replace(" ", "-").replace("/", "-")).write_bytes(content)


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """A changed input: by libFuzzer's own changes, or by those of the oracle's grammar."""
    from tests.oracle.choices import Choices
    from tests.oracle.files import changed

    choices = Choices(str(seed))
    if choices.below(3):
        found: bytes = atheris.Mutate(data, len(data))
        return found
    for _ in range(1 + choices.below(3)):
        data = changed(choices, data)
    return data[:most]


def main() -> None:
    """Run libFuzzer with the command line's options."""
    seeds()
    os.chdir(WORK)
    atheris.Setup(
        [sys.argv[0], *sys.argv[1:], f"-max_len={LONGEST}", "-timeout=20", "-rss_limit_mb=2048", "corpus"],
        one_input,
        custom_mutator=mutate,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
