"""Parameters out of the flat partitions that DeepSpeed's ZeRO keeps of them.

The arithmetic is that of `zero_to_fp32.py`
(https://github.com/deepspeedai/DeepSpeed/blob/master/deepspeed/utils/zero_to_fp32.py), which itself
runs code from the files and puts everything into memory; here a parameter is a view that is gathered
when it is read.

Stages 1 and 2 lay the parameters of a group one behind the other and cut that run into one partition
a rank, the last one padded. Stage 3 cuts each parameter into one part a rank, the last one padded, and
each rank lays its parts one behind the other.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pthreport.checkpoint.errors import FormatError
from pthreport.checkpoint.folders.chunks import Chunk, assemble_chunks
from pthreport.checkpoint.geometry import contiguous_strides
from pthreport.checkpoint.tensor import Tensor
from pthreport.checkpoint.values import Value
from pthreport.document.numbers import plural

Shapes = Mapping[str, tuple[int, ...]]
Flat = Tensor | None
"""A flat partition; None for that of a rank whose file is missing."""


@dataclass(slots=True, eq=False)
class Run:
    """Partitions one behind the other. `starts` are their first elements, and the end."""

    partitions: Sequence[Flat]
    starts: list[int]

    @property
    def length(self) -> int:
        """Elements in all."""
        return self.starts[-1]

    def slices(self, start: int, stop: int, at: int) -> list[Chunk]:
        """The elements from `start` to `stop`, as chunks from `at` on; what is missing is
        left out."""
        found: list[Chunk] = []
        index = bisect_right(self.starts, start) - 1
        while index < len(self.partitions) and start < stop:
            partition, begin = self.partitions[index], self.starts[index]
            end = min(stop, self.starts[index + 1])
            if partition is not None and end > start:
                found.append(Chunk((at,), narrow(partition, start - begin, end - start)))
            at, start, index = at + end - start, end, index + 1
        return found


def run_of(partitions: Sequence[Flat], sizes: Sequence[int]) -> Run:
    """Partitions of these sizes as one run."""
    starts = [0]
    for size in sizes:
        starts.append(starts[-1] + size)
    return Run(partitions, starts)


def narrow(flat: Tensor, start: int, count: int) -> Tensor:
    """`count` elements of a contiguous one-dimensional tensor from `start` on."""
    return Tensor((count,), (1,), flat.offset + start, flat.dtype, flat.storage)


def flat_tensors(value: Value, what: str) -> list[Tensor]:
    """The flat tensors of one rank, one a group; raises `FormatError` where they are none."""
    groups = [value] if isinstance(value, Tensor) else value
    if not isinstance(groups, list | tuple):
        raise FormatError(f"its {what} are no list of flat tensors")
    for one in groups:
        if not isinstance(one, Tensor) or len(one.shape) != 1 or not one.contiguous:
            raise FormatError(f"its {what} are not all flat tensors")
    return list(groups)


def by_group(ranks: Sequence[list[Tensor] | None], groups: Sequence[Shapes]) -> dict[str, Tensor]:
    """Stages 1 and 2: `ranks` are each rank's partitions, one a group, `groups` the parameters' sizes.

    Raises `FormatError` where the partitions are not as long as the parameters need.
    """
    present = [one for one in ranks if one is not None]
    if any(len(one) != len(groups) for one in present):
        raise FormatError(f"{plural(len(groups), 'group')} of parameters, but other numbers of partitions")
    found: dict[str, Tensor] = {}
    align = 2 * len(ranks)
    for number, shapes in enumerate(groups):
        partitions = [None if one is None else one[number] for one in ranks]
        usual = max(one[number].numel for one in present)
        run = run_of(partitions, [usual if one is None else one.numel for one in partitions])
        at = 0
        for name, shape in shapes.items():
            numel = math.prod(shape)
            found[name] = _assembled(name, shape, run.slices(at, at + numel, 0), present[0][number])
            at += numel
        if -(-at // align) != -(-run.length // align):
            raise FormatError(
                f"the parameters of group {number} need {plural(at, 'element')}, its partitions have {run.length:,}"
            )
    return found


def by_parameter(ranks: Sequence[list[Tensor] | None], shapes: Shapes) -> dict[str, Tensor]:
    """Stage 3: `ranks` are each rank's flat groups, `shapes` the parameters' sizes in their order.

    Raises `FormatError` where the partitions are not as long as the parameters need.
    """
    present = [one for one in ranks if one is not None]
    runs = [None if one is None else run_of(one, [flat.numel for flat in one]) for one in ranks]
    needed = sum(-(-math.prod(shape) // len(ranks)) for shape in shapes.values())
    for run in runs:
        if run is not None and run.length != needed:
            raise FormatError(
                f"the parameters need {plural(needed, 'element')} of each rank, one has {run.length:,}"
            )
    found: dict[str, Tensor] = {}
    at = 0
    for name, shape in shapes.items():
        numel = math.prod(shape)
        part = -(-numel // len(ranks))
        chunks: list[Chunk] = []
        for rank, run in enumerate(runs):
            count = min(part, numel - rank * part)
            if run is not None and count > 0:
                chunks += run.slices(at, at + count, rank * part)
        found[name] = _assembled(name, shape, chunks, present[0][0] if present[0] else None)
        at += part
    return found


def from_fragments(name: str, shape: tuple[int, ...], fragments: Sequence[Flat]) -> Tensor:
    """A frozen parameter of stage 3: one padded fragment a rank."""
    numel = math.prod(shape)
    part = -(-numel // len(fragments))
    chunks: list[Chunk] = []
    for rank, fragment in enumerate(fragments):
        count = min(part, numel - rank * part)
        if fragment is not None and count > 0:
            if fragment.numel < count:
                raise FormatError(f"the fragment of {name[:80]!r} is too short")
            chunks.append(Chunk((rank * part,), narrow(fragment, 0, count)))
    return _assembled(name, shape, chunks, next((one for one in fragments if one is not None), None))


def _assembled(name: str, shape: tuple[int, ...], chunks: list[Chunk], like: Flat) -> Tensor:
    if like is None:
        raise FormatError(f"no partition has anything of {name[:80]!r}")
    flat = assemble_chunks((math.prod(shape),), like.dtype, chunks, object())  # a storage of its own
    made = Tensor(shape, contiguous_strides(shape), 0, flat.dtype, flat.storage)
    made.role = "parameter"
    return made
