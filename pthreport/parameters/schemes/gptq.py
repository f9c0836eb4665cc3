"""GPTQ: integers of 2, 3, 4 or 8 bits packed down the inputs, scales and zero points by group of inputs.

The weight is stored transposed: the words of a column are one output's. v1 stores a zero point less one
(and adds it back modulo 2^bits), v2 as it is; which of them is only in the configuration
(`checkpoint_format`), and v1 is what every file without that word is. With act-order, `g_idx` names the
group of each input. The first files had one group, no packed zero points and no word of their bits.
"""

import numpy as np

from pthreport.checkpoint import Tensor
from pthreport.parameters.codes import Packed, Stream
from pthreport.parameters.matrix import Matrix, flat, floats, plane
from pthreport.parameters.parameter import MemberRole
from pthreport.parameters.scaled import Blocks, Grid, Incremented, Index, Operation, Scaled
from pthreport.parameters.scheme import FLOATS, Group, Outcome, Scheme, Site

BITS = (2, 3, 4, 8)
_MEMBERS: tuple[tuple[str, MemberRole], ...] = (
    (".qweight", "codes"),
    (".scales", "scales"),
    (".qzeros", "zero points"),
    (".zeros", "zero points"),
    (".g_idx", "group index"),
)
_MOST_OUTPUTS = 1 << 20


def is_packed(site: Site) -> tuple[Tensor, Tensor] | None:
    """The codes and the scales, where the anchor is a matrix of words and has scales beside it."""
    codes, scales = site.tensor, site.get(".scales")
    if codes.dtype.name != "int32" or len(codes.shape) != 2 or scales is None:
        return None
    if scales.dtype.name not in FLOATS or len(scales.shape) != 2:
        return None
    return codes, scales


def _members(site: Site) -> tuple[tuple[str, MemberRole], ...]:
    """The bias is a member where it is all zeros: AutoGPTQ and GPTQ-for-LLaMa made one for layers that have none."""
    bias = site.get(".bias")
    if bias is None or bias.dtype.name not in FLOATS or bias.check() or bias.numel > _MOST_OUTPUTS:
        return _MEMBERS
    return _MEMBERS if np.any(bias.numpy()) else (*_MEMBERS, (".bias", "bias"))


def _find(site: Site) -> Outcome:
    found = is_packed(site)
    if found is None:
        return None
    codes, scales = found
    zeros = site.get(".qzeros")
    if zeros is None:
        return _oldest(site, codes, scales)
    if zeros.dtype.name != "int32" or len(zeros.shape) != 2:
        return None
    group = Group(site, "gptq", _members(site))
    groups, outputs = scales.shape
    if codes.shape[1] != outputs:
        return group.inconsistent("its codes and its scales have different outputs")
    bits = 32 * zeros.shape[1] // outputs if outputs else 0
    if bits not in BITS or zeros.shape != (groups, outputs * bits // 32):
        return group.inconsistent("the shape of its zero points fits no number of bits")
    inputs = 32 * codes.shape[0] // bits
    if inputs * bits != 32 * codes.shape[0] or not groups:
        return group.inconsistent(f"its codes are not whole words of {bits} bits")
    index = site.get(".g_idx")
    if index is not None and index.numel == 0:
        index = None
    if index is not None and (index.dtype.name not in ("int32", "int64") or index.shape != (inputs,)):
        return group.inconsistent(f"its g_idx has not one group for each of {inputs:,} inputs")
    size = -(-inputs // groups)
    if index is None and -(-inputs // size) != groups:
        return group.inconsistent(f"{groups:,} groups do not divide {inputs:,} inputs")
    version = site.settings.word("checkpoint_format")
    notes = (
        ()
        if version
        else ("zero points as GPTQ's first version stores them: no checkpoint_format says otherwise",)
    )
    stored: Matrix = (
        Packed(plane(zeros), bits, outputs) if bits != 3 else Stream(plane(zeros), bits, outputs)
    )
    zero: Matrix = stored if version == "gptq_v2" else Incremented(stored, (1 << bits) - 1)
    by_group = Blocks(size) if index is None else Index(plane(index, inputs), groups)
    return group.parameter(
        f"GPTQ, {bits}-bit",
        (outputs, inputs),
        bits,
        decoder=Scaled(
            Stream(plane(codes), bits, inputs, down=True),
            [("subtract", Grid(zero, by_group)), ("multiply", Grid(floats(scales), by_group))],
        ),
        order=(1, 0),
        group=size if groups > 1 else None,
        notes=notes,
    )


def _oldest(site: Site, codes: Tensor, scales: Tensor) -> Outcome:
    """Scales and zero points (already scaled) an output, both (out, 1): w = code scale - zero."""
    zeros = site.get(".zeros")
    group = Group(site, "gptq", _members(site))
    if zeros is None:
        if site.settings.method == "gptq":
            return group.inconsistent("it has no zero points")
        return None
    outputs = codes.shape[1]
    if zeros.dtype.name not in FLOATS or scales.shape != (outputs, 1) or zeros.shape != (outputs, 1):
        return group.inconsistent("scales and zero points are not one an output")
    bits = _bits(site, codes)
    if bits is None:
        return group.inconsistent("neither a configuration nor the model's other sizes tell its bits")
    inputs = 32 * codes.shape[0] // bits
    steps: list[tuple[Operation, Matrix]] = [("multiply", flat(scales)), ("subtract", flat(zeros))]
    return group.parameter(
        f"GPTQ, {bits}-bit",
        (outputs, inputs),
        bits,
        decoder=Scaled(
            Stream(plane(codes), bits, inputs, down=True),
            [(operation, Grid(matrix, Blocks(inputs))) for operation, matrix in steps],
        ),
        order=(1, 0),
        notes=() if site.settings.number("bits") else ("bits inferred from the sizes of other tensors",),
    )


def _bits(site: Site, codes: Tensor) -> int | None:
    """The configuration's bits, else those that make the inputs of every such weight a size that the model has."""
    stated = site.settings.number("bits")
    if stated is not None:
        return stated if stated in BITS and 32 * codes.shape[0] % stated == 0 else None
    possible = [
        bits
        for bits in BITS
        if all(
            32 * words % bits == 0 and 32 * words // bits in site.surroundings.sizes
            for words in site.surroundings.heights("qweight")
        )
    ]
    return possible[0] if len(possible) == 1 else None


SCHEME = Scheme(
    id="gptq",
    title="GPTQ",
    anchors=(".qweight",),
    layout="qweight int32 (in bits/32, out), qzeros int32 (groups, out bits/32), scales (groups, out), g_idx int32 (in)",
    reference="https://arxiv.org/abs/2210.17323",
    find=_find,
)
